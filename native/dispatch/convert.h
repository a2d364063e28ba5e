// JavaScript values to IValues by plan, and results back.
#pragma once

#include <node_api.h>

#include <optional>

#include <ATen/core/ivalue.h>

#include "dispatch/plan.h"
#include "support/call.h"

namespace torchts {

enum class Strictness { Strict, Lenient };

// True where `value` fits the plan; then `result` holds it. Throws for a value of the right kind that
// cannot be used (a disposed tensor).
bool convert(Env* env, const ArgPlan& plan, napi_value value, Strictness strictness, c10::IValue& result);

// A whole number, or a bigint of 64 bits.
bool read_int(napi_env env, napi_value value, int64_t& result);
bool read_scalar(Env* env, napi_value value, napi_valuetype type, at::Scalar& result);

// A number as operand: a tensor of dimension 0 that gives way in type promotion. `like` is the other
// operand, or null.
bool number_operand(Env* env, Numbers numbers, napi_value value, const at::Tensor* like, at::Tensor& result);

// A list of integers whose elements were given one by one: x.view(2, -1).
bool convert_spread(Env* env, const napi_value* values, size_t count, Strictness strictness, c10::IValue& result);

std::optional<c10::ScalarType> dtype_of_name(const std::string& name);
const char* dtype_name(c10::ScalarType type);
std::optional<c10::MemoryFormat> memory_format_of_name(const std::string& name);

// A result: a tensor as handle, a number, boolean, string or null; anything else as an array whose
// first element tells what follows: an array of names (a tuple with names), null (any other list or tuple),
// 'dict' (keys and values in turn), undefined (a complex number).
napi_value to_js(Env* env, const c10::IValue& value);

// What was given, for error messages: "Tensor", "int", "float", "list of 3", …
std::string describe(Env* env, napi_value value);

}  // namespace torchts
