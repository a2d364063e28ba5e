// Grad mode, inference mode and autocast of the calling thread. Which async flow has which mode is
// decided in lib/ops/mode.ts; here one call switches all of them.
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/GradMode.h>

#include "dispatch/convert.h"
#include "support/call.h"

namespace torchts {
namespace {

// setModes(grad, inference)
napi_value set_modes(Call& call) {
  bool grad = call.boolean(0), inference = call.boolean(1);
  if (call.env->inference.has_value() != inference) {
    if (inference)
      call.env->inference.emplace(true);
    else
      call.env->inference.reset();
  }
  at::GradMode::set_enabled(grad);
  return js_undefined(call.napi);
}

napi_value is_grad_enabled(Call& call) { return js_bool(call.napi, at::GradMode::is_enabled()); }
napi_value is_inference_enabled(Call& call) { return js_bool(call.napi, c10::InferenceMode::is_enabled()); }

// setAutocast(deviceType, enabled, dtype, cacheEnabled): leaving the last region drops the cache of casts
napi_value set_autocast(Call& call) {
  auto device = c10::Device(call.string(0)).type();
  bool enabled = call.boolean(1);
  auto dtype = dtype_of_name(call.string(2));
  if (!dtype) throw TypedError("dtype", "unknown dtype '" + call.string(2) + "'");
  at::autocast::set_autocast_enabled(device, enabled);
  at::autocast::set_autocast_dtype(device, *dtype);
  at::autocast::set_autocast_cache_enabled(call.boolean_or(3, true));
  return js_undefined(call.napi);
}
napi_value clear_autocast_cache(Call& call) {
  at::autocast::clear_cache();
  return js_undefined(call.napi);
}

}  // namespace

void register_modes(Env* env, napi_value e) {
  define(env, e, "setModes", entry<set_modes>);
  define(env, e, "isGradEnabled", entry<is_grad_enabled>);
  define(env, e, "isInferenceEnabled", entry<is_inference_enabled>);
  define(env, e, "setAutocast", entry<set_autocast>);
  define(env, e, "clearAutocastCache", entry<clear_autocast_cache>);
}

}  // namespace torchts
