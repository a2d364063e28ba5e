#include "jit/compiled.h"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/jit/passes/frozen_conv_add_relu_fusion.h>
#include <torch/csrc/jit/passes/remove_mutation.h>

#include "jit/fuse.h"

namespace torchts {
namespace {

// Channels-last memory stays inside: results look as those of the module itself.
c10::IValue plain(const c10::IValue& value) {
  if (value.isTensor()) {
    const auto& tensor = value.toTensor();
    bool rearranged = tensor.defined() && tensor.layout() == at::kStrided && tensor.dim() == 4 && !tensor.is_contiguous() &&
                      tensor.is_contiguous(at::MemoryFormat::ChannelsLast);
    return rearranged ? c10::IValue(tensor.contiguous()) : value;
  }
  if (value.isTuple()) {
    auto tuple = value.toTuple();
    std::vector<c10::IValue> items;
    for (const auto& item : tuple->elements()) items.push_back(plain(item));
    auto type = tuple->type();
    return type->schema() ? c10::ivalue::Tuple::createNamed(std::move(items), type) : c10::ivalue::Tuple::create(std::move(items));
  }
  return value;
}

}  // namespace

Compiled::Compiled(torch::jit::Module frozen) : module_(std::move(frozen)) {}

void Compiled::prepare(const std::vector<c10::IValue>& inputs) {
  std::call_once(once_, [&] {
    at::NoGradGuard no_grad;
    graph_ = module_.get_method("forward").graph()->copy();
    torch::jit::RemoveTensorMutation(graph_);
    torch::jit::FuseFrozenConvAddRelu(graph_);
    std::vector<c10::IValue> stack = {module_._ivalue()};
    stack.insert(stack.end(), inputs.begin(), inputs.end());
    bound_ = fuse_convolutions(graph_, record(*graph_, stack));
    code_.emplace(graph_, "forward");
  });
}

c10::IValue Compiled::run(std::vector<c10::IValue> inputs) {
  at::NoGradGuard no_grad;
  inputs.insert(inputs.begin(), module_._ivalue());
  module_.get_method("forward").function().getSchema().checkAndNormalizeInputs(inputs);
  prepare({inputs.begin() + 1, inputs.end()});
  inputs.insert(inputs.end(), bound_.begin(), bound_.end());
  torch::jit::InterpreterState(*code_).run(inputs);
  return plain(inputs.at(0));
}

std::string Compiled::graph() const { return graph_ ? graph_->toString(false) : module_.get_method("forward").graph()->toString(false); }

}  // namespace torchts
