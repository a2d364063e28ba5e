#include "jit/fuse.h"

#include <torch/csrc/jit/passes/dead_code_elimination.h>

#include "jit/match.h"
#include "jit/winograd.h"

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

class Fusion {
 public:
  Fusion(const std::shared_ptr<Graph>& graph, const SeenValues& seen, TransformedWeights& weights)
      : graph_(graph), seen_(seen), weights_(weights) {}

  std::vector<c10::IValue> run() {
    channels_last_ = may_rearrange(*graph_);
    const bool replaced = channels_last_ && use_winograd(graph_, seen_, weights_);
    torch::jit::AliasDb aliases(graph_, /*isFrozen=*/true);
    matcher_.emplace(seen_, aliases);
    std::vector<std::pair<Node*, Geometry>> convolutions;
    for (Node* node : graph_->nodes())
      if (auto geometry = matcher_->convolution(node)) convolutions.emplace_back(node, std::move(*geometry));
    if (convolutions.empty() && !replaced) return {};
    for (auto& [node, geometry] : convolutions) fuse(node, geometry);
    for (Node* node : graph_->nodes()) drop_rearrangement(node);
    for (Node* node : graph_->nodes()) write_in_place(node);
    if (channels_last_) allow_any_strides(*graph_);
    torch::jit::EliminateDeadCode(graph_);
    return std::move(bound_);
  }

 private:
  Value* bind(c10::IValue value, const c10::TypePtr& type) {
    bound_.push_back(std::move(value));
    return graph_->addInput()->setType(type);
  }

  Value* scalars(const std::vector<at::Scalar>& values) {
    Scalars list;
    for (const auto& value : values) list.push_back(value);
    return bind(list, c10::ListType::create(c10::OptionalType::create(c10::NumberType::get())));
  }

  static bool is_fused(const Node* node) {
    return node->kind() == kPointwise || node->kind() == kPointwiseInPlace || is_winograd(node);
  }

  // The value with its channels last; nothing to do for what a fused convolution made.
  Value* last_channels(Value* value) {
    return !channels_last_ || is_fused(value->node()) ? value : with_channels_last(*graph_, value);
  }

  // Whether the sum at `node` may be written over `other`: nobody reads it later, and it is nobody's view.
  static bool may_overwrite(Value* other, Node* node) {
    Value* root = other->node()->kind() == aten::contiguous ? other->node()->input(0) : other;
    if (!is_fused(root->node()) && root->node()->kind() != aten::max_pool2d) return false;
    std::vector<Value*> same = {root};  // contiguous() gives the same memory where the channels are last already
    for (const auto& use : root->uses())
      if (use.user->kind() == aten::contiguous) same.push_back(use.user->output());
    for (Value* value : same) {
      for (const auto& use : value->uses()) {
        if (use.user->kind() == aten::contiguous && value == root) continue;
        if (use.user == node && use.offset == kOther) continue;
        if (!is_fused(use.user) || !use.user->isBefore(node)) return false;
      }
    }
    return true;
  }

  void fuse(Node* node, const Geometry& geometry) {
    Chain chain = matcher_->chain(node);
    const Seen& given = *matcher_->seen(node->input(0));
    const auto& unary = chain.activation;
    Value* other = chain.other;
    Node* last = chain.nodes.front();
    WithInsertPoint at(last);
    auto packed = c10::Dispatcher::singleton()
                      .findSchemaOrThrow("mkldnn::_reorder_convolution_weight", "")
                      .typed<at::Tensor(const at::Tensor&, at::IntArrayRef, at::IntArrayRef, at::IntArrayRef, int64_t, at::OptionalIntArrayRef)>()
                      .call(channels_last_ ? geometry.weight.contiguous(at::MemoryFormat::ChannelsLast) : geometry.weight, geometry.padding,
                            geometry.stride, geometry.dilation, geometry.groups, at::IntArrayRef(given.sizes));
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
    if (const Seen* was = matcher_->seen(last->output())) seen_[fused->output()] = *was;
    for (Node* dead : chain.nodes) dead->destroy();
  }

  // A rearrangement of what a convolution gives, which was no fused one when it was asked for.
  static void drop_rearrangement(Node* node) {
    if (node->kind() == aten::contiguous && is_fused(node->input(0)->node()) && constant<int64_t>(node->input(1)) == static_cast<int64_t>(at::MemoryFormat::ChannelsLast))
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
  TransformedWeights& weights_;
  std::optional<Matcher> matcher_;
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

std::vector<c10::IValue> fuse_convolutions(const std::shared_ptr<Graph>& graph, const SeenValues& seen, TransformedWeights& weights) {
  return Fusion(graph, seen, weights).run();
}

}  // namespace torchts
