#include "jit/winograd.h"

#include <limits>

#include <ATen/autocast_mode.h>
#include <torch/csrc/jit/runtime/custom_operator.h>

#include "jit/winograd_run.h"

namespace torchts {
namespace {

using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Symbol;
using torch::jit::Value;
namespace aten = torch::jit::aten;

const Symbol kWinograd = Symbol::fromQualString("torchts::winograd_convolution");

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Fewer tiles would read more weights than they save multiplications.
constexpr int64_t kFewestTiles = 16;

// `overwrite` says that `other` is nobody's view; whether somebody still reads it shows in the call.
void call(torch::jit::Stack& stack) {
  const bool overwrite = torch::jit::pop(stack).toBool();
  winograd::Call call;
  call.high = static_cast<float>(torch::jit::pop(stack).toDouble());
  call.low = static_cast<float>(torch::jit::pop(stack).toDouble());
  const auto padding = torch::jit::pop(stack).toIntVector();
  call.pad_height = padding.at(0);
  call.pad_width = padding.at(1);
  call.bias = torch::jit::pop(stack).toOptional<at::Tensor>();
  call.weights = torch::jit::pop(stack).toTensor();
  call.other = torch::jit::pop(stack).toOptional<at::Tensor>();
  call.input = torch::jit::pop(stack).toTensor();
  // As operators of oneDNN do, this one keeps to float32 under autocast.
  if (at::autocast::is_autocast_enabled(at::kCPU)) {
    call.input = call.input.to(at::kFloat);
    if (call.other) call.other = call.other->to(at::kFloat);
  }
  call.overwrite = overwrite && call.other && call.other->use_count() == 1 && call.other->storage().use_count() == 1;
  stack.emplace_back(winograd::run(std::move(call)));
}

const torch::jit::RegisterOperators registered({torch::jit::Operator(
    "torchts::winograd_convolution(Tensor input, Tensor? other, Tensor weight, Tensor? bias, int[] padding, float low, float high, "
    "bool overwrite) -> Tensor",
    call, c10::AliasAnalysisKind::FROM_SCHEMA)});

// The bounds that an activation keeps values within, if it does nothing else.
std::optional<std::pair<double, double>> bounds(const Activation& activation) {
  if (activation.name == "relu") return std::pair(0.0, kInfinity);
  if (activation.name == "hardtanh") return std::pair(activation.scalars[0].toDouble(), activation.scalars[1].toDouble());
  return std::nullopt;
}

// Whether a value has memory of its own: no input, constant or view.
bool is_fresh(const Value* value) {
  const auto kind = value->node()->kind();
  return kind == kWinograd || kind == aten::_convolution || kind == aten::conv2d || kind == aten::relu || kind == aten::add ||
         kind == aten::max_pool2d;
}

// Whether there are kernels for it, and they take less time for an input of this size.
bool suits(const Geometry& geometry, const std::vector<int64_t>& input) {
  const std::vector<int64_t> ones = {1, 1};
  const auto& weight = geometry.weight;
  if (weight.size(2) != 3 || weight.size(3) != 3 || geometry.groups != 1 || geometry.stride != ones || geometry.dilation != ones ||
      geometry.padding.size() != 2 || !winograd::supports(weight.size(1), weight.size(0)))
    return false;
  const auto shape = winograd::shape_of(input, weight.size(0), geometry.padding[0], geometry.padding[1]);
  if (shape.out_height < 1 || shape.out_width < 1 || shape.tiles < kFewestTiles) return false;
  // Tiles at the edges may be half empty.
  return 16 * 1.2 * static_cast<double>(shape.tiles) <= 9.0 * static_cast<double>(shape.images * shape.out_height * shape.out_width);
}

// Puts the node in place of a convolution and of what it can take with it.
void replace(Graph& graph, Chain chain, const Geometry& geometry, SeenValues& seen, TransformedWeights& weights) {
  auto within = chain.activation ? bounds(*chain.activation) : std::pair(-kInfinity, kInfinity);
  if (!within) {
    chain.nodes.erase(chain.nodes.begin());  // stays a node of its own
    within = std::pair(-kInfinity, kInfinity);
  }
  Node* convolution = chain.nodes.back();
  Node* last = chain.nodes.front();
  torch::jit::WithInsertPoint at(last);
  auto& transformed = weights[geometry.weight.unsafeGetTensorImpl()];
  if (!transformed.defined()) transformed = winograd::transform_weights(geometry.weight);
  Value* none = graph.insertConstant(c10::IValue());
  Node* node = graph.insertNode(graph.create(
      kWinograd,
      {convolution->input(0), chain.other ? chain.other : none, graph.insertConstant(transformed), convolution->input(2),
       graph.insertConstant(geometry.padding), graph.insertConstant(within->first), graph.insertConstant(within->second),
       graph.insertConstant(chain.other && is_fresh(chain.other))},
      1));
  node->output()->setType(last->output()->type());
  if (auto was = seen.find(last->output()); was != seen.end()) seen[node->output()] = Seen(was->second);
  last->output()->replaceAllUsesWith(node->output());
  for (Node* dead : chain.nodes) dead->destroy();
}

}  // namespace

bool is_winograd(const Node* node) { return node->kind() == kWinograd; }

bool use_winograd(const std::shared_ptr<Graph>& graph, SeenValues& seen, TransformedWeights& weights) {
  torch::jit::AliasDb aliases(graph, /*isFrozen=*/true);
  Matcher matcher(seen, aliases);
  std::vector<std::pair<Node*, Geometry>> found;
  for (Node* node : graph->nodes()) {
    auto geometry = matcher.convolution(node);
    if (geometry && suits(*geometry, matcher.seen(node->input(0))->sizes)) found.emplace_back(node, std::move(*geometry));
  }
  // One by one: of two convolutions that are summed, the first takes the sum.
  for (auto& [node, geometry] : found) replace(*graph, matcher.chain(node), geometry, seen, weights);
  return !found.empty();
}

}  // namespace torchts
