// One call from JavaScript: its arguments, and conversions that end in typed errors.
#pragma once

#include <node_api.h>

#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "support/env.h"
#include "support/errors.h"
#include "tensor/handle.h"

namespace torchts {

// Node-API fills every slot that it is given: few slots make a call cheap, and longer calls ask again.
constexpr size_t kInlineArguments = 8;

struct Call {
  Env* env;
  napi_env napi;
  size_t argc = kInlineArguments;
  napi_value inline_args[kInlineArguments];
  std::vector<napi_value> many_args;
  napi_value* argv = inline_args;

  napi_value at(size_t i) const { return i < argc ? argv[i] : nullptr; }
  napi_valuetype type(size_t i) const;
  bool missing(size_t i) const;  // absent, undefined or null

  const at::Tensor& tensor(size_t i) const;
  at::Tensor optional_tensor(size_t i) const;
  std::vector<at::Tensor> tensors(size_t i, bool undefined_allowed = false) const;
  double number(size_t i) const;
  int64_t integer(size_t i) const;
  bool boolean(size_t i) const;
  bool boolean_or(size_t i, bool fallback) const { return missing(i) ? fallback : boolean(i); }
  std::string string(size_t i) const;
  std::vector<int64_t> integers(size_t i) const;
  // What is behind an external with this tag; null for anything else.
  void* external(size_t i, const napi_type_tag& tag) const;
};

using Body = napi_value (*)(Call&);

template <Body body>
napi_value entry(napi_env napi, napi_callback_info info) {
  Call call;
  call.napi = napi;
  void* data = nullptr;
  if (napi_get_cb_info(napi, info, &call.argc, call.argv, nullptr, &data) != napi_ok) return nullptr;
  call.env = static_cast<Env*>(data);
  try {
    if (call.argc > kInlineArguments) {
      call.many_args.resize(call.argc);
      call.argv = call.many_args.data();
      check(napi, napi_get_cb_info(napi, info, &call.argc, call.argv, nullptr, nullptr));
    }
    return body(call);
  } catch (...) {
    raise_current(call.env);
    return nullptr;
  }
}

// Puts a function into `exports`.
void define(Env* env, napi_value exports, const char* name, napi_callback callback);

napi_value js_undefined(napi_env env);
napi_value js_null(napi_env env);
napi_value js_number(napi_env env, double value);
napi_value js_bool(napi_env env, bool value);
napi_value js_string(napi_env env, const std::string& value);
// A number where it is exact, a bigint otherwise.
napi_value js_int64(napi_env env, int64_t value);
napi_value js_integers(napi_env env, c10::ArrayRef<int64_t> values);
std::string read_string(napi_env env, napi_value value);
std::vector<napi_value> read_elements(napi_env env, napi_value array);

}  // namespace torchts
