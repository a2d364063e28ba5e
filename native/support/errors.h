// C++ exceptions become typed JavaScript errors; the class is chosen in lib/errors by `kind`.
#pragma once

#include <node_api.h>

#include <stdexcept>
#include <string>

#include "support/env.h"

namespace torchts {

// A JavaScript exception is already pending; unwind to the border.
struct JsPending {};

// An error with a kind that lib/native.ts maps to a class of lib/errors.ts.
struct TypedError : std::runtime_error {
  TypedError(std::string kind, const std::string& message)
      : std::runtime_error(message), kind(std::move(kind)) {}
  std::string kind;
};

// Throws JsPending when a Node-API call failed.
void check(napi_env env, napi_status status);

// Sets the pending JavaScript exception from the exception being handled. Never throws.
void raise_current(Env* env) noexcept;

// The message and kind of the exception being handled, for work that ends on another thread.
struct Failure {
  std::string kind;
  std::string message;
};
Failure describe_current() noexcept;
napi_value make_js_error(Env* env, const Failure& failure);

}  // namespace torchts
