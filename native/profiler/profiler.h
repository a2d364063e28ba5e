// LibTorch's profiler: what a recording left behind, and the recordings of an environment.
#pragma once

#include <memory>
#include <unordered_map>

#include <ATen/record_function.h>
#include <torch/csrc/autograd/profiler_kineto.h>

#include "support/call.h"

namespace torchts {

using ProfilerResult = torch::autograd::profiler::ProfilerResult;

// One recording that has ended, behind an external of its own type.
struct ProfilerTrace {
  Env* env;
  std::unique_ptr<ProfilerResult> result;
  int64_t reported_bytes;
};

// The trace of an argument. Throws typed errors for anything else, and after its release.
ProfilerTrace& trace_at(Call& call, size_t i);

// Labels that JavaScript has opened and not closed yet, by number.
struct OpenLabels {
  std::unordered_map<int64_t, std::unique_ptr<at::RecordFunction>> open;
  int64_t next = 1;
  static OpenLabels& of(Env* env);
};

void register_profiler_events(Env*, napi_value);
void register_labels(Env*, napi_value);

}  // namespace torchts
