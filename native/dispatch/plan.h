// Argument plans: how each argument of an overload is converted, worked out once from its schema.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/function_schema.h>
#include <node_api.h>

namespace torchts {

struct DirectCall;

enum class ArgKind : uint8_t {
  Tensor,
  Scalar,
  Int,
  Float,
  Bool,
  String,
  DType,
  Layout,
  Device,
  MemoryFormat,
  Generator,
  TensorList,
  OptionalTensorList,
  IntList,
  FloatList,
  BoolList,
  ScalarList,
  StringList,
  Any,          // only its default can be used
  Unsupported,  // named in the error: dimension names, streams, storages
};

// What a JavaScript number stands for where a schema has a tensor.
enum class Numbers : uint8_t {
  None,
  Operands,  // an operand: `x.add(2)`
  Compared,  // the same, where the overload for numbers would give the same result: `x.gt(2)`
};

struct ArgPlan {
  std::string name;    // as in the schema
  std::string camel;   // as in TypeScript
  ArgKind kind;
  bool optional;       // None is allowed
  bool kwarg_only;
  bool is_out;
  bool has_default;
  int key = -1;        // the number of its name in the options object (Env::key)
  int fixed_size = 0;  // int[N]: one number stands for N
  c10::IValue default_value;
  std::string type_text;
};

struct OverloadPlan {
  explicit OverloadPlan(c10::OperatorHandle op);
  OverloadPlan(OverloadPlan&&) noexcept;
  OverloadPlan& operator=(OverloadPlan&&) noexcept;
  ~OverloadPlan();

  c10::OperatorHandle op;
  std::unique_ptr<DirectCall> direct;  // null where calls are boxed
  std::string overload_name;
  std::vector<ArgPlan> args;
  size_t positional = 0;     // how many arguments may be given by position
  size_t self_args = 0;      // 1 where argument 0 is `self`
  bool spreads = false;      // the one positional argument beside `self` is an int[]: x.view(2, -1)
  bool is_out = false;       // writes into `out` arguments
  int outs = 0;              // how many of them
  bool refused = false;      // dimension names
  int tensor_args = 0;
  int int_lists = 0;
  std::vector<int> returned_argument;  // return i is argument k (in-place, out), or -1
  std::vector<std::string> return_names;
  size_t return_count = 0;
  napi_ref names_ref = nullptr;  // JavaScript array of return names, made at first use
};

// Every overload of one base name, in the order in which they are tried.
struct Packet {
  std::string name;      // "aten::add"
  std::string shown;     // how errors name it
  bool camel_keys = false;
  Numbers numbers = Numbers::None;
  bool method = false;   // argument 0 is `self`
  std::vector<OverloadPlan> overloads;
};

std::string camel_case(const std::string& name);

}  // namespace torchts
