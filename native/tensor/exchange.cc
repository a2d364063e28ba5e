// Data between JavaScript memory and tensors. Always copied: V8 may move or free its buffers.
#include <cstring>

#include <ATen/ATen.h>

#include "dispatch/convert.h"
#include "support/call.h"

namespace torchts {
namespace {

struct Bytes {
  void* data;
  size_t length;  // bytes
};

Bytes bytes_of(Call& call, size_t i) {
  bool is_typed = false, is_buffer = false;
  napi_value value = call.at(i);
  if (value) check(call.napi, napi_is_typedarray(call.napi, value, &is_typed));
  if (is_typed) {
    napi_typedarray_type type;
    size_t length, offset;
    void* data;
    napi_value buffer;
    check(call.napi, napi_get_typedarray_info(call.napi, value, &type, &length, &data, &buffer, &offset));
    static const size_t widths[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
    // Newer element kinds (Float16Array) follow the eleven of level 10.
    size_t width = static_cast<size_t>(type) < 11 ? widths[type] : 2;
    return {data, length * width};
  }
  if (value) check(call.napi, napi_is_arraybuffer(call.napi, value, &is_buffer));
  if (!is_buffer) throw TypedError("type", "expected a typed array, Buffer or ArrayBuffer");
  void* data;
  size_t length;
  check(call.napi, napi_get_arraybuffer_info(call.napi, value, &data, &length));
  return {data, length};
}

c10::ScalarType dtype_at(Call& call, size_t i) {
  auto type = dtype_of_name(call.string(i));
  if (!type) throw TypedError("dtype", "unknown dtype '" + call.string(i) + "'");
  return *type;
}

// fromBytes(bytes, sourceDtype, shape, dtype, device|null, byteOffset): the data of `bytes` read as
// sourceDtype, converted to dtype.
napi_value from_bytes(Call& call) {
  Bytes bytes = bytes_of(call, 0);
  c10::ScalarType source = dtype_at(call, 1);
  std::vector<int64_t> shape = call.integers(2);
  c10::ScalarType target = dtype_at(call, 3);
  size_t offset = call.missing(5) ? 0 : static_cast<size_t>(call.integer(5));
  int64_t count = 1;
  for (int64_t d : shape) {
    if (d < 0) throw TypedError("shape", "negative dimension " + std::to_string(d));
    if (d != 0 && count > (int64_t(1) << 60) / d) throw TypedError("shape", "the shape has too many elements");
    count *= d;
  }
  size_t wanted = static_cast<size_t>(count) * c10::elementSize(source);
  if (offset > bytes.length || wanted > bytes.length - offset)
    throw TypedError("shape", c10::str("shape [", c10::Join(", ", shape), "] of ", dtype_name(source), " needs ", wanted,
                                       " bytes, but ", bytes.length - std::min(offset, bytes.length), " are given"));
  at::Tensor result = at::empty(shape, at::TensorOptions().dtype(source));
  if (wanted) std::memcpy(result.mutable_data_ptr(), static_cast<const char*>(bytes.data) + offset, wanted);
  if (source == c10::kBool && wanted) {
    // Any other byte than 0 and 1 is no bool for LibTorch's kernels.
    auto* flags = static_cast<uint8_t*>(result.mutable_data_ptr());
    for (size_t i = 0; i < wanted; ++i) flags[i] = flags[i] != 0;
  }
  if (target != source) result = result.to(target);
  if (!call.missing(4)) result = result.to(c10::Device(call.string(4)));
  return call.env->handles->wrap(std::move(result));
}

// toBytes(tensor): an ArrayBuffer with the elements in row-major order.
napi_value to_bytes(Call& call) {
  at::Tensor t = call.tensor(0).detach();
  if (t.is_conj()) t = t.resolve_conj();
  if (t.is_neg()) t = t.resolve_neg();
  if (t.layout() != c10::kStrided) throw TypedError("type", "only dense (strided) tensors have a typed array; use toDense() first");
  t = t.cpu().contiguous();
  void* data;
  napi_value buffer;
  size_t length = t.nbytes();
  check(call.napi, napi_create_arraybuffer(call.napi, length, &data, &buffer));
  if (length) std::memcpy(data, t.const_data_ptr(), length);
  return buffer;
}

// copyInto(tensor, bytes): writes the bytes over the tensor's elements (row-major), same dtype.
napi_value copy_into(Call& call) {
  at::Tensor t = call.tensor(0).detach();
  Bytes bytes = bytes_of(call, 1);
  if (bytes.length != t.nbytes())
    throw TypedError("shape", c10::str("the tensor has ", t.nbytes(), " bytes, ", bytes.length, " are given"));
  if (bytes.length == 0) return js_undefined(call.napi);
  at::Tensor view = at::from_blob(bytes.data, t.sizes(), at::TensorOptions().dtype(t.scalar_type()));
  t.copy_(view);
  return js_undefined(call.napi);
}

// item(tensor): number | bigint (int64 beyond 2^53) | boolean | [re, im]
napi_value item(Call& call) {
  const at::Tensor& t = call.tensor(0);
  if (t.numel() != 1)
    throw TypedError("shape", c10::str("a Tensor with ", t.numel(), " elements cannot be converted to a number; item() needs exactly one"));
  at::Scalar value = t.item();
  if (value.isBoolean()) return js_bool(call.napi, value.toBool());
  if (value.isComplex()) {
    auto number = value.toComplexDouble();
    napi_value pair;
    check(call.napi, napi_create_array_with_length(call.napi, 2, &pair));
    check(call.napi, napi_set_element(call.napi, pair, 0, js_number(call.napi, number.real())));
    check(call.napi, napi_set_element(call.napi, pair, 1, js_number(call.napi, number.imag())));
    return pair;
  }
  if (value.isIntegral(false)) {
    if (value.type() == c10::kUInt64) {
      uint64_t wide = value.toUInt64();
      if (wide <= (uint64_t(1) << 53)) return js_number(call.napi, static_cast<double>(wide));
      napi_value big;
      check(call.napi, napi_create_bigint_uint64(call.napi, wide, &big));
      return big;
    }
    return js_int64(call.napi, value.toLong());
  }
  return js_number(call.napi, value.toDouble());
}

}  // namespace

void register_exchange(Env* env, napi_value e) {
  define(env, e, "fromBytes", entry<from_bytes>);
  define(env, e, "toBytes", entry<to_bytes>);
  define(env, e, "copyInto", entry<copy_into>);
  define(env, e, "item", entry<item>);
}

}  // namespace torchts
