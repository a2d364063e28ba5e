#include "jit/match.h"

namespace torchts {
namespace {

using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;
namespace aten = torch::jit::aten;
namespace prim = torch::jit::prim;

std::optional<at::Scalar> scalar(const Value* value) {
  auto found = torch::jit::toIValue(value);
  if (!found || !found->isScalar()) return std::nullopt;
  return found->toScalar();
}

std::optional<Activation> activation(Node* node) {
  auto kind = node->kind();
  if (kind == aten::relu) return Activation{"relu", {}};
  if (kind == aten::sigmoid) return Activation{"sigmoid", {}};
  if (kind == aten::tanh) return Activation{"tanh", {}};
  if (kind == aten::silu) return Activation{"swish", {}};
  if (kind == aten::hardswish) return Activation{"hardswish", {}};
  if (kind == aten::relu6) return Activation{"hardtanh", {0.0, 6.0}};
  if (kind == aten::leaky_relu) {
    if (auto slope = scalar(node->input(1))) return Activation{"leaky_relu", {*slope}};
  } else if (kind == aten::hardtanh || kind == aten::clamp) {
    auto low = scalar(node->input(1)), high = scalar(node->input(2));
    if (low && high) return Activation{"hardtanh", {*low, *high}};
  }
  return std::nullopt;
}

// The only one that reads a value; null where it is a result of the graph.
Node* only_user(const Value* value) {
  if (value->uses().size() != 1) return nullptr;
  Node* user = value->uses()[0].user;
  return user->kind() == prim::Return ? nullptr : user;
}

}  // namespace

const Seen* Matcher::seen(const Value* value) const {
  auto found = seen_.find(value);
  return found == seen_.end() ? nullptr : &found->second;
}

std::optional<Geometry> Matcher::convolution(Node* node) const {
  bool general = node->kind() == aten::_convolution;
  if (!general && node->kind() != aten::conv2d) return std::nullopt;
  const Seen* input = seen(node->input(0));
  auto weight = constant<at::Tensor>(node->input(1));
  if (!input || !input->plain_float || input->sizes.size() != 4 || !weight || !weight->is_cpu() || weight->dim() != 4 ||
      weight->scalar_type() != at::kFloat || weight->layout() != at::kStrided || !torch::jit::toIValue(node->input(2)))
    return std::nullopt;
  if (general && constant<bool>(node->input(6)).value_or(true)) return std::nullopt;  // transposed
  for (int i : {3, 4, 5})
    if (auto value = torch::jit::toIValue(node->input(i)); !value || !value->isIntList()) return std::nullopt;
  auto groups = constant<int64_t>(node->input(general ? 8 : 6));
  if (!groups || aliases_.hasWriters(node)) return std::nullopt;
  auto list = [&](int i) {
    auto values = torch::jit::toIValue(node->input(i))->toIntVector();
    if (values.size() == 1) values.push_back(values[0]);
    return values;
  };
  return Geometry{*weight, list(3), list(4), list(5), *groups};
}

// `x + other` behind a convolution that gives x, where no broadcast happens.
Value* Matcher::addend(Node* node, const Value* product) const {
  if (node->kind() != aten::add || node->inputs().size() != 3) return nullptr;
  auto alpha = scalar(node->input(2));
  if (!alpha || alpha->toDouble() != 1.0) return nullptr;
  Value* other = node->input(0) == product ? node->input(1) : node->input(0);
  const Seen *a = seen(product), *b = seen(other);
  if (other == product || !a || !b || !b->plain_float || a->sizes != b->sizes) return nullptr;
  // A constant or an input may have a size of 1 that only matched this batch.
  if (other->node()->kind() == prim::Constant || other->node()->kind() == prim::Param) return nullptr;
  return aliases_.hasWriters(other) ? nullptr : other;
}

Chain Matcher::chain(Node* convolution) const {
  Chain chain;
  chain.nodes = {convolution};
  auto take_activation = [&](const Value* value) {
    Node* user = only_user(value);
    if (!user) return;
    chain.activation = activation(user);
    if (chain.activation) chain.nodes.insert(chain.nodes.begin(), user);
  };
  const Value* product = convolution->output();
  take_activation(product);
  if (chain.activation) return chain;
  Node* sum = only_user(product);
  if (sum) chain.other = addend(sum, product);
  if (chain.other) {
    chain.nodes.insert(chain.nodes.begin(), sum);
    take_activation(sum->output());
  }
  return chain;
}

Value* with_channels_last(Graph& graph, Value* value) {
  auto* format = graph.insertConstant(static_cast<int64_t>(at::MemoryFormat::ChannelsLast));
  return graph.insertNode(graph.create(aten::contiguous, {value, format}, 1))->output();
}

}  // namespace torchts
