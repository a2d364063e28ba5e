// What a tensor says of itself, and the few mutations that are no operators.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/function.h>
#include <torch/headeronly/version.h>

#include "dispatch/convert.h"
#include "support/call.h"

namespace torchts {
namespace {

napi_value shape(Call& call) { return js_integers(call.napi, call.tensor(0).sizes()); }
napi_value strides(Call& call) { return js_integers(call.napi, call.tensor(0).strides()); }
napi_value dim(Call& call) { return js_number(call.napi, call.tensor(0).dim()); }
napi_value numel(Call& call) { return js_int64(call.napi, call.tensor(0).numel()); }
napi_value storage_offset(Call& call) { return js_int64(call.napi, call.tensor(0).storage_offset()); }
napi_value dtype(Call& call) { return js_string(call.napi, dtype_name(call.tensor(0).scalar_type())); }
napi_value device(Call& call) { return js_string(call.napi, call.tensor(0).device().str()); }
napi_value element_size(Call& call) { return js_number(call.napi, static_cast<double>(call.tensor(0).element_size())); }

napi_value layout(Call& call) {
  switch (call.tensor(0).layout()) {
    case c10::kStrided: return js_string(call.napi, "strided");
    case c10::kSparse: return js_string(call.napi, "sparseCoo");
    case c10::kSparseCsr: return js_string(call.napi, "sparseCsr");
    case c10::kSparseCsc: return js_string(call.napi, "sparseCsc");
    case c10::kMkldnn: return js_string(call.napi, "mkldnn");
    default: return js_string(call.napi, "other");
  }
}

napi_value size_at(Call& call) { return js_int64(call.napi, call.tensor(0).size(call.integer(1))); }

napi_value is_contiguous(Call& call) {
  auto format = c10::MemoryFormat::Contiguous;
  if (!call.missing(1)) {
    auto named = memory_format_of_name(call.string(1));
    if (!named) throw TypedError("value", "unknown memory format '" + call.string(1) + "'");
    format = *named;
  }
  return js_bool(call.napi, call.tensor(0).is_contiguous(format));
}

napi_value requires_grad(Call& call) { return js_bool(call.napi, call.tensor(0).requires_grad()); }
napi_value set_requires_grad(Call& call) {
  const at::Tensor& t = call.tensor(0);
  bool wanted = call.boolean(1);
  if (!wanted && !t.is_leaf())
    throw TypedError("autograd",
                     "you can only change requiresGrad flags of leaf variables. If you want to use a computed variable in a "
                     "subgraph that doesn't require differentiation use x.detach()");
  if (wanted && !(at::isFloatingType(t.scalar_type()) || at::isComplexType(t.scalar_type())))
    throw TypedError("dtype", std::string("only tensors of floating point and complex dtype can require gradients, got ") +
                                  dtype_name(t.scalar_type()));
  t.set_requires_grad(wanted);
  return js_undefined(call.napi);
}
napi_value is_leaf(Call& call) { return js_bool(call.napi, call.tensor(0).is_leaf()); }
napi_value grad(Call& call) { return call.env->handles->wrap(call.tensor(0).grad()); }
napi_value set_grad(Call& call) {
  const at::Tensor& t = call.tensor(0);
  at::Tensor value = call.optional_tensor(1);
  if (value.defined()) {
    if (value.sizes() != t.sizes())
      throw TypedError("shape", c10::str("assigned grad has data of a different size: ", value.sizes(), " for a tensor of size ", t.sizes()));
    if (value.scalar_type() != t.scalar_type())
      throw TypedError("dtype", std::string("assigned grad has dtype ") + dtype_name(value.scalar_type()) + ", the tensor " + dtype_name(t.scalar_type()));
    if (value.device() != t.device())
      throw TypedError("device", "assigned grad is on " + value.device().str() + ", the tensor on " + t.device().str());
  }
  t.mutable_grad() = value;
  return js_undefined(call.napi);
}
napi_value retain_grad(Call& call) {
  call.tensor(0).retain_grad();
  return js_undefined(call.napi);
}
napi_value grad_fn_name(Call& call) {
  const auto& fn = call.tensor(0).grad_fn();
  return fn ? js_string(call.napi, fn->name()) : js_null(call.napi);
}
napi_value variable_data(Call& call) { return call.env->handles->wrap(call.tensor(0).variable_data()); }
napi_value set_data(Call& call) {
  call.tensor(0).set_data(call.tensor(1));
  return js_undefined(call.napi);
}
napi_value version_of(Call& call) { return js_number(call.napi, call.tensor(0)._version()); }
napi_value is_inference(Call& call) { return js_bool(call.napi, call.tensor(0).is_inference()); }
napi_value is_view(Call& call) { return js_bool(call.napi, call.tensor(0).is_view()); }
napi_value data_ptr(Call& call) {
  napi_value v;
  check(call.napi, napi_create_bigint_uint64(call.napi, reinterpret_cast<uint64_t>(call.tensor(0).const_data_ptr()), &v));
  return v;
}
napi_value storage_id(Call& call) {
  const at::Tensor& t = call.tensor(0);
  napi_value v;
  auto* impl = t.has_storage() ? t.storage().unsafeGetStorageImpl() : nullptr;
  check(call.napi, napi_create_bigint_uint64(call.napi, reinterpret_cast<uint64_t>(impl), &v));
  return v;
}
napi_value storage_bytes(Call& call) {
  const at::Tensor& t = call.tensor(0);
  return js_int64(call.napi, t.has_storage() ? static_cast<int64_t>(t.storage().nbytes()) : 0);
}

// The same tensor under a new handle (nn.Parameter, Tensor.alias): autograd state is shared.
napi_value same(Call& call) { return call.env->handles->wrap(call.tensor(0)); }
napi_value is_same(Call& call) { return js_bool(call.napi, call.tensor(0).is_same(call.tensor(1))); }

napi_value dispose(Call& call) {
  Handle* handle = call.env->handles->handle(call.napi, call.at(0));
  if (!handle) throw TypedError("type", "argument 1 must be a Tensor");
  call.env->handles->dispose(handle);
  return js_undefined(call.napi);
}
napi_value is_disposed(Call& call) {
  Handle* handle = call.env->handles->handle(call.napi, call.at(0));
  return js_bool(call.napi, handle && handle->kind == HandleKind::Disposed);
}

napi_value memory_stats(Call& call) {
  if (call.env->sweep_handles) call.env->handles->sweep();  // what was collected counts no more
  napi_value object;
  check(call.napi, napi_create_object(call.napi, &object));
  auto set = [&](const char* name, int64_t value) {
    check(call.napi, napi_set_named_property(call.napi, object, name, js_number(call.napi, static_cast<double>(value))));
  };
  set("tensors", call.env->live_handles);
  set("bytes", call.env->external_bytes);
  return object;
}

napi_value get_default_dtype(Call& call) {
  return js_string(call.napi, dtype_name(c10::typeMetaToScalarType(at::get_default_dtype())));
}
napi_value set_default_dtype(Call& call) {
  auto type = dtype_of_name(call.string(0));
  if (!type || !(*type == c10::kFloat || *type == c10::kDouble || *type == c10::kHalf || *type == c10::kBFloat16))
    throw TypedError("dtype", "the default dtype must be a floating point type, got " + call.string(0));
  at::set_default_dtype(c10::scalarTypeToTypeMeta(*type));
  return js_undefined(call.napi);
}
napi_value promote_types(Call& call) {
  auto a = dtype_of_name(call.string(0)), b = dtype_of_name(call.string(1));
  if (!a || !b) throw TypedError("dtype", "unknown dtype");
  return js_string(call.napi, dtype_name(c10::promoteTypes(*a, *b)));
}
napi_value result_type(Call& call) { return js_string(call.napi, dtype_name(at::result_type(call.tensor(0), call.tensor(1)))); }

napi_value get_num_threads(Call& call) { return js_number(call.napi, at::get_num_threads()); }
napi_value set_num_threads(Call& call) {
  int64_t n = call.integer(0);
  if (n < 1) throw TypedError("value", "setNumThreads expects a positive number of threads, got " + std::to_string(n));
  at::set_num_threads(static_cast<int>(n));
  return js_undefined(call.napi);
}
napi_value show_config(Call& call) { return js_string(call.napi, at::show_config()); }
napi_value set_deterministic(Call& call) {
  at::globalContext().setDeterministicAlgorithms(call.boolean(0), call.boolean_or(1, false));
  return js_undefined(call.napi);
}
napi_value libtorch_version(Call& call) { return js_string(call.napi, TORCH_VERSION); }

}  // namespace

void register_info(Env* env, napi_value e) {
  define(env, e, "shape", entry<shape>);
  define(env, e, "strides", entry<strides>);
  define(env, e, "dim", entry<dim>);
  define(env, e, "numel", entry<numel>);
  define(env, e, "storageOffset", entry<storage_offset>);
  define(env, e, "dtype", entry<dtype>);
  define(env, e, "device", entry<device>);
  define(env, e, "layout", entry<layout>);
  define(env, e, "elementSize", entry<element_size>);
  define(env, e, "sizeAt", entry<size_at>);
  define(env, e, "isContiguous", entry<is_contiguous>);
  define(env, e, "requiresGrad", entry<requires_grad>);
  define(env, e, "setRequiresGrad", entry<set_requires_grad>);
  define(env, e, "isLeaf", entry<is_leaf>);
  define(env, e, "grad", entry<grad>);
  define(env, e, "setGrad", entry<set_grad>);
  define(env, e, "retainGrad", entry<retain_grad>);
  define(env, e, "gradFnName", entry<grad_fn_name>);
  define(env, e, "variableData", entry<variable_data>);
  define(env, e, "setData", entry<set_data>);
  define(env, e, "version", entry<version_of>);
  define(env, e, "isInference", entry<is_inference>);
  define(env, e, "isView", entry<is_view>);
  define(env, e, "dataPtr", entry<data_ptr>);
  define(env, e, "storageId", entry<storage_id>);
  define(env, e, "storageBytes", entry<storage_bytes>);
  define(env, e, "same", entry<same>);
  define(env, e, "isSame", entry<is_same>);
  define(env, e, "dispose", entry<dispose>);
  define(env, e, "isDisposed", entry<is_disposed>);
  define(env, e, "memoryStats", entry<memory_stats>);
  define(env, e, "getDefaultDtype", entry<get_default_dtype>);
  define(env, e, "setDefaultDtype", entry<set_default_dtype>);
  define(env, e, "promoteTypes", entry<promote_types>);
  define(env, e, "resultType", entry<result_type>);
  define(env, e, "getNumThreads", entry<get_num_threads>);
  define(env, e, "setNumThreads", entry<set_num_threads>);
  define(env, e, "showConfig", entry<show_config>);
  define(env, e, "setDeterministic", entry<set_deterministic>);
  define(env, e, "libtorchVersion", entry<libtorch_version>);
}

}  // namespace torchts
