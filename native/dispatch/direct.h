// Calls without a boxed stack, for the signatures that most operators have.
#pragma once

#include <memory>
#include <vector>

#include <node_api.h>

#include "dispatch/plan.h"
#include "support/env.h"

namespace torchts {

// One call from JavaScript: positional values, and behind them those of the keywords.
struct Arguments {
  const napi_value* values;
  size_t count;                  // positional
  const std::vector<int>& keys;  // the names of the keywords (Env::key)

  napi_value keyword(size_t k) const { return values[count + k]; }
};

// An overload called with its C++ types: no IValues, no copies of tensors.
struct DirectCall {
  virtual ~DirectCall() = default;
  // The result; null where the arguments do not fit without the looser conversions.
  virtual napi_value call(Env* env, const Packet& packet, const OverloadPlan& overload, const Arguments& given) const = 0;
};

// Null where the signature is none of those listed in direct.cc.
std::unique_ptr<DirectCall> direct_call(const c10::OperatorHandle& op);

}  // namespace torchts
