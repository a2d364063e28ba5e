// Rewriting of a frozen graph for the CPU.
#pragma once

#include <unordered_map>
#include <vector>

#include <torch/csrc/jit/ir/ir.h>

namespace torchts {

// What a value was in a run with given inputs.
struct Seen {
  std::vector<int64_t> sizes;
  bool plain_float = false;  // dense float32 on the CPU
  c10::TensorTypePtr type;
};
using SeenValues = std::unordered_map<const torch::jit::Value*, Seen>;

// Weights as Winograd's method takes them, by what they were made of, which must outlive this. The forms of
// a module share them.
using TransformedWeights = std::unordered_map<const c10::TensorImpl*, at::Tensor>;

// Runs the graph once, node by node, and notes every tensor. Stops at control flow: what is behind it
// stays unknown.
SeenValues record(torch::jit::Graph& graph, const std::vector<c10::IValue>& inputs);

// False where something in the graph depends on strides or writes into tensors: then memory stays as it is.
bool may_rearrange(const torch::jit::Graph& graph);

// Lets views take tensors whose channels are last, which may need a copy.
void allow_any_strides(torch::jit::Graph& graph);

// Replaces 2-d convolutions with constant weights, and what follows them, by oneDNN's fused forms on
// channels-last memory, or by Winograd's method. Gives the values of the graph inputs that it adds.
std::vector<c10::IValue> fuse_convolutions(const std::shared_ptr<torch::jit::Graph>& graph, const SeenValues& seen,
                                           TransformedWeights& weights);

}  // namespace torchts
