// A frozen module whose graph was rewritten for the CPU: convolutions run with prepacked weights and
// take the activation and the residual addition behind them into the same call.
#pragma once

#include <mutex>
#include <optional>
#include <vector>

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/interpreter.h>

namespace torchts {

class Compiled {
 public:
  explicit Compiled(torch::jit::Module frozen);

  // Rewrites the graph for inputs like these (once; later calls do nothing). The sizes decide how weights
  // are packed and which additions need no broadcast; other batch sizes run through the same graph.
  void prepare(const std::vector<c10::IValue>& inputs);

  // Runs without recording gradients. May be called on several threads at once.
  c10::IValue run(std::vector<c10::IValue> inputs);

  std::string graph() const;

 private:
  torch::jit::Module module_;
  std::once_flag once_;
  std::shared_ptr<torch::jit::Graph> graph_;
  std::vector<c10::IValue> bound_;  // packed weights and the like, appended to the inputs
  std::optional<torch::jit::Code> code_;
};

}  // namespace torchts
