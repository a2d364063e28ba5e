#include "support/call.h"

#include <cmath>

namespace torchts {

napi_valuetype Call::type(size_t i) const {
  if (i >= argc) return napi_undefined;
  napi_valuetype t;
  check(napi, napi_typeof(napi, argv[i], &t));
  return t;
}

bool Call::missing(size_t i) const {
  auto t = type(i);
  return t == napi_undefined || t == napi_null;
}

const at::Tensor& Call::tensor(size_t i) const {
  if (i < argc) {
    if (const at::Tensor* t = env->handles->tensor(napi, argv[i])) return *t;
  }
  throw TypedError("type", "argument " + std::to_string(i + 1) + " must be a Tensor");
}

at::Tensor Call::optional_tensor(size_t i) const { return missing(i) ? at::Tensor() : tensor(i); }

std::vector<at::Tensor> Call::tensors(size_t i, bool undefined_allowed) const {
  bool is_array = false;
  if (i < argc) check(napi, napi_is_array(napi, argv[i], &is_array));
  if (!is_array) throw TypedError("type", "argument " + std::to_string(i + 1) + " must be an array of Tensors");
  auto elements = read_elements(napi, argv[i]);
  std::vector<at::Tensor> result;
  result.reserve(elements.size());
  for (size_t k = 0; k < elements.size(); ++k) {
    napi_value element = elements[k];
    const at::Tensor* t = env->handles->tensor(napi, element);
    if (t) {
      result.push_back(*t);
      continue;
    }
    napi_valuetype vt;
    check(napi, napi_typeof(napi, element, &vt));
    if (!undefined_allowed || (vt != napi_null && vt != napi_undefined))
      throw TypedError("type", "element " + std::to_string(k) + " of argument " + std::to_string(i + 1) + " must be a Tensor");
    result.emplace_back();
  }
  return result;
}

double Call::number(size_t i) const {
  if (type(i) != napi_number) throw TypedError("type", "argument " + std::to_string(i + 1) + " must be a number");
  double value;
  check(napi, napi_get_value_double(napi, argv[i], &value));
  return value;
}

int64_t Call::integer(size_t i) const {
  if (type(i) == napi_bigint) {
    int64_t value;
    bool lossless;
    check(napi, napi_get_value_bigint_int64(napi, argv[i], &value, &lossless));
    if (!lossless) throw TypedError("value", "argument " + std::to_string(i + 1) + " does not fit 64 bits");
    return value;
  }
  double value = number(i);
  if (std::trunc(value) != value || std::abs(value) > 9007199254740992.0)
    throw TypedError("type", "argument " + std::to_string(i + 1) + " must be a whole number, got " + std::to_string(value));
  return static_cast<int64_t>(value);
}

bool Call::boolean(size_t i) const {
  if (type(i) != napi_boolean) throw TypedError("type", "argument " + std::to_string(i + 1) + " must be a boolean");
  bool value;
  check(napi, napi_get_value_bool(napi, argv[i], &value));
  return value;
}

std::string read_string(napi_env env, napi_value value) {
  // Names are short: one call reads them, where asking for the length first would take two.
  char name[64];
  size_t length = 0;
  check(env, napi_get_value_string_utf8(env, value, name, sizeof name, &length));
  if (length + 4 < sizeof name) return std::string(name, length);  // a longer one may have lost a character
  check(env, napi_get_value_string_utf8(env, value, nullptr, 0, &length));
  std::string text(length, '\0');
  check(env, napi_get_value_string_utf8(env, value, text.data(), length + 1, &length));
  return text;
}

std::string Call::string(size_t i) const {
  if (type(i) != napi_string) throw TypedError("type", "argument " + std::to_string(i + 1) + " must be a string");
  return read_string(napi, argv[i]);
}

std::vector<int64_t> Call::integers(size_t i) const {
  bool is_array = false;
  if (i < argc) check(napi, napi_is_array(napi, argv[i], &is_array));
  if (!is_array) throw TypedError("type", "argument " + std::to_string(i + 1) + " must be an array of whole numbers");
  auto elements = read_elements(napi, argv[i]);
  std::vector<int64_t> result(elements.size());
  for (size_t k = 0; k < elements.size(); ++k) {
    double value;
    if (napi_get_value_double(napi, elements[k], &value) != napi_ok || std::trunc(value) != value)
      throw TypedError("type", "element " + std::to_string(k) + " of argument " + std::to_string(i + 1) + " must be a whole number");
    result[k] = static_cast<int64_t>(value);
  }
  return result;
}

void* Call::external(size_t i, const napi_type_tag& tag) const {
  bool ours = false;
  void* data = nullptr;
  if (type(i) != napi_external || napi_check_object_type_tag(napi, argv[i], &tag, &ours) != napi_ok || !ours) return nullptr;
  check(napi, napi_get_value_external(napi, argv[i], &data));
  return data;
}

std::vector<napi_value> read_elements(napi_env env, napi_value array) {
  uint32_t length = 0;
  check(env, napi_get_array_length(env, array, &length));
  std::vector<napi_value> elements(length);
  for (uint32_t i = 0; i < length; ++i) check(env, napi_get_element(env, array, i, &elements[i]));
  return elements;
}

void define(Env* env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  check(env->env, napi_create_function(env->env, name, NAPI_AUTO_LENGTH, callback, env, &function));
  check(env->env, napi_set_named_property(env->env, exports, name, function));
}

napi_value js_undefined(napi_env env) {
  napi_value v;
  check(env, napi_get_undefined(env, &v));
  return v;
}
napi_value js_null(napi_env env) {
  napi_value v;
  check(env, napi_get_null(env, &v));
  return v;
}
napi_value js_number(napi_env env, double value) {
  napi_value v;
  check(env, napi_create_double(env, value, &v));
  return v;
}
napi_value js_bool(napi_env env, bool value) {
  napi_value v;
  check(env, napi_get_boolean(env, value, &v));
  return v;
}
napi_value js_string(napi_env env, const std::string& value) {
  napi_value v;
  check(env, napi_create_string_utf8(env, value.data(), value.size(), &v));
  return v;
}
napi_value js_int64(napi_env env, int64_t value) {
  napi_value v;
  constexpr int64_t kExact = int64_t(1) << 53;
  if (value == static_cast<int32_t>(value))
    check(env, napi_create_int32(env, static_cast<int32_t>(value), &v));  // no heap number
  else if (value >= -kExact && value <= kExact)
    check(env, napi_create_double(env, static_cast<double>(value), &v));
  else
    check(env, napi_create_bigint_int64(env, value, &v));
  return v;
}
napi_value js_integers(napi_env env, c10::ArrayRef<int64_t> values) {
  napi_value array;
  check(env, napi_create_array_with_length(env, values.size(), &array));
  for (size_t i = 0; i < values.size(); ++i)
    check(env, napi_set_element(env, array, static_cast<uint32_t>(i), js_int64(env, values[i])));
  return array;
}

}  // namespace torchts
