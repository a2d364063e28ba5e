// A frozen module whose graph was rewritten for the CPU, in two forms. The partitioned form is for inputs of
// one kind and a number of threads, and nothing is looked up between its primitives. The general form takes
// any inputs: convolutions run with prepacked weights and take the activation and the residual addition
// behind them into the same call.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <vector>

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/interpreter.h>

#include "jit/fuse.h"

namespace torchts {

class Compiled {
 public:
  explicit Compiled(torch::jit::Module frozen);

  // Rewrites the graph for inputs like these (once; later calls do nothing).
  void prepare(const std::vector<c10::IValue>& inputs);

  // Runs without recording gradients. May be called on several threads at once.
  c10::IValue run(std::vector<c10::IValue> inputs);

  // Why the form for the traced size is used no more, once; empty where there is nothing to say.
  std::string take_warning();

  // The forms that there are so far, and are used.
  std::string graph() const;

 private:
  using Stack = std::vector<c10::IValue>;  // the module itself, then the inputs

  bool partitioned_for(const Stack& stack);
  bool run_partitioned(Stack& stack, std::string& failure);
  void generalize(const Stack& stack);

  torch::jit::Module module_;
  std::once_flag once_;
  std::shared_ptr<torch::jit::Graph> source_;  // what both forms are made from
  TransformedWeights weights_;                  // of its convolutions

  std::shared_ptr<torch::jit::Graph> partitioned_;
  std::optional<torch::jit::Code> partitioned_code_;
  std::vector<c10::TensorTypePtr> types_;
  std::atomic<bool> partitioned_works_ = false;
  std::mutex warning_mutex_;
  std::string warning_;
  std::atomic<int> threads_ = 0;  // of the first call, in which oneDNN divides the work among them

  // Made by the first call that needs it: its packed weights are as large as the model.
  std::once_flag general_once_;
  std::atomic<bool> general_made_ = false;
  std::shared_ptr<torch::jit::Graph> general_;
  std::optional<torch::jit::Code> general_code_;
  std::vector<c10::IValue> bound_;  // packed weights and the like, appended to the inputs
};

}  // namespace torchts
