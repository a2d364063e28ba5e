// What stands around a convolution in a frozen graph.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <torch/csrc/jit/ir/alias_analysis.h>
#include <torch/csrc/jit/ir/constants.h>

#include "jit/fuse.h"

namespace torchts {

// An activation as oneDNN names it, with its numbers.
struct Activation {
  std::string name;
  std::vector<at::Scalar> scalars;
};

// A 2-d convolution of dense float32 with constant weights.
struct Geometry {
  at::Tensor weight;
  std::vector<int64_t> stride, padding, dilation;
  int64_t groups;
};

// What may become one call. In order: the convolution, a sum with `other`, the activation.
struct Chain {
  std::vector<torch::jit::Node*> nodes;  // the last one first
  torch::jit::Value* other = nullptr;
  std::optional<Activation> activation;
};

template <class T>
std::optional<T> constant(const torch::jit::Value* value) {
  auto found = torch::jit::toIValue(value);
  if (!found || found->isNone()) return std::nullopt;
  return found->to<T>();
}

class Matcher {
 public:
  // Both must stay as they are for as long as this is used.
  Matcher(const SeenValues& seen, torch::jit::AliasDb& aliases) : seen_(seen), aliases_(aliases) {}

  const Seen* seen(const torch::jit::Value* value) const;
  std::optional<Geometry> convolution(torch::jit::Node* node) const;
  Chain chain(torch::jit::Node* convolution) const;

 private:
  torch::jit::Value* addend(torch::jit::Node* node, const torch::jit::Value* product) const;

  const SeenValues& seen_;
  torch::jit::AliasDb& aliases_;
};

// The value with its channels last, for a node at the insertion point.
torch::jit::Value* with_channels_last(torch::jit::Graph& graph, torch::jit::Value* value);

}  // namespace torchts
