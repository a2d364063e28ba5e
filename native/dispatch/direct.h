// Calls without a boxed stack, for the signatures that most operators have.
#pragma once

#include <memory>

#include <node_api.h>

#include "dispatch/plan.h"
#include "support/env.h"

namespace torchts {

// One call from JavaScript: positional values, then keywords by the number of their name (Env::key).
struct Arguments {
  struct Keyword {
    int key;
    napi_value value;
  };
  const napi_value* values;
  size_t count;
  const Keyword* keywords;
  size_t keyword_count;
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
