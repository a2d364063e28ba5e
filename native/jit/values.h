// Values for TorchScript: nested arrays and objects of tensors and numbers. Results go the way of any
// operator's (dispatch/convert.h).
#pragma once

#include <string>

#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>

#include "support/env.h"

namespace torchts {

// A value for an argument of a known type. `name` is how the error calls it.
c10::IValue to_ivalue(Env* env, napi_value value, const c10::TypePtr& type, const std::string& name);

// A value whose type it tells itself, as the tracer takes it: tensors, arrays of them (a tuple), plain
// objects (a dict of strings).
c10::IValue to_traceable(Env* env, napi_value value, const std::string& name);

}  // namespace torchts
