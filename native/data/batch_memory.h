// Memory of batches, which a loader needs again and again in one size.
#pragma once

#include <ATen/ATen.h>

namespace torchts {

// An uninitialised tensor on the CPU. Large ones take a block that an earlier batch gave back: its pages
// are there already, and no heap is left with holes that just do not fit. Blocks are kept up to 256 MiB.
at::Tensor empty_batch(at::IntArrayRef sizes, at::ScalarType dtype, at::MemoryFormat format);

}  // namespace torchts
