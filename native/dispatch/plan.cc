#include "dispatch/plan.h"

#include "dispatch/direct.h"

#include <cctype>

namespace torchts {

std::string camel_case(const std::string& name) {
  std::string result;
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '_' && i > 0 && i + 1 < name.size() && std::isalpha(static_cast<unsigned char>(name[i + 1])))
      result += static_cast<char>(std::toupper(static_cast<unsigned char>(name[++i])));
    else
      result += name[i];
  }
  return result;
}

namespace {

bool is_dimname(const c10::Argument& argument) {
  return argument.type()->str().find("Dimname") != std::string::npos ||
         argument.real_type()->str().find("Dimname") != std::string::npos;
}

ArgKind list_kind(const c10::TypePtr& element) {
  switch (element->kind()) {
    case c10::TypeKind::TensorType:
      return ArgKind::TensorList;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType:
      return ArgKind::IntList;
    case c10::TypeKind::FloatType:
      return ArgKind::FloatList;
    case c10::TypeKind::BoolType:
      return ArgKind::BoolList;
    case c10::TypeKind::NumberType:
      return ArgKind::ScalarList;
    case c10::TypeKind::StringType:
      return ArgKind::StringList;
    case c10::TypeKind::OptionalType:
      if (element->castRaw<c10::OptionalType>()->getElementType()->kind() == c10::TypeKind::TensorType)
        return ArgKind::OptionalTensorList;
      return ArgKind::Unsupported;
    default:
      return ArgKind::Unsupported;
  }
}

ArgKind kind_of(const c10::TypePtr& type) {
  switch (type->kind()) {
    case c10::TypeKind::TensorType:
      return ArgKind::Tensor;
    case c10::TypeKind::NumberType:
      return ArgKind::Scalar;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType:
      return ArgKind::Int;
    case c10::TypeKind::FloatType:
    case c10::TypeKind::SymFloatType:
      return ArgKind::Float;
    case c10::TypeKind::BoolType:
    case c10::TypeKind::SymBoolType:
      return ArgKind::Bool;
    case c10::TypeKind::StringType:
      return ArgKind::String;
    case c10::TypeKind::ScalarTypeType:
      return ArgKind::DType;
    case c10::TypeKind::LayoutType:
      return ArgKind::Layout;
    case c10::TypeKind::DeviceObjType:
      return ArgKind::Device;
    case c10::TypeKind::MemoryFormatType:
      return ArgKind::MemoryFormat;
    case c10::TypeKind::GeneratorType:
      return ArgKind::Generator;
    case c10::TypeKind::ListType:
      return list_kind(type->castRaw<c10::ListType>()->getElementType());
    case c10::TypeKind::AnyType:
      return ArgKind::Any;
    default:
      return ArgKind::Unsupported;
  }
}

ArgPlan plan_argument(const c10::Argument& argument) {
  ArgPlan plan;
  plan.name = argument.name();
  plan.camel = camel_case(plan.name);
  c10::TypePtr type = argument.real_type();
  plan.optional = type->kind() == c10::TypeKind::OptionalType;
  if (plan.optional) type = type->castRaw<c10::OptionalType>()->getElementType();
  plan.kind = kind_of(type);
  plan.kwarg_only = argument.kwarg_only();
  plan.is_out = argument.is_out();
  plan.has_default = argument.default_value().has_value();
  if (plan.has_default) plan.default_value = *argument.default_value();
  if (argument.N()) plan.fixed_size = static_cast<int>(*argument.N());
  plan.type_text = type->str() + (plan.optional ? "?" : "");
  return plan;
}

}  // namespace

OverloadPlan::OverloadPlan(c10::OperatorHandle handle) : op(std::move(handle)) {
  const c10::FunctionSchema& schema = op.schema();
  overload_name = schema.overload_name();
  args.reserve(schema.arguments().size());
  for (const auto& argument : schema.arguments()) {
    args.push_back(plan_argument(argument));
    if (is_dimname(argument)) refused = true;
    const ArgPlan& plan = args.back();
    if (!plan.kwarg_only) positional = args.size();
    if (plan.is_out) {
      is_out = true;
      ++outs;
    }
    if (plan.kind == ArgKind::Tensor || plan.kind == ArgKind::TensorList) ++tensor_args;
    if (plan.kind == ArgKind::IntList) ++int_lists;
  }
  self_args = !args.empty() && args[0].name == "self" ? 1 : 0;
  spreads = positional == self_args + 1 && args[self_args].kind == ArgKind::IntList;
  return_count = schema.returns().size();
  for (const auto& ret : schema.returns()) {
    int source = -1;
    if (ret.alias_info() && ret.alias_info()->isWrite()) {
      for (size_t i = 0; i < schema.arguments().size(); ++i) {
        const auto* info = schema.arguments()[i].alias_info();
        if (info && info->isWrite() && info->beforeSets() == ret.alias_info()->beforeSets()) source = static_cast<int>(i);
      }
    }
    returned_argument.push_back(source);
    return_names.push_back(ret.name());
  }
  if (!refused) direct = direct_call(op);
}

OverloadPlan::OverloadPlan(OverloadPlan&&) noexcept = default;
OverloadPlan& OverloadPlan::operator=(OverloadPlan&&) noexcept = default;
OverloadPlan::~OverloadPlan() = default;

}  // namespace torchts
