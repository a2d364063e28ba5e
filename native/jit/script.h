// What JavaScript holds of a TorchScript module: a tagged external over this record.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <torch/csrc/jit/api/module.h>

#include "jit/compiled.h"
#include "support/call.h"

namespace torchts {

struct Script {
  torch::jit::Module module;
  // The kinds and sizes of the inputs that the module was traced with.
  std::vector<c10::TypePtr> examples;
  // Set by optimizeForInference: runs instead of the module's own method.
  std::shared_ptr<Compiled> compiled;

  c10::IValue run(std::vector<c10::IValue> inputs) const;
};

napi_value wrap_script(Env* env, std::unique_ptr<Script> script);
Script& script_at(Call& call, size_t i);

}  // namespace torchts
