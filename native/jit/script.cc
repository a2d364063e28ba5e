#include "jit/script.h"

#include <ATen/ThreadLocalState.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/python_print.h>

#include "dispatch/convert.h"
#include "jit/values.h"
#include "support/background.h"

namespace torchts {
namespace {

constexpr napi_type_tag kScriptTag = {0x7c1d3f8e5a904b26ULL, 0x9e02c4d17bb85f31ULL};

// Runs inside the collection: it only drops references.
void finalize(napi_env, void* data, void*) { delete static_cast<Script*>(data); }

// Inputs by the schema of forward, whose argument 0 is the module itself.
std::vector<c10::IValue> read_inputs(Call& call, const Script& script, size_t from) {
  const auto& arguments = script.module.get_method("forward").function().getSchema().arguments();
  size_t given = call.argc - from;
  if (given > arguments.size() - 1)
    throw TypedError("argument", "forward() expects at most " + std::to_string(arguments.size() - 1) + " argument(s), got " + std::to_string(given));
  std::vector<c10::IValue> inputs;
  for (size_t i = 0; i < given; ++i)
    inputs.push_back(to_ivalue(call.env, call.at(from + i), arguments[i + 1].type(), "forward(): argument '" + arguments[i + 1].name() + "'"));
  for (size_t i = given; i + 1 < arguments.size(); ++i)
    if (!arguments[i + 1].default_value())
      throw TypedError("argument", "forward() is missing its argument '" + arguments[i + 1].name() + "' (" + arguments[i + 1].type()->repr_str() + ")");
  return inputs;
}

// process.emitWarning(text), on the JavaScript thread
void warn(Env* env, const Script& script) {
  const std::string text = script.compiled ? script.compiled->take_warning() : "";
  napi_value global, process, function, message;
  if (text.empty() || napi_get_global(env->env, &global) != napi_ok || napi_get_named_property(env->env, global, "process", &process) != napi_ok ||
      napi_get_named_property(env->env, process, "emitWarning", &function) != napi_ok)
    return;
  message = js_string(env->env, text);
  check(env->env, napi_call_function(env->env, process, function, 1, &message, nullptr));
}

// jitForward(script, ...inputs)
napi_value forward(Call& call) {
  const auto& script = script_at(call, 0);
  auto output = script.run(read_inputs(call, script, 1));
  warn(call.env, script);
  return to_js(call.env, output);
}

// The modes of the calling flow hold on the thread of the pool, too.
struct Forward : BackgroundWork {
  Script script;
  std::vector<c10::IValue> inputs;
  c10::IValue output;
  at::ThreadLocalState modes;

  void execute() override {
    at::ThreadLocalStateGuard guard(modes);
    output = script.run(std::move(inputs));
    inputs.clear();
  }
  napi_value result(Env* env) override {
    warn(env, script);
    return to_js(env, output);
  }
};

// jitForwardAsync(script, ...inputs)
napi_value forward_async(Call& call) {
  const auto& script = script_at(call, 0);
  auto work = std::make_unique<Forward>();
  work->inputs = read_inputs(call, script, 1);
  work->script = script;
  return run_in_background(call, "torchts.jit.forward", std::move(work));
}

bool has_forward(const Script& script) { return script.module.find_method("forward").has_value(); }

// jitMembers(script): [[kind, name, value], …] of the module itself
napi_value members(Call& call) {
  const auto& script = script_at(call, 0);
  auto& module = script.module;
  napi_env napi = call.napi;
  napi_value list;
  check(napi, napi_create_array(napi, &list));
  uint32_t next = 0;
  auto push = [&](const char* kind, const std::string& name, napi_value value) {
    napi_value row;
    check(napi, napi_create_array(napi, &row));
    check(napi, napi_set_element(napi, row, 0, js_string(napi, kind)));
    check(napi, napi_set_element(napi, row, 1, js_string(napi, name)));
    check(napi, napi_set_element(napi, row, 2, value));
    check(napi, napi_set_element(napi, list, next++, row));
  };
  for (const auto& item : module.named_parameters(/*recurse=*/false)) push("parameter", item.name, call.env->handles->wrap(item.value));
  for (const auto& item : module.named_buffers(/*recurse=*/false)) push("buffer", item.name, call.env->handles->wrap(item.value));
  for (const auto& item : module.named_children()) {
    auto child = std::make_unique<Script>();
    child->module = item.value;
    push("module", item.name, wrap_script(call.env, std::move(child)));
  }
  return list;
}

// jitInfo(script): { name, training, callable, optimized }. A frozen module has no mode, and is not in training.
napi_value info(Call& call) {
  const auto& script = script_at(call, 0);
  napi_env napi = call.napi;
  napi_value object;
  check(napi, napi_create_object(napi, &object));
  auto put = [&](const char* name, napi_value value) { check(napi, napi_set_named_property(napi, object, name, value)); };
  put("name", js_string(napi, script.module.type()->name()->name()));
  put("training", js_bool(napi, script.module.attr("training", false).toBool()));
  put("callable", js_bool(napi, has_forward(script)));
  put("optimized", js_bool(napi, script.compiled != nullptr));
  return object;
}

// jitGraph(script) and jitCode(script): the text of forward's graph, and forward as TorchScript source
napi_value graph(Call& call) {
  const auto& script = script_at(call, 0);
  return js_string(call.napi, script.compiled ? script.compiled->graph() : script.module.get_method("forward").graph()->toString(false));
}
napi_value code(Call& call) {
  std::vector<c10::IValue> constants;
  torch::jit::PrintDepsTable types;
  torch::jit::PythonPrint text(constants, types);
  text.printMethod(script_at(call, 0).module.get_method("forward").function());
  return js_string(call.napi, text.str());
}

napi_value set_training(Call& call) {
  script_at(call, 0).module.train(call.boolean(1));
  return js_undefined(call.napi);
}

// jitFreeze(script, preserved, optimizeNumerics)
napi_value freeze(Call& call) {
  const auto& script = script_at(call, 0);
  std::vector<std::string> preserved;
  for (napi_value name : read_elements(call.napi, call.at(1))) preserved.push_back(read_string(call.napi, name));
  auto frozen = std::make_unique<Script>();
  frozen->module = torch::jit::freeze(script.module, preserved, call.boolean(2));
  frozen->examples = script.examples;
  return wrap_script(call.env, std::move(frozen));
}

// Inputs of the kinds and sizes that the module was traced with; false where they are not known.
bool example_inputs(const Script& script, std::vector<c10::IValue>& inputs) {
  for (const auto& type : script.examples) {
    auto tensor = type->cast<c10::TensorType>();
    if (!tensor || !tensor->sizes().concrete_sizes() || !tensor->scalarType() || !tensor->device()) return false;
    inputs.emplace_back(at::zeros(*tensor->sizes().concrete_sizes(), at::device(*tensor->device()).dtype(*tensor->scalarType())));
  }
  return !script.examples.empty();
}

// jitOptimize(script): a frozen module with a graph rewritten for this CPU
napi_value optimize(Call& call) {
  const auto& frozen = script_at(call, 0);
  auto optimized = std::make_unique<Script>();
  optimized->module = frozen.module;
  optimized->examples = frozen.examples;
  optimized->compiled = std::make_shared<Compiled>(frozen.module);
  std::vector<c10::IValue> inputs;
  if (example_inputs(frozen, inputs)) {
    try {
      optimized->compiled->prepare(inputs);
    } catch (const c10::Error&) {
      // The module was moved to another dtype or device since its trace: the first call shows what it takes now.
    }
  }
  return wrap_script(call.env, std::move(optimized));
}

}  // namespace

c10::IValue Script::run(std::vector<c10::IValue> inputs) const {
  if (compiled) return compiled->run(std::move(inputs));
  return module.get_method("forward")(std::move(inputs));
}

napi_value wrap_script(Env* env, std::unique_ptr<Script> script) {
  napi_value external;
  check(env->env, napi_create_external(env->env, script.get(), finalize, nullptr, &external));
  script.release();
  check(env->env, napi_type_tag_object(env->env, external, &kScriptTag));
  return external;
}

Script& script_at(Call& call, size_t i) {
  void* data = call.external(i, kScriptTag);
  if (!data) throw TypedError("argument", "argument " + std::to_string(i) + " must be a ScriptModule");
  return *static_cast<Script*>(data);
}

void register_jit_run(Env* env, napi_value exports) {
  define(env, exports, "jitForward", entry<forward>);
  define(env, exports, "jitForwardAsync", entry<forward_async>);
  define(env, exports, "jitMembers", entry<members>);
  define(env, exports, "jitInfo", entry<info>);
  define(env, exports, "jitGraph", entry<graph>);
  define(env, exports, "jitCode", entry<code>);
  define(env, exports, "jitSetTraining", entry<set_training>);
  define(env, exports, "jitFreeze", entry<freeze>);
  define(env, exports, "jitOptimize", entry<optimize>);
}

}  // namespace torchts
