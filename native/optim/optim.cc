// What an optimizer asks of all its parameters at once.
#include <ATen/ATen.h>
#include <torch/csrc/autograd/variable.h>

#include "support/call.h"

namespace torchts {
namespace {

// zeroGrads(params, setToNone)
napi_value zero_grads(Call& call) {
  auto params = call.tensors(0);
  bool to_none = call.boolean_or(1, true);
  at::AutoGradMode no_grad(false);
  for (const at::Tensor& param : params) {
    const at::Tensor& grad = param.grad();
    if (!grad.defined()) continue;
    if (to_none) {
      param.mutable_grad().reset();
    } else {
      if (grad.grad_fn())
        param.mutable_grad().detach_();
      else
        param.mutable_grad().requires_grad_(false);
      param.mutable_grad().zero_();
    }
  }
  return js_undefined(call.napi);
}

// paramGrads(params): their gradients, null where there is none
napi_value param_grads(Call& call) {
  auto params = call.tensors(0);
  napi_value array;
  check(call.napi, napi_create_array_with_length(call.napi, params.size(), &array));
  for (uint32_t i = 0; i < params.size(); ++i)
    check(call.napi, napi_set_element(call.napi, array, i, call.env->handles->wrap(params[i].grad())));
  return array;
}

// fusedFits(params, grads): whether kernels that walk raw memory give the right result
napi_value fused_fits(Call& call) {
  auto params = call.tensors(0);
  auto grads = call.tensors(1);
  bool fits = params.size() == grads.size();
  for (size_t i = 0; fits && i < params.size(); ++i) {
    const at::Tensor &p = params[i], &g = grads[i];
    fits = p.layout() == at::kStrided && g.layout() == at::kStrided && at::isFloatingType(p.scalar_type()) &&
           p.scalar_type() == g.scalar_type() && p.device() == g.device() && p.is_non_overlapping_and_dense() &&
           p.strides() == g.strides();
  }
  return js_bool(call.napi, fits);
}

napi_value retains_grad(Call& call) { return js_bool(call.napi, call.tensor(0).retains_grad()); }

}  // namespace

void register_optim(Env* env, napi_value e) {
  define(env, e, "zeroGrads", entry<zero_grads>);
  define(env, e, "paramGrads", entry<param_grads>);
  define(env, e, "fusedFits", entry<fused_fits>);
  define(env, e, "retainsGrad", entry<retains_grad>);
}

}  // namespace torchts
