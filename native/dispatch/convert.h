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
bool convert(Env* env, const ArgPlan& plan, napi_value value, bool numbers_as_tensors, Strictness strictness, c10::IValue& result);

// A list of integers whose elements were given one by one: x.view(2, -1).
bool convert_spread(Env* env, const napi_value* values, size_t count, Strictness strictness, c10::IValue& result);

std::optional<c10::ScalarType> dtype_of_name(const std::string& name);
const char* dtype_name(c10::ScalarType type);
std::optional<c10::MemoryFormat> memory_format_of_name(const std::string& name);

// A result: a tensor as handle, a number, boolean, string or null; anything else as an array whose
// first element tells what follows: an array of names (a tuple), null (a list), undefined (a complex number).
napi_value to_js(Env* env, const c10::IValue& value);

// What was given, for error messages: "Tensor", "int", "float", "list of 3", …
std::string describe(Env* env, napi_value value);

}  // namespace torchts
