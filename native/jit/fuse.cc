#include "jit/fuse.h"

#include <optional>
#include <string>

#include <torch/csrc/jit/ir/alias_analysis.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>

namespace torchts {
namespace {

using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Symbol;
using torch::jit::Value;
using torch::jit::WithInsertPoint;
namespace aten = torch::jit::aten;
namespace prim = torch::jit::prim;

const Symbol kPointwise = Symbol::fromQualString("mkldnn::_convolution_pointwise");
const Symbol kPointwiseInPlace = Symbol::fromQualString("mkldnn::_convolution_pointwise_");

// Of the form with an addend: X, other, W, B, padding, stride, dilation, groups, and five that say how.
constexpr size_t kOther = 1;
constexpr size_t kBinaryInputs = 13;

using Scalars = c10::List<std::optional<at::Scalar>>;

// An activation as oneDNN names it, with its numbers.
struct Activation {
  std::string name;
  std::vector<at::Scalar> scalars;
};

struct Geometry {
  at::Tensor weight;
  std::vector<int64_t> stride, padding, dilation;
  int64_t groups;
};

template <class T>
std::optional<T> constant(const Value* value) {
  auto found = torch::jit::toIValue(value);
  if (!found || found->isNone()) return std::nullopt;
  return found->to<T>();
}

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

class Fusion {
 public:
  Fusion(const std::shared_ptr<Graph>& graph, const SeenValues& seen) : graph_(graph), seen_(seen) {}

  std::vector<c10::IValue> run() {
    aliases_ = std::make_unique<torch::jit::AliasDb>(graph_, /*isFrozen=*/true);
    channels_last_ = may_rearrange(*graph_);
    std::vector<std::pair<Node*, Geometry>> convolutions;
    for (Node* node : graph_->nodes())
      if (auto geometry = convolution(node)) convolutions.emplace_back(node, std::move(*geometry));
    if (convolutions.empty()) return {};
    for (auto& [node, geometry] : convolutions) fuse(node, geometry);
    for (Node* node : graph_->nodes()) drop_rearrangement(node);
    for (Node* node : graph_->nodes()) write_in_place(node);
    if (channels_last_) allow_any_strides(*graph_);
    torch::jit::EliminateDeadCode(graph_);
    return std::move(bound_);
  }

 private:
  const Seen* seen(const Value* value) const {
    auto found = seen_.find(value);
    return found == seen_.end() ? nullptr : &found->second;
  }

  std::optional<Geometry> convolution(Node* node) const {
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
    if (!groups || aliases_->hasWriters(node)) return std::nullopt;
    auto list = [&](int i) {
      auto values = torch::jit::toIValue(node->input(i))->toIntVector();
      if (values.size() == 1) values.push_back(values[0]);
      return values;
    };
    return Geometry{*weight, list(3), list(4), list(5), *groups};
  }

  Value* bind(c10::IValue value, const c10::TypePtr& type) {
    bound_.push_back(std::move(value));
    return graph_->addInput()->setType(type);
  }

  Value* scalars(const std::vector<at::Scalar>& values) {
    Scalars list;
    for (const auto& value : values) list.push_back(value);
    return bind(list, c10::ListType::create(c10::OptionalType::create(c10::NumberType::get())));
  }

  static bool is_fused(const Value* value) {
    return value->node()->kind() == kPointwise || value->node()->kind() == kPointwiseInPlace;
  }

  // The value with its channels last; nothing to do for what a fused convolution made.
  Value* last_channels(Value* value) {
    if (!channels_last_ || is_fused(value)) return value;
    auto* format = graph_->insertConstant(static_cast<int64_t>(at::MemoryFormat::ChannelsLast));
    auto* node = graph_->insertNode(graph_->create(aten::contiguous, {value, format}, 1));
    return node->output();
  }

  // `x + other` behind a convolution that gives x, where no broadcast happens.
  Value* addend(Node* node, const Value* product) const {
    if (node->kind() != aten::add || node->inputs().size() != 3) return nullptr;
    auto alpha = scalar(node->input(2));
    if (!alpha || alpha->toDouble() != 1.0) return nullptr;
    Value* other = node->input(0) == product ? node->input(1) : node->input(0);
    const Seen *a = seen(product), *b = seen(other);
    if (other == product || !a || !b || !b->plain_float || a->sizes != b->sizes) return nullptr;
    // A constant or an input may have a size of 1 that only matched this batch.
    if (other->node()->kind() == prim::Constant || other->node()->kind() == prim::Param) return nullptr;
    return aliases_->hasWriters(other) ? nullptr : other;
  }

  // Whether the sum at `node` may be written over `other`: nobody reads it later, and it is nobody's view.
  static bool may_overwrite(Value* other, Node* node) {
    Value* root = other->node()->kind() == aten::contiguous ? other->node()->input(0) : other;
    if (!is_fused(root) && root->node()->kind() != aten::max_pool2d) return false;
    std::vector<Value*> same = {root};  // contiguous() gives the same memory where the channels are last already
    for (const auto& use : root->uses())
      if (use.user->kind() == aten::contiguous) same.push_back(use.user->output());
    for (Value* value : same) {
      for (const auto& use : value->uses()) {
        if (use.user->kind() == aten::contiguous && value == root) continue;
        if (use.user == node && use.offset == kOther) continue;
        if ((use.user->kind() != kPointwise && use.user->kind() != kPointwiseInPlace) || !use.user->isBefore(node)) return false;
      }
    }
    return true;
  }

  void fuse(Node* node, const Geometry& geometry) {
    Value* product = node->output();
    std::vector<Node*> chain = {node};  // what becomes one, the last node first
    Value* other = nullptr;
    std::optional<Activation> unary;
    auto only_user = [](Value* value) -> Node* { return value->uses().size() == 1 ? value->uses()[0].user : nullptr; };
    auto take_activation = [&](Value* value) {
      Node* user = only_user(value);
      if (!user || user->kind() == prim::Return) return;
      unary = activation(user);
      if (unary) chain.insert(chain.begin(), user);
    };
    take_activation(product);
    if (!unary) {
      Node* user = only_user(product);
      if (user && user->kind() != prim::Return) other = addend(user, product);
      if (other) {
        chain.insert(chain.begin(), user);
        take_activation(user->output());
      }
    }

    Node* last = chain.front();
    WithInsertPoint at(last);
    auto packed = c10::Dispatcher::singleton()
                      .findSchemaOrThrow("mkldnn::_reorder_convolution_weight", "")
                      .typed<at::Tensor(const at::Tensor&, at::IntArrayRef, at::IntArrayRef, at::IntArrayRef, int64_t, at::OptionalIntArrayRef)>()
                      .call(channels_last_ ? geometry.weight.contiguous(at::MemoryFormat::ChannelsLast) : geometry.weight, geometry.padding,
                            geometry.stride, geometry.dilation, geometry.groups, at::IntArrayRef(seen(node->input(0))->sizes));
    Value* input = last_channels(node->input(0));
    if (other) other = last_channels(other);
    std::vector<Value*> inputs = {input};
    if (other) inputs.push_back(other);
    inputs.insert(inputs.end(), {bind(packed, c10::TensorType::get()), node->input(2), graph_->insertConstant(geometry.padding),
                                 graph_->insertConstant(geometry.stride), graph_->insertConstant(geometry.dilation),
                                 graph_->insertConstant(geometry.groups)});
    Value* none = graph_->insertConstant(c10::IValue());
    Value* numbers = scalars(unary ? unary->scalars : std::vector<at::Scalar>{});
    Value* name = unary ? graph_->insertConstant(unary->name) : nullptr;
    if (other)
      inputs.insert(inputs.end(), {graph_->insertConstant("add"), graph_->insertConstant(1.0), name ? name : none, numbers, none});
    else
      inputs.insert(inputs.end(), {name ? name : graph_->insertConstant("none"), numbers, name ? none : graph_->insertConstant("")});
    Node* fused = graph_->insertNode(graph_->create(kPointwise, inputs, 1));
    last->output()->replaceAllUsesWith(fused->output());
    if (const Seen* was = seen(last->output())) seen_[fused->output()] = *was;
    for (Node* dead : chain) dead->destroy();
  }

  // A rearrangement of what a convolution gives, which was no fused one when it was asked for.
  static void drop_rearrangement(Node* node) {
    if (node->kind() == aten::contiguous && is_fused(node->input(0)) && constant<int64_t>(node->input(1)) == static_cast<int64_t>(at::MemoryFormat::ChannelsLast))
      node->output()->replaceAllUsesWith(node->input(0));
  }

  // A residual sum takes the place of the values that it adds to, where they are needed no more.
  void write_in_place(Node* node) {
    if (node->kind() != kPointwise || node->inputs().size() != kBinaryInputs || !may_overwrite(node->input(kOther), node)) return;
    auto inputs = node->inputs().vec();
    std::swap(inputs[0], inputs[kOther]);
    WithInsertPoint at(node);
    auto* written = graph_->insertNode(graph_->create(kPointwiseInPlace, inputs, 1));
    node->output()->replaceAllUsesWith(written->output());
  }

  std::shared_ptr<Graph> graph_;
  SeenValues seen_;
  std::unique_ptr<torch::jit::AliasDb> aliases_;
  bool channels_last_ = false;
  std::vector<c10::IValue> bound_;
};

}  // namespace

bool may_rearrange(const Graph& graph) {
  for (const Node* node : graph.nodes()) {
    if (node->kind() == aten::as_strided || node->kind() == aten::stride || !node->blocks().empty()) return false;
    auto* schema = node->maybeSchema();
    if (schema && schema->is_mutable()) return false;
  }
  return true;
}

void allow_any_strides(Graph& graph) {
  for (auto it = graph.nodes().begin(); it != graph.nodes().end(); ++it) {
    Node* node = *it;
    if (!node->matches("aten::view(Tensor(a) self, int[] size) -> Tensor(a)")) continue;
    WithInsertPoint at(node);
    auto* free = graph.insertNode(graph.create(aten::reshape, node->inputs(), 1));
    node->output()->replaceAllUsesWith(free->output());
    it.destroyCurrent();
  }
}

std::vector<c10::IValue> fuse_convolutions(const std::shared_ptr<Graph>& graph, const SeenValues& seen) { return Fusion(graph, seen).run(); }

}  // namespace torchts
