#include "dispatch/convert.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <unordered_map>

#include <ATen/ScalarOps.h>

namespace torchts {

namespace {

const std::pair<const char*, c10::ScalarType> kDTypes[] = {
    {"float32", c10::kFloat},          {"float64", c10::kDouble},     {"float16", c10::kHalf},
    {"bfloat16", c10::kBFloat16},      {"int64", c10::kLong},         {"int32", c10::kInt},
    {"int16", c10::kShort},            {"int8", c10::kChar},          {"uint8", c10::kByte},
    {"bool", c10::kBool},              {"complex64", c10::kComplexFloat}, {"complex128", c10::kComplexDouble},
    {"complex32", c10::kComplexHalf},  {"uint16", c10::kUInt16},      {"uint32", c10::kUInt32},
    {"uint64", c10::kUInt64},          {"float8_e4m3fn", c10::kFloat8_e4m3fn}, {"float8_e5m2", c10::kFloat8_e5m2},
    {"float8_e4m3fnuz", c10::kFloat8_e4m3fnuz}, {"float8_e5m2fnuz", c10::kFloat8_e5m2fnuz},
    {"qint8", c10::kQInt8},            {"quint8", c10::kQUInt8},      {"qint32", c10::kQInt32},
    {"float", c10::kFloat},            {"double", c10::kDouble},      {"half", c10::kHalf},
    {"long", c10::kLong},              {"int", c10::kInt},            {"short", c10::kShort},
    {"cfloat", c10::kComplexFloat},    {"cdouble", c10::kComplexDouble},
};

bool is_whole(double value) { return std::trunc(value) == value && std::abs(value) < 9.2e18; }

}  // namespace

bool read_int(napi_env env, napi_value value, int64_t& result) {
  double number;
  if (napi_get_value_double(env, value, &number) == napi_ok) {
    if (!is_whole(number)) return false;
    result = static_cast<int64_t>(number);
    return true;
  }
  bool lossless = false;
  return napi_get_value_bigint_int64(env, value, &result, &lossless) == napi_ok && lossless;
}

namespace {

// A scalar of dimension 0 where Python takes it for a number.
bool item_of(Env* env, napi_value value, at::Scalar& result) {
  const at::Tensor* t = env->handles->tensor(env->env, value);
  if (!t || t->dim() != 0 || t->requires_grad()) return false;
  result = t->item();
  return true;
}

// A number as operand is a tensor that gives way in type promotion. Loops use the same few numbers, so
// the last ones are kept: nothing writes to them, as no operator returns an operand of its own accord.
//
// Beside a float tensor the number has that tensor's dtype from the start: the result would have it anyway,
// and the kernel is spared a conversion that costs more than a small tensor's arithmetic. (Not for float16
// and bfloat16, whose kernels compute with the number in full precision.)
at::Tensor wrapped_number(Env* env, const at::Scalar& scalar, c10::ScalarType dtype) {
  at::Tensor wrapped;
  const auto make = [&] {
    wrapped = at::scalar_to_tensor(scalar);
    if (dtype != c10::ScalarType::Undefined) wrapped = wrapped.to(dtype);
    wrapped.unsafeGetTensorImpl()->set_wrapped_number(true);
    return wrapped;
  };
  if (scalar.isComplex()) return make();
  uint64_t bits = 0;
  if (scalar.isFloatingPoint())
    bits = std::bit_cast<uint64_t>(scalar.toDouble());
  else if (scalar.isIntegral(true) && scalar.type() != c10::kUInt64)
    bits = static_cast<uint64_t>(scalar.to<int64_t>());
  else
    bits = scalar.toUInt64();
  Env::Number& slot = env->numbers[(bits ^ (bits >> 32) ^ (bits >> 52)) % env->numbers.size()];
  if (slot.tensor.defined() && slot.bits == bits && slot.type == scalar.type() && slot.dtype == dtype) return slot.tensor;
  slot = {bits, scalar.type(), dtype, make()};
  return wrapped;
}

// The dtype that a number takes beside `like`; undefined where promotion has to decide.
c10::ScalarType dtype_beside(const at::Tensor* like, const at::Scalar& scalar) {
  if (!like || scalar.isComplex() || scalar.isBoolean()) return c10::ScalarType::Undefined;
  const c10::ScalarType type = like->scalar_type();
  return type == c10::kFloat || type == c10::kDouble ? type : c10::ScalarType::Undefined;
}

}  // namespace

bool read_scalar(Env* env, napi_value value, napi_valuetype type, at::Scalar& result) {
  napi_env napi = env->env;
  switch (type) {
    case napi_number: {
      double number;
      napi_get_value_double(napi, value, &number);
      // -0 has no integer form.
      if (is_whole(number) && !(number == 0 && std::signbit(number)))
        result = static_cast<int64_t>(number);
      else
        result = number;
      return true;
    }
    case napi_bigint: {
      int64_t number;
      bool lossless = false;
      napi_get_value_bigint_int64(napi, value, &number, &lossless);
      if (!lossless) {
        uint64_t wide;
        napi_get_value_bigint_uint64(napi, value, &wide, &lossless);
        if (!lossless) throw TypedError("value", "a bigint operand must fit 64 bits");
        result = at::Scalar(wide);
        return true;
      }
      result = number;
      return true;
    }
    case napi_boolean: {
      bool flag;
      napi_get_value_bool(napi, value, &flag);
      result = flag;
      return true;
    }
    case napi_object: {
      // A complex number comes as Float64Array [re, im] (lib/ops/unwrap.ts).
      bool is_typed = false;
      napi_is_typedarray(napi, value, &is_typed);
      if (!is_typed) return false;
      napi_typedarray_type kind;
      size_t length;
      void* data;
      if (napi_get_typedarray_info(napi, value, &kind, &length, &data, nullptr, nullptr) != napi_ok) return false;
      if (kind != napi_float64_array || length != 2) return false;
      auto* parts = static_cast<double*>(data);
      result = c10::complex<double>(parts[0], parts[1]);
      return true;
    }
    default:
      return false;
  }
}

bool number_operand(Env* env, Numbers numbers, napi_value value, const at::Tensor* like, at::Tensor& result) {
  napi_valuetype type;
  check(env->env, napi_typeof(env->env, value, &type));
  at::Scalar scalar;
  if (!read_scalar(env, value, type, scalar)) return false;
  const c10::ScalarType dtype = dtype_beside(like, scalar);
  if (numbers == Numbers::Compared) {
    if (dtype == c10::ScalarType::Undefined) return false;
    if (like->layout() != c10::kStrided || like->is_nested()) return false;
  }
  result = wrapped_number(env, scalar, dtype);
  return true;
}

namespace {

// An element of a list of integers: a number, or a tensor that holds one.
bool read_element(Env* env, napi_value element, Strictness strictness, int64_t& number) {
  if (read_int(env->env, element, number)) return true;
  at::Scalar scalar;
  if (strictness != Strictness::Lenient || !item_of(env, element, scalar) || !scalar.isIntegral(false)) return false;
  number = scalar.toLong();
  return true;
}

template <typename F>
bool each_element(napi_env env, napi_value value, F&& take) {
  bool is_array = false;
  napi_is_array(env, value, &is_array);
  if (!is_array) return false;
  uint32_t length = 0;
  napi_get_array_length(env, value, &length);
  for (uint32_t i = 0; i < length; ++i) {
    napi_value element;
    check(env, napi_get_element(env, value, i, &element));
    if (!take(element, length)) return false;
  }
  return true;
}

bool convert_list(Env* env, const ArgPlan& plan, napi_value value, napi_valuetype type, Strictness strictness,
                  c10::IValue& result) {
  napi_env napi = env->env;
  switch (plan.kind) {
    case ArgKind::TensorList: {
      c10::List<at::Tensor> list;
      if (!each_element(napi, value, [&](napi_value element, uint32_t length) {
            if (list.empty()) list.reserve(length);
            const at::Tensor* t = env->handles->tensor(napi, element);
            if (t) list.push_back(*t);
            return t != nullptr;
          }))
        return false;
      result = std::move(list);
      return true;
    }
    case ArgKind::OptionalTensorList: {
      c10::List<std::optional<at::Tensor>> list;
      if (!each_element(napi, value, [&](napi_value element, uint32_t) {
            napi_valuetype t;
            napi_typeof(napi, element, &t);
            if (t == napi_null || t == napi_undefined) {
              list.push_back(std::nullopt);
              return true;
            }
            const at::Tensor* tensor = env->handles->tensor(napi, element);
            if (tensor) list.push_back(*tensor);
            return tensor != nullptr;
          }))
        return false;
      result = std::move(list);
      return true;
    }
    case ArgKind::IntList: {
      if (plan.fixed_size > 0 && (type == napi_number || type == napi_bigint)) {
        int64_t number;
        if (!read_int(napi, value, number)) return false;
        result = std::vector<int64_t>(plan.fixed_size, number);
        return true;
      }
      std::vector<int64_t> list;
      if (!each_element(napi, value, [&](napi_value element, uint32_t length) {
            if (list.empty()) list.reserve(length);
            int64_t number;
            if (!read_element(env, element, strictness, number)) return false;
            list.push_back(number);
            return true;
          }))
        return false;
      result = std::move(list);
      return true;
    }
    case ArgKind::FloatList: {
      std::vector<double> list;
      if (plan.fixed_size > 0 && type == napi_number) {
        double number;
        napi_get_value_double(napi, value, &number);
        result = std::vector<double>(plan.fixed_size, number);
        return true;
      }
      if (!each_element(napi, value, [&](napi_value element, uint32_t) {
            double number;
            if (napi_get_value_double(napi, element, &number) != napi_ok) return false;
            list.push_back(number);
            return true;
          }))
        return false;
      result = std::move(list);
      return true;
    }
    case ArgKind::BoolList: {
      c10::List<bool> list;
      if (!each_element(napi, value, [&](napi_value element, uint32_t) {
            bool flag;
            if (napi_get_value_bool(napi, element, &flag) != napi_ok) return false;
            list.push_back(flag);
            return true;
          }))
        return false;
      result = std::move(list);
      return true;
    }
    case ArgKind::ScalarList: {
      auto list = c10::impl::GenericList(c10::NumberType::get());
      if (!each_element(napi, value, [&](napi_value element, uint32_t) {
            napi_valuetype t;
            napi_typeof(napi, element, &t);
            at::Scalar scalar;
            if (!read_scalar(env, element, t, scalar)) return false;
            list.push_back(c10::IValue(scalar));
            return true;
          }))
        return false;
      result = std::move(list);
      return true;
    }
    case ArgKind::StringList: {
      c10::List<std::string> list;
      if (!each_element(napi, value, [&](napi_value element, uint32_t) {
            napi_valuetype t;
            napi_typeof(napi, element, &t);
            if (t != napi_string) return false;
            list.push_back(read_string(napi, element));
            return true;
          }))
        return false;
      result = std::move(list);
      return true;
    }
    default:
      return false;
  }
}

bool convert_named(const ArgPlan& plan, const std::string& text, c10::IValue& result) {
  switch (plan.kind) {
    case ArgKind::DType: {
      auto dtype = dtype_of_name(text);
      if (!dtype) return false;
      result = *dtype;
      return true;
    }
    case ArgKind::Layout: {
      static const std::unordered_map<std::string, c10::Layout> layouts = {
          {"strided", c10::kStrided}, {"sparseCoo", c10::kSparse},    {"sparseCsr", c10::kSparseCsr},
          {"sparseCsc", c10::kSparseCsc}, {"sparseBsr", c10::kSparseBsr}, {"sparseBsc", c10::kSparseBsc},
          {"jagged", c10::kJagged}};
      auto found = layouts.find(text);
      if (found == layouts.end()) return false;
      result = found->second;
      return true;
    }
    case ArgKind::MemoryFormat: {
      auto format = memory_format_of_name(text);
      if (!format) return false;
      result = *format;
      return true;
    }
    case ArgKind::Device:
      try {
        result = text == "cpu" ? c10::Device(c10::kCPU) : c10::Device(text);  // the usual one is spared the parser
      } catch (const c10::Error& e) {
        throw TypedError("device", e.what_without_backtrace());
      }
      return true;
    case ArgKind::String:
      result = text;
      return true;
    default:
      return false;
  }
}

}  // namespace

bool convert_spread(Env* env, const napi_value* values, size_t count, Strictness strictness, c10::IValue& result) {
  std::vector<int64_t> list(count);
  for (size_t i = 0; i < count; ++i)
    if (!read_element(env, values[i], strictness, list[i])) return false;
  result = std::move(list);
  return true;
}

std::optional<c10::ScalarType> dtype_of_name(const std::string& name) {
  for (const auto& [text, type] : kDTypes)
    if (name == text) return type;
  return std::nullopt;
}

const char* dtype_name(c10::ScalarType type) {
  for (const auto& [text, listed] : kDTypes)
    if (listed == type) return text;
  return "undefined";
}

std::optional<c10::MemoryFormat> memory_format_of_name(const std::string& name) {
  if (name == "contiguousFormat") return c10::MemoryFormat::Contiguous;
  if (name == "preserveFormat") return c10::MemoryFormat::Preserve;
  if (name == "channelsLast") return c10::MemoryFormat::ChannelsLast;
  if (name == "channelsLast3d") return c10::MemoryFormat::ChannelsLast3d;
  return std::nullopt;
}

bool convert(Env* env, const ArgPlan& plan, napi_value value, Strictness strictness, c10::IValue& result) {
  napi_env napi = env->env;
  if (plan.kind == ArgKind::Tensor) {
    // The usual case first: it needs no look at the kind of the value.
    if (const at::Tensor* t = env->handles->tensor(napi, value)) {
      result = *t;
      return true;
    }
  }
  napi_valuetype type;
  check(napi, napi_typeof(napi, value, &type));
  if (type == napi_null || type == napi_undefined) {
    // `undefined` means the default, which the caller fills in; `null` is Python's None.
    if (!plan.optional || (type == napi_undefined && plan.kind != ArgKind::Tensor)) return false;
    result = c10::IValue();
    return true;
  }
  switch (plan.kind) {
    case ArgKind::Scalar: {
      at::Scalar scalar;
      if (type == napi_external) {
        if (strictness != Strictness::Lenient || !item_of(env, value, scalar)) return false;
      } else if (!read_scalar(env, value, type, scalar)) {
        return false;
      }
      result = scalar;
      return true;
    }
    case ArgKind::Int: {
      int64_t number;
      if (type == napi_external) {
        at::Scalar scalar;
        if (strictness != Strictness::Lenient || !item_of(env, value, scalar) || !scalar.isIntegral(false)) return false;
        number = scalar.toLong();
      } else if (!read_int(napi, value, number)) {
        return false;
      }
      result = number;
      return true;
    }
    case ArgKind::Float: {
      double number;
      if (type == napi_external) {
        at::Scalar scalar;
        if (strictness != Strictness::Lenient || !item_of(env, value, scalar) || scalar.isComplex()) return false;
        number = scalar.toDouble();
      } else if (napi_get_value_double(napi, value, &number) != napi_ok) {
        int64_t whole;
        if (!read_int(napi, value, whole)) return false;
        number = static_cast<double>(whole);
      }
      result = number;
      return true;
    }
    case ArgKind::Bool: {
      bool flag;
      if (napi_get_value_bool(napi, value, &flag) != napi_ok) return false;
      result = flag;
      return true;
    }
    case ArgKind::String:
    case ArgKind::DType:
    case ArgKind::Layout:
    case ArgKind::Device:
    case ArgKind::MemoryFormat:
      if (type != napi_string) return false;
      return convert_named(plan, read_string(napi, value), result);
    case ArgKind::Generator: {
      if (type != napi_external) return false;
      void* data = nullptr;
      napi_get_value_external(napi, value, &data);
      const at::Generator* generator = env->handles->generator(data);
      if (!generator) return false;
      result = *generator;
      return true;
    }
    case ArgKind::Tensor:
    case ArgKind::Any:
    case ArgKind::Unsupported:
      return false;
    default:
      return convert_list(env, plan, value, type, strictness, result);
  }
}

// The names of a named tuple.
static napi_value names_of(napi_env napi, const c10::FunctionSchema& schema) {
  napi_value names;
  uint32_t next = 0;
  check(napi, napi_create_array(napi, &names));
  for (const auto& argument : schema.arguments()) check(napi, napi_set_element(napi, names, next++, js_string(napi, argument.name())));
  return names;
}

napi_value to_js(Env* env, const c10::IValue& value) {
  napi_env napi = env->env;
  if (value.isTensor()) return env->handles->wrap(value.toTensor());
  if (value.isNone()) return js_null(napi);
  if (value.isBool()) return js_bool(napi, value.toBool());
  if (value.isInt()) return js_int64(napi, value.toInt());
  if (value.isSymInt()) return js_int64(napi, value.toSymInt().guard_int(__FILE__, __LINE__));
  if (value.isDouble()) return js_number(napi, value.toDouble());
  if (value.isString()) return js_string(napi, value.toStringRef());
  if (value.isDevice()) return js_string(napi, value.toDevice().str());
  if (value.isGenerator()) return env->handles->wrap_generator(value.toGenerator());
  napi_value array, element;
  check(napi, napi_create_array(napi, &array));
  uint32_t next = 0;
  auto push = [&](napi_value v) { check(napi, napi_set_element(napi, array, next++, v)); };
  if (value.isComplexDouble()) {
    auto number = value.toComplexDouble();
    push(js_undefined(napi));
    push(js_number(napi, number.real()));
    push(js_number(napi, number.imag()));
    return array;
  }
  if (value.isList()) {
    push(js_null(napi));
    for (const c10::IValue& item : value.toListRef()) {
      element = to_js(env, item);
      push(element);
    }
    return array;
  }
  if (value.isTuple()) {
    auto schema = value.type()->expectRef<c10::TupleType>().schema();
    push(schema ? names_of(napi, *schema) : js_null(napi));
    for (const c10::IValue& item : value.toTupleRef().elements()) {
      element = to_js(env, item);
      push(element);
    }
    return array;
  }
  if (value.isGenericDict()) {
    push(js_string(napi, "dict"));
    for (const auto& entry : value.toGenericDict()) {
      push(to_js(env, entry.key()));
      push(to_js(env, entry.value()));
    }
    return array;
  }
  throw TypedError("not_implemented", "a result of kind " + value.tagKind() + " has no JavaScript form");
}

std::string describe(Env* env, napi_value value) {
  napi_env napi = env->env;
  napi_valuetype type;
  if (napi_typeof(napi, value, &type) != napi_ok) return "?";
  switch (type) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_boolean:
      return "boolean";
    case napi_number: {
      double number;
      napi_get_value_double(napi, value, &number);
      return is_whole(number) ? "int" : "float";
    }
    case napi_bigint:
      return "bigint";
    case napi_string:
      return "'" + read_string(napi, value).substr(0, 40) + "'";
    case napi_external: {
      Handle* handle = env->handles->handle(napi, value);
      return handle && handle->kind == HandleKind::Generator ? "Generator" : "Tensor";
    }
    case napi_object: {
      bool is_array = false;
      napi_is_array(napi, value, &is_array);
      if (!is_array) return "complex";
      uint32_t length = 0;
      napi_get_array_length(napi, value, &length);
      std::string text = "[";
      for (uint32_t i = 0; i < length && i < 4; ++i) {
        napi_value element;
        napi_get_element(napi, value, i, &element);
        text += (i ? ", " : "") + describe(env, element);
      }
      return text + (length > 4 ? ", …]" : "]");
    }
    default:
      return "function";
  }
}

}  // namespace torchts
