#include "jit/partition.h"

#include <ATen/Config.h>
#include <torch/csrc/jit/codegen/onednn/interface.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>

#include "jit/winograd.h"

namespace torchts {
namespace {

using torch::jit::Graph;
using torch::jit::Node;
namespace aten = torch::jit::aten;
namespace prim = torch::jit::prim;

bool has_groups(torch::jit::Block* block) {
  for (Node* node : block->nodes()) {
    if (node->kind() == prim::oneDNNFusionGroup) return true;
    for (auto* inner : node->blocks())
      if (has_groups(inner)) return true;
  }
  return false;
}

// Images come in with their channels last, which the layers behind them keep.
void rearrange_inputs(Graph& graph, const std::vector<c10::IValue>& inputs) {
  torch::jit::WithInsertPoint at(*graph.nodes().begin());
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].isTensor() || inputs[i].toTensor().dim() != 4) continue;
    auto* input = graph.inputs()[i];
    auto* rearranged = with_channels_last(graph, input);
    input->replaceAllUsesAfterNodeWith(rearranged->node(), rearranged);
  }
}

// No strides mean the size of the window, which the fusion does not know.
void name_strides(Graph& graph) {
  for (Node* node : graph.nodes()) {
    if (node->kind() != aten::max_pool2d && node->kind() != aten::avg_pool2d) continue;
    auto strides = torch::jit::toIValue(node->input(2));
    if (strides && strides->isIntList() && strides->toIntVector().empty()) node->replaceInput(2, node->input(1));
  }
}

// Says of every value what it was in a run. True where there are convolutions, and all tensors are plain.
bool specialize(Graph& graph, const SeenValues& seen) {
  bool convolutions = false;
  for (Node* node : graph.nodes()) {
    for (auto* output : node->outputs()) {
      auto found = seen.find(output);
      if (found == seen.end()) {
        if (output->type()->isSubtypeOf(*c10::TensorType::get())) return false;
        continue;
      }
      if (!found->second.plain_float) return false;
      output->setType(found->second.type);
    }
    convolutions |= node->kind() == aten::_convolution || node->kind() == aten::conv2d;
  }
  return convolutions;
}

}  // namespace

std::shared_ptr<Graph> partition(Graph& graph, const std::vector<c10::IValue>& inputs, TransformedWeights& weights) {
#if defined(__x86_64__) && AT_MKLDNN_ENABLED()
  for (size_t i = 1; i < inputs.size(); ++i)
    if (!inputs[i].isTensor()) return nullptr;
  auto copy = graph.copy();
  if (!may_rearrange(*copy)) return nullptr;
  rearrange_inputs(*copy, inputs);
  allow_any_strides(*copy);
  name_strides(*copy);
  auto seen = record(*copy, inputs);
  if (!specialize(*copy, seen)) return nullptr;
  const bool replaced = use_winograd(copy, seen, weights);
  try {
    torch::jit::fuser::onednn::fuseGraph(copy);
  } catch (const std::exception&) {
    return nullptr;  // an operator with arguments that oneDNN has no form for
  }
  torch::jit::EliminateDeadCode(copy);
  return replaced || has_groups(copy->block()) ? copy : nullptr;
#else
  return nullptr;
#endif
}

}  // namespace torchts
