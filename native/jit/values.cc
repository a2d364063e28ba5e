#include "jit/values.h"

#include <cmath>

#include "dispatch/convert.h"
#include "support/call.h"

namespace torchts {
namespace {

[[noreturn]] void refuse(Env* env, napi_value value, const std::string& expected, const std::string& name) {
  throw TypedError("argument", name + " expects " + expected + ", got " + describe(env, value));
}

napi_valuetype type_of(Env* env, napi_value value) {
  napi_valuetype type = napi_undefined;
  if (value) napi_typeof(env->env, value, &type);
  return type;
}

bool is_array(Env* env, napi_value value) {
  bool array = false;
  napi_is_array(env->env, value, &array);
  return array;
}

std::vector<std::pair<std::string, napi_value>> entries(Env* env, napi_value object) {
  napi_value names, value;
  check(env->env, napi_get_property_names(env->env, object, &names));
  std::vector<std::pair<std::string, napi_value>> found;
  for (napi_value name : read_elements(env->env, names)) {
    check(env->env, napi_get_property(env->env, object, name, &value));
    found.emplace_back(read_string(env->env, name), value);
  }
  return found;
}

std::string element_name(const std::string& name, size_t i) { return name + "[" + std::to_string(i) + "]"; }

c10::IValue number_as(Env* env, napi_value value, bool whole, const std::string& name) {
  int64_t integer;
  bool lossless = false;
  if (type_of(env, value) == napi_bigint) {
    if (napi_get_value_bigint_int64(env->env, value, &integer, &lossless) == napi_ok && lossless) return integer;
    refuse(env, value, "a number of 64 bits", name);
  }
  double number;
  if (napi_get_value_double(env->env, value, &number) != napi_ok) refuse(env, value, whole ? "int" : "float", name);
  if (!whole) return number;
  if (number != std::floor(number) || std::abs(number) > 9007199254740991.0) refuse(env, value, "int", name);
  return static_cast<int64_t>(number);
}

}  // namespace

c10::IValue to_ivalue(Env* env, napi_value value, const c10::TypePtr& type, const std::string& name) {
  napi_valuetype given = type_of(env, value);
  switch (type->kind()) {
    case c10::TypeKind::OptionalType:
      if (given == napi_undefined || given == napi_null) return c10::IValue();
      return to_ivalue(env, value, type->expectRef<c10::OptionalType>().getElementType(), name);
    case c10::TypeKind::TensorType: {
      const at::Tensor* tensor = given == napi_external ? env->handles->tensor(env->env, value) : nullptr;
      if (!tensor) refuse(env, value, "Tensor", name);
      return *tensor;
    }
    case c10::TypeKind::IntType:
      return number_as(env, value, true, name);
    case c10::TypeKind::FloatType:
      return number_as(env, value, false, name);
    case c10::TypeKind::NumberType: {
      double number;
      bool fraction = given == napi_number && napi_get_value_double(env->env, value, &number) == napi_ok && number != std::floor(number);
      return number_as(env, value, !fraction, name);
    }
    case c10::TypeKind::BoolType: {
      bool flag;
      if (napi_get_value_bool(env->env, value, &flag) != napi_ok) refuse(env, value, "bool", name);
      return flag;
    }
    case c10::TypeKind::StringType:
      if (given != napi_string) refuse(env, value, "str", name);
      return read_string(env->env, value);
    case c10::TypeKind::NoneType:
      if (given != napi_undefined && given != napi_null) refuse(env, value, "null", name);
      return c10::IValue();
    case c10::TypeKind::ListType: {
      if (!is_array(env, value)) refuse(env, value, type->repr_str() + " (an array)", name);
      auto element = type->expectRef<c10::ListType>().getElementType();
      c10::impl::GenericList list(element);
      auto items = read_elements(env->env, value);
      for (size_t i = 0; i < items.size(); ++i) list.push_back(to_ivalue(env, items[i], element, element_name(name, i)));
      return list;
    }
    case c10::TypeKind::TupleType: {
      auto types = type->expectRef<c10::TupleType>().elements();
      if (!is_array(env, value)) refuse(env, value, type->repr_str() + " (an array)", name);
      auto items = read_elements(env->env, value);
      if (items.size() != types.size())
        throw TypedError("argument", name + " expects " + type->repr_str() + ", got an array of " + std::to_string(items.size()));
      std::vector<c10::IValue> values;
      for (size_t i = 0; i < items.size(); ++i) values.push_back(to_ivalue(env, items[i], types[i], element_name(name, i)));
      return c10::ivalue::Tuple::create(std::move(values));
    }
    case c10::TypeKind::DictType: {
      const auto& dict_type = type->expectRef<c10::DictType>();
      if (given != napi_object || is_array(env, value) || dict_type.getKeyType()->kind() != c10::TypeKind::StringType)
        refuse(env, value, type->repr_str() + " (a plain object where the keys are strings)", name);
      c10::impl::GenericDict dict(dict_type.getKeyType(), dict_type.getValueType());
      for (auto& [key, item] : entries(env, value)) dict.insert(key, to_ivalue(env, item, dict_type.getValueType(), name + "." + key));
      return dict;
    }
    default:
      return to_traceable(env, value, name);
  }
}

c10::IValue to_traceable(Env* env, napi_value value, const std::string& name) {
  napi_valuetype given = type_of(env, value);
  if (given == napi_external) {
    const at::Tensor* tensor = env->handles->tensor(env->env, value);
    if (tensor) return *tensor;
  }
  if (is_array(env, value)) {
    std::vector<c10::IValue> values;
    auto items = read_elements(env->env, value);
    for (size_t i = 0; i < items.size(); ++i) values.push_back(to_traceable(env, items[i], element_name(name, i)));
    return c10::ivalue::Tuple::create(std::move(values));
  }
  if (given == napi_object) {
    auto items = entries(env, value);
    if (items.empty()) throw TypedError("argument", name + " is an object without entries, which the tracer cannot follow");
    std::vector<c10::IValue> values;
    for (auto& [key, item] : items) values.push_back(to_traceable(env, item, name + "." + key));
    c10::impl::GenericDict dict(c10::StringType::get(), values[0].type());
    for (size_t i = 0; i < values.size(); ++i) {
      if (*values[i].type() != *values[0].type())
        throw TypedError("argument", name + " must have values of one kind: ." + items[i].first + " is " + values[i].type()->repr_str() +
                                         ", the first is " + values[0].type()->repr_str());
      dict.insert(items[i].first, values[i]);
    }
    return dict;
  }
  refuse(env, value, "Tensors and (nested) arrays and plain objects of Tensors", name);
}

}  // namespace torchts
