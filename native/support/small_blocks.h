// Memory for the elements of small tensors.
#pragma once

namespace torchts {

// Makes LibTorch take small blocks of CPU memory from a pool of its own; once for a process.
void install_small_blocks();

}  // namespace torchts
