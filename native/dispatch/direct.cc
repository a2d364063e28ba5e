// A boxed call turns every argument into an IValue, counts its references up and down, and has the kernel's
// adapter turn it back: for a small tensor that is a good part of the whole. Few C++ signatures serve most
// operators, so those are called with their types. The code knows signatures alone, never an operator; one
// that is not listed goes the boxed way with the same result.
#include "dispatch/direct.h"

#include <tuple>
#include <unordered_map>

#include <ATen/core/IListRef.h>
#include <c10/core/SymIntArrayRef.h>
#include <c10/util/SmallVector.h>

#include "dispatch/convert.h"

namespace torchts {

namespace {

// The arguments of one call while they are read.
struct Reader {
  Env* env;
  const Packet& packet;
  const OverloadPlan& overload;
  const Arguments& given;
  const at::Tensor* first = nullptr;  // operand 0, whose dtype numbers take
  size_t keywords_used = 0;
  bool spread = false;                // the list of integers took all positional values

  const ArgPlan& plan(size_t i) const { return overload.args[i]; }

  // What was given for argument i, or null for its default.
  napi_value value(size_t i) {
    const bool positional = i < given.count && i < overload.positional && !(spread && i > overload.self_args);
    napi_value found = positional ? given.values[i] : nullptr;
    for (size_t k = 0; k < given.keys.size(); ++k) {
      if (given.keys[k] != plan(i).key) continue;
      if (found) return found;  // given twice: the count of keywords will not agree
      ++keywords_used;
      return given.keyword(k);
    }
    return found;
  }
  bool complete() const {
    return keywords_used == given.keys.size() && (spread || given.count <= overload.positional);
  }
};

// How an argument of one C++ type is read and handed on. `read` is false where the value does not fit.
template <typename T>
struct Slot;

template <>
struct Slot<const at::Tensor&> {
  const at::Tensor* tensor = nullptr;
  at::Tensor number;
  bool read(Reader& r, size_t i) {
    napi_value value = r.value(i);
    if (!value) return false;
    tensor = r.env->handles->tensor(r.env->env, value);
    if (!tensor) {
      if (i > 1 || r.packet.numbers == Numbers::None) return false;
      if (!number_operand(r.env, r.packet.numbers, value, r.first, number)) return false;
      tensor = &number;
    }
    if (i == 0) r.first = tensor;
    return true;
  }
  const at::Tensor& get() { return *tensor; }
};

template <>
struct Slot<at::Tensor&> {
  at::Tensor* tensor = nullptr;
  bool read(Reader& r, size_t i) {
    napi_value value = r.value(i);
    if (!value) return false;
    // An in-place operator changes what the tensor holds, never which tensor the handle means.
    tensor = const_cast<at::Tensor*>(r.env->handles->tensor(r.env->env, value));
    r.first = tensor;
    return tensor != nullptr;
  }
  at::Tensor& get() { return *tensor; }
};

template <>
struct Slot<int64_t> {
  int64_t number = 0;
  bool read(Reader& r, size_t i) {
    if (napi_value value = r.value(i)) return read_int(r.env->env, value, number);
    if (!r.plan(i).has_default) return false;
    number = r.plan(i).default_value.toInt();
    return true;
  }
  int64_t get() { return number; }
};

template <>
struct Slot<c10::SymInt> : Slot<int64_t> {
  c10::SymInt get() { return number; }
};

template <>
struct Slot<const at::Scalar&> {
  at::Scalar scalar;
  bool read(Reader& r, size_t i) {
    if (napi_value value = r.value(i)) {
      napi_valuetype type;
      check(r.env->env, napi_typeof(r.env->env, value, &type));
      return read_scalar(r.env, value, type, scalar);
    }
    if (!r.plan(i).has_default) return false;
    scalar = r.plan(i).default_value.toScalar();
    return true;
  }
  const at::Scalar& get() { return scalar; }
};

// The rest, by the general conversion.
template <typename T>
struct Converted {
  T result{};
  bool read(Reader& r, size_t i) {
    const c10::IValue* source = &r.plan(i).default_value;
    c10::IValue converted;
    if (napi_value value = r.value(i)) {
      if (!convert(r.env, r.plan(i), value, Strictness::Strict, converted)) return false;
      source = &converted;
    } else if (!r.plan(i).has_default) {
      return false;
    }
    if constexpr (requires { typename T::value_type; }) {
      if (!source->isNone()) result = source->to<typename T::value_type>();
    } else {
      result = source->to<T>();
    }
    return true;
  }
  T& get() { return result; }
};

template <> struct Slot<bool> : Converted<bool> {};
template <> struct Slot<double> : Converted<double> {};
template <> struct Slot<std::optional<bool>> : Converted<std::optional<bool>> {};
template <> struct Slot<std::optional<int64_t>> : Converted<std::optional<int64_t>> {};
template <> struct Slot<std::optional<c10::ScalarType>> : Converted<std::optional<c10::ScalarType>> {};
template <> struct Slot<std::optional<c10::Layout>> : Converted<std::optional<c10::Layout>> {};
template <> struct Slot<std::optional<c10::Device>> : Converted<std::optional<c10::Device>> {};
template <> struct Slot<std::optional<c10::MemoryFormat>> : Converted<std::optional<c10::MemoryFormat>> {};
template <> struct Slot<const std::optional<at::Tensor>&> : Converted<std::optional<at::Tensor>> {};
template <> struct Slot<const std::optional<at::Scalar>&> : Converted<std::optional<at::Scalar>> {};

template <>
struct Slot<std::optional<c10::SymInt>> : Converted<std::optional<int64_t>> {
  std::optional<c10::SymInt> get() { return result ? std::optional<c10::SymInt>(*result) : std::nullopt; }
};

// A list of integers: an array, one number for int[1], or values given one by one (`x.view(2, -1)`).
struct Integers {
  c10::SmallVector<int64_t, 6> list;
  bool none = false;

  bool read(Reader& r, size_t i) {
    napi_env napi = r.env->env;
    napi_value value = r.value(i);
    if (!value) {
      const c10::IValue& fallback = r.plan(i).default_value;
      if (!r.plan(i).has_default) return false;
      none = fallback.isNone();
      if (!none)
        for (int64_t number : fallback.toIntVector()) list.push_back(number);
      return true;
    }
    int64_t number;
    if (r.overload.spreads && i == r.overload.self_args && r.given.count > i && read_int(napi, value, number)) {
      for (size_t k = i; k < r.given.count; ++k) {
        if (!read_int(napi, r.given.values[k], number)) return false;
        list.push_back(number);
      }
      r.spread = true;
      return true;
    }
    bool is_array = false;
    check(napi, napi_is_array(napi, value, &is_array));
    if (!is_array) {
      if (r.plan(i).fixed_size > 0 && read_int(napi, value, number)) {
        list.append(r.plan(i).fixed_size, number);
        return true;
      }
      napi_valuetype type;
      check(napi, napi_typeof(napi, value, &type));
      none = type == napi_null && r.plan(i).optional;
      return none;
    }
    uint32_t length = 0;
    check(napi, napi_get_array_length(napi, value, &length));
    for (uint32_t k = 0; k < length; ++k) {
      napi_value element;
      check(napi, napi_get_element(napi, value, k, &element));
      if (!read_int(napi, element, number)) return false;
      list.push_back(number);
    }
    return true;
  }
};

template <>
struct Slot<at::IntArrayRef> : Integers {
  at::IntArrayRef get() { return list; }
};
template <>
struct Slot<at::OptionalIntArrayRef> : Integers {
  at::OptionalIntArrayRef get() { return none ? at::OptionalIntArrayRef() : at::OptionalIntArrayRef(list); }
};
template <>
struct Slot<c10::SymIntArrayRef> : Integers {
  c10::SymIntArrayRef get() { return c10::fromIntArrayRefSlow(list); }
};

struct Tensors {
  c10::SmallVector<at::Tensor, 4> list;
  bool read(Reader& r, size_t i) {
    napi_env napi = r.env->env;
    napi_value value = r.value(i);
    bool is_array = false;
    if (value) check(napi, napi_is_array(napi, value, &is_array));
    if (!is_array) return false;
    uint32_t length = 0;
    check(napi, napi_get_array_length(napi, value, &length));
    list.reserve(length);
    for (uint32_t k = 0; k < length; ++k) {
      napi_value element;
      check(napi, napi_get_element(napi, value, k, &element));
      const at::Tensor* tensor = r.env->handles->tensor(napi, element);
      if (!tensor) return false;
      list.push_back(*tensor);
    }
    return true;
  }
};
template <>
struct Slot<at::TensorList> : Tensors {
  at::TensorList get() { return list; }
};
template <>
struct Slot<const at::ITensorListRef&> : Tensors {
  at::ITensorListRef get() { return at::ITensorListRef(at::TensorList(list)); }
};

template <typename Signature>
struct Direct;

template <typename Result, typename... Args>
struct Direct<Result(Args...)> final : DirectCall {
  c10::TypedOperatorHandle<Result(Args...)> op;
  explicit Direct(const c10::OperatorHandle& handle) : op(handle.typed<Result(Args...)>()) {}

  napi_value call(Env* env, const Packet& packet, const OverloadPlan& overload, const Arguments& given) const override {
    return call(Reader{env, packet, overload, given}, std::index_sequence_for<Args...>{});
  }

  template <size_t... I>
  napi_value call(Reader reader, std::index_sequence<I...>) const {
    std::tuple<Slot<Args>...> slots;
    if (!(std::get<I>(slots).read(reader, I) && ...) || !reader.complete()) return nullptr;
    if constexpr (std::is_reference_v<Result>) {
      // In place: the very handle that was given.
      napi_value self = reader.given.count > 0 ? reader.given.values[0] : nullptr;
      if (!self) return nullptr;
      op.call(std::get<I>(slots).get()...);
      return self;
    } else {
      return reader.env->handles->wrap(op.call(std::get<I>(slots).get()...));
    }
  }
};

using Make = std::unique_ptr<DirectCall> (*)(const c10::OperatorHandle&);

template <typename Signature>
std::unique_ptr<DirectCall> make(const c10::OperatorHandle& op) {
  return std::make_unique<Direct<Signature>>(op);
}

using T = const at::Tensor&;
using S = const at::Scalar&;
using OptT = const std::optional<at::Tensor>&;
using OptS = const std::optional<at::Scalar>&;
using OptD = std::optional<c10::ScalarType>;
using OptL = std::optional<c10::Layout>;
using OptDev = std::optional<c10::Device>;
using OptB = std::optional<bool>;
using OptM = std::optional<c10::MemoryFormat>;
using OptI = std::optional<int64_t>;
using OptSymI = std::optional<c10::SymInt>;
using Ints = at::IntArrayRef;
using OptInts = at::OptionalIntArrayRef;
using SymInts = c10::SymIntArrayRef;
using Own = at::Tensor;
using Self = at::Tensor&;

// By the types of the schema's arguments, `=` for the operators that change their first one.
const std::unordered_map<std::string, Make>& signatures() {
  static const auto* table = new std::unordered_map<std::string, Make>{
      {"Tensor", make<Own(T)>},
      {"Tensor Tensor", make<Own(T, T)>},
      {"Tensor Tensor Tensor", make<Own(T, T, T)>},
      {"Tensor Tensor Scalar", make<Own(T, T, S)>},
      {"Tensor Tensor Tensor?", make<Own(T, T, OptT)>},
      {"Tensor Scalar", make<Own(T, S)>},
      {"Tensor Scalar Scalar", make<Own(T, S, S)>},
      {"Tensor Scalar? Scalar?", make<Own(T, OptS, OptS)>},
      {"Tensor int", make<Own(T, int64_t)>},
      {"Tensor int int", make<Own(T, int64_t, int64_t)>},
      {"Tensor int SymInt", make<Own(T, int64_t, c10::SymInt)>},
      {"Tensor int SymInt? SymInt? SymInt", make<Own(T, int64_t, OptSymI, OptSymI, c10::SymInt)>},
      {"Tensor int Tensor", make<Own(T, int64_t, T)>},
      {"Tensor int Tensor bool", make<Own(T, int64_t, T, bool)>},
      {"Tensor int bool", make<Own(T, int64_t, bool)>},
      {"Tensor int? bool", make<Own(T, OptI, bool)>},
      {"Tensor int ScalarType?", make<Own(T, int64_t, OptD)>},
      {"Tensor bool", make<Own(T, bool)>},
      {"Tensor float bool", make<Own(T, double, bool)>},
      {"Tensor int[]", make<Own(T, Ints)>},
      {"Tensor int[] bool", make<Own(T, Ints, bool)>},
      {"Tensor int[]? bool", make<Own(T, OptInts, bool)>},
      {"Tensor int[] bool ScalarType?", make<Own(T, Ints, bool, OptD)>},
      {"Tensor int[]? bool ScalarType?", make<Own(T, OptInts, bool, OptD)>},
      {"Tensor SymInt[]", make<Own(T, SymInts)>},
      {"Tensor SymInt[] bool", make<Own(T, SymInts, bool)>},
      {"Tensor SymInt[] Tensor? Tensor? float bool", make<Own(T, SymInts, OptT, OptT, double, bool)>},
      {"Tensor Tensor Tensor? SymInt[] SymInt[] SymInt[] SymInt", make<Own(T, T, OptT, SymInts, SymInts, SymInts, c10::SymInt)>},
      {"Tensor ScalarType?", make<Own(T, OptD)>},
      {"Tensor MemoryFormat?", make<Own(T, OptM)>},
      {"Tensor ScalarType? Layout? Device? bool? MemoryFormat?", make<Own(T, OptD, OptL, OptDev, OptB, OptM)>},
      {"SymInt[] ScalarType? Layout? Device? bool?", make<Own(SymInts, OptD, OptL, OptDev, OptB)>},
      {"SymInt[] ScalarType? Layout? Device? bool? MemoryFormat?", make<Own(SymInts, OptD, OptL, OptDev, OptB, OptM)>},
      {"Tensor[]", make<Own(at::TensorList)>},
      {"Tensor=", make<Self(Self)>},
      {"Tensor= Tensor", make<Self(Self, T)>},
      {"Tensor= Tensor Scalar", make<Self(Self, T, S)>},
      {"Tensor= Tensor Tensor Scalar", make<Self(Self, T, T, S)>},
      {"Tensor= Tensor bool", make<Self(Self, T, bool)>},
      {"Tensor= Scalar", make<Self(Self, S)>},
      {"Tensor= Scalar? Scalar?", make<Self(Self, OptS, OptS)>},
  };
  return *table;
}

std::string type_of(const c10::Argument& argument) {
  c10::TypePtr type = argument.real_type();
  std::string suffix;
  if (type->kind() == c10::TypeKind::OptionalType) {
    suffix = "?";
    type = type->castRaw<c10::OptionalType>()->getElementType();
  }
  if (type->kind() == c10::TypeKind::ListType) {
    suffix = "[]" + suffix;
    type = type->castRaw<c10::ListType>()->getElementType();
  }
  switch (type->kind()) {
    case c10::TypeKind::TensorType: return "Tensor" + suffix;
    case c10::TypeKind::NumberType: return "Scalar" + suffix;
    case c10::TypeKind::IntType: return "int" + suffix;
    case c10::TypeKind::SymIntType: return "SymInt" + suffix;
    case c10::TypeKind::FloatType: return "float" + suffix;
    case c10::TypeKind::BoolType: return "bool" + suffix;
    case c10::TypeKind::ScalarTypeType: return "ScalarType" + suffix;
    case c10::TypeKind::LayoutType: return "Layout" + suffix;
    case c10::TypeKind::DeviceObjType: return "Device" + suffix;
    case c10::TypeKind::MemoryFormatType: return "MemoryFormat" + suffix;
    default: return "other";
  }
}

}  // namespace

std::unique_ptr<DirectCall> direct_call(const c10::OperatorHandle& op) {
  const c10::FunctionSchema& schema = op.schema();
  if (schema.is_vararg() || schema.returns().size() != 1 || schema.arguments().empty()) return nullptr;
  if (schema.returns()[0].type()->kind() != c10::TypeKind::TensorType) return nullptr;
  const auto writes = [](const c10::Argument& a) { return a.alias_info() && a.alias_info()->isWrite(); };
  std::string key;
  for (size_t i = 0; i < schema.arguments().size(); ++i) {
    const c10::Argument& argument = schema.arguments()[i];
    const bool written = writes(argument);
    if (argument.is_out() || (written && (i > 0 || !writes(schema.returns()[0])))) return nullptr;
    key += (i ? " " : "") + type_of(argument) + (written ? "=" : "");
  }
  auto found = signatures().find(key);
  if (found == signatures().end()) {
    // Two operators of this shape, cat and stack, differ in the C++ type of their lists.
    if (key != "Tensor[] int") return nullptr;
    try {
      return make<Own(const at::ITensorListRef&, int64_t)>(op);
    } catch (const c10::Error&) {
      return make<Own(at::TensorList, int64_t)>(op);
    }
  }
  try {
    return found->second(op);
  } catch (const c10::Error&) {
    return nullptr;  // a kernel with C++ types of its own
  }
}

}  // namespace torchts
