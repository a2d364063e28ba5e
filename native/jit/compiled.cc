#include "jit/compiled.h"

#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/jit/passes/frozen_conv_add_relu_fusion.h>
#include <torch/csrc/jit/passes/remove_mutation.h>

#include "jit/partition.h"
#include "support/large_blocks.h"

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
    source_ = module_.get_method("forward").graph()->copy();
    torch::jit::RemoveTensorMutation(source_);
    torch::jit::FuseFrozenConvAddRelu(source_);
    Stack stack = {module_._ivalue()};
    stack.insert(stack.end(), inputs.begin(), inputs.end());
    partitioned_ = partition(*source_, stack, weights_);
    give_back_memory();
    if (!partitioned_) return generalize(stack);
    for (const auto& input : inputs) types_.push_back(c10::TensorType::create(input.toTensor()));
    partitioned_code_.emplace(partitioned_, "forward");
    partitioned_works_ = true;
  });
}

bool Compiled::partitioned_for(const Stack& stack) {
  // Autocast chooses dtypes operator by operator, which a partition would not see.
  if (!partitioned_works_ || at::autocast::is_autocast_enabled(at::kCPU)) return false;
  for (size_t i = 0; i < types_.size(); ++i) {
    const auto& tensor = stack[i + 1].toTensor();
    const auto& type = *types_[i];
    if (tensor.layout() != at::kStrided || tensor.scalar_type() != type.scalarType() || tensor.device() != type.device() ||
        tensor.sizes() != *type.sizes().concrete_sizes())
      return false;
  }
  int first = 0, threads = at::get_num_threads();
  return threads_.compare_exchange_strong(first, threads) || first == threads;
}

bool Compiled::run_partitioned(Stack& stack, std::string& failure) {
  Stack inputs = stack;
  // A partition reads memory as it lay in the first call; images are rearranged in the graph itself.
  for (size_t i = 1; i < stack.size(); ++i)
    if (stack[i].toTensor().dim() != 4) stack[i] = stack[i].toTensor().contiguous();
  try {
    torch::jit::InterpreterState(*partitioned_code_).run(stack);
    return true;
  } catch (const std::exception& error) {
    failure = error.what();
    stack = std::move(inputs);
    return false;
  }
}

void Compiled::generalize(const Stack& stack) {
  std::call_once(general_once_, [&] {
    general_ = source_->copy();
    bound_ = fuse_convolutions(general_, record(*general_, stack), weights_);
    general_code_.emplace(general_, "forward");
    general_made_ = true;
  });
}

c10::IValue Compiled::run(std::vector<c10::IValue> inputs) {
  at::NoGradGuard no_grad;
  inputs.insert(inputs.begin(), module_._ivalue());
  module_.get_method("forward").function().getSchema().checkAndNormalizeInputs(inputs);
  prepare({inputs.begin() + 1, inputs.end()});
  std::string failure;
  if (partitioned_for(inputs) && run_partitioned(inputs, failure)) return plain(inputs.at(0));
  generalize(inputs);
  inputs.insert(inputs.end(), bound_.begin(), bound_.end());
  torch::jit::InterpreterState(*general_code_).run(inputs);
  // An error of the module itself comes from this form as well. Where it does not, oneDNN's compiler has no
  // kernel for something, and would fail in every call.
  if (!failure.empty() && partitioned_works_.exchange(false)) {
    std::lock_guard lock(warning_mutex_);
    warning_ = "optimizeForInference(): the form for the traced size failed, calls take the general one from now on: " +
               failure.substr(0, failure.find('\n'));
  }
  return plain(inputs.at(0));
}

std::string Compiled::take_warning() {
  std::lock_guard lock(warning_mutex_);
  return std::exchange(warning_, {});
}

std::string Compiled::graph() const {
  std::string text = partitioned_works_ ? partitioned_->toString(false) : "";
  if (general_made_) text += general_->toString(false);
  return text.empty() ? module_.get_method("forward").graph()->toString(false) : text;
}

}  // namespace torchts
