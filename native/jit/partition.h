// A frozen graph for inputs of one kind, in parts that oneDNN's graph compiler builds once.
#pragma once

#include <memory>
#include <vector>

#include "jit/fuse.h"

namespace torchts {

// A copy of the graph for inputs of exactly these sizes, with convolutions and what is around them as
// LibTorch's fusion groups for oneDNN, or by Winograd's method: primitives and packed weights stay from call
// to call, where operators look theirs up in every call. The first input is the module itself. Null where this
// does not pay or cannot be: no convolutions, other dtypes than float32, values that no run has shown.
std::shared_ptr<torch::jit::Graph> partition(torch::jit::Graph& graph, const std::vector<c10::IValue>& inputs, TransformedWeights& weights);

}  // namespace torchts
