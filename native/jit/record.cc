#include <algorithm>

#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/runtime/operator.h>

#include "jit/fuse.h"

namespace torchts {
namespace {

using torch::jit::Node;
namespace prim = torch::jit::prim;

// What the interpreter has instructions for, so that no operator is registered.
bool construct(Node* node, torch::jit::Stack& stack) {
  size_t count = node->inputs().size();
  if (node->kind() == prim::ListConstruct) {
    auto list = c10::impl::GenericList(node->output()->type()->expectRef<c10::ListType>().getElementType());
    for (auto& item : torch::jit::last(stack, count)) list.push_back(item);
    torch::jit::drop(stack, count);
    stack.emplace_back(std::move(list));
    return true;
  }
  if (node->kind() == prim::TupleConstruct) {
    auto items = torch::jit::last(stack, count).vec();
    torch::jit::drop(stack, count);
    stack.emplace_back(c10::ivalue::Tuple::create(std::move(items)));
    return true;
  }
  if (node->kind() == prim::TupleUnpack) {
    auto tuple = torch::jit::pop(stack).toTuple();
    for (const auto& item : tuple->elements()) stack.push_back(item);
    return true;
  }
  if (node->kind() == prim::ListUnpack) {
    auto list = torch::jit::pop(stack).toListRef().vec();
    for (auto& item : list) stack.push_back(item);
    return true;
  }
  return false;
}

}  // namespace

SeenValues record(torch::jit::Graph& graph, const std::vector<c10::IValue>& inputs) {
  SeenValues seen;
  std::unordered_map<const torch::jit::Value*, c10::IValue> values;
  auto note = [&](const torch::jit::Value* value, const c10::IValue& given) {
    values[value] = given;
    if (!given.isTensor() || !given.toTensor().defined()) return;
    const auto& tensor = given.toTensor();
    if (tensor.layout() != at::kStrided) return;
    seen[value] = {tensor.sizes().vec(), tensor.is_cpu() && tensor.scalar_type() == at::kFloat, c10::TensorType::create(tensor)};
  };
  for (size_t i = 0; i < inputs.size() && i < graph.inputs().size(); ++i) note(graph.inputs()[i], inputs[i]);
  torch::jit::Stack stack;
  for (Node* node : graph.nodes()) {
    if (node->kind() == prim::Constant) {
      if (auto constant = torch::jit::toIValue(node->output())) note(node->output(), *constant);
      continue;
    }
    if (!node->blocks().empty()) break;
    bool known = true;
    stack.clear();
    for (auto* input : node->inputs()) {
      auto found = values.find(input);
      if (found == values.end()) {
        known = false;
        break;
      }
      stack.push_back(found->second);
    }
    if (!known) break;
    if (!construct(node, stack)) {
      auto* op = node->maybeOperator();
      if (!op) break;
      node->getOperation()(stack);
    }
    for (size_t i = 0; i < node->outputs().size(); ++i) note(node->outputs()[i], stack[stack.size() - node->outputs().size() + i]);
    // Activations go with their last reader, as in a plain run.
    for (auto* input : node->inputs()) {
      const auto& uses = input->uses();
      if (std::none_of(uses.begin(), uses.end(), [&](const auto& use) { return use.user->isAfter(node); })) values.erase(input);
    }
  }
  return seen;
}

}  // namespace torchts
