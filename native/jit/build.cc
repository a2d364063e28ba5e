// Making TorchScript modules: member by member, and their forward by tracing.
#include <torch/csrc/jit/frontend/tracer.h>

#include "dispatch/convert.h"
#include "jit/script.h"
#include "jit/values.h"
#include "support/large_blocks.h"

namespace torchts {
namespace {

// jitCreate(className, training, root?): a module without members, in the root's compilation unit
napi_value create(Call& call) {
  auto unit = call.missing(2) ? std::make_shared<torch::jit::CompilationUnit>() : script_at(call, 2).module._ivalue()->compilation_unit();
  auto script = std::make_unique<Script>();
  script->module = torch::jit::Module(c10::QualifiedName("__torch__." + call.string(0)), unit, /*shouldMangle=*/true);
  script->module.register_attribute("training", c10::BoolType::get(), call.boolean(1));
  return wrap_script(call.env, std::move(script));
}

// jitRegister(script, 'parameter' | 'buffer' | 'module', name, value)
napi_value register_member(Call& call) {
  auto& module = script_at(call, 0).module;
  std::string kind = call.string(1), name = call.string(2);
  if (kind == "parameter")
    module.register_parameter(name, call.tensor(3), /*is_buffer=*/false);
  else if (kind == "buffer")
    module.register_buffer(name, call.tensor(3));
  else
    module.register_module(name, script_at(call, 3).module);
  return js_undefined(call.napi);
}

// jitTrace(script, inputs, forward, strict): forward gets the inputs and gives the output
napi_value trace(Call& call) {
  Env* env = call.env;
  napi_env napi = call.napi;
  auto& script = script_at(call, 0);
  torch::jit::Stack inputs;
  script.examples.clear();
  for (napi_value value : read_elements(napi, call.at(1))) {
    inputs.push_back(to_traceable(env, value, "input " + std::to_string(inputs.size()) + " of trace()"));
    const auto& input = inputs.back();
    script.examples.push_back(input.isTensor() ? c10::TensorType::create(input.toTensor()) : input.type());
  }
  napi_value forward = call.at(2);
  bool strict = call.boolean(3);
  auto body = [&](torch::jit::Stack given) -> torch::jit::Stack {
    napi_value array, undefined, result;
    check(napi, napi_create_array(napi, &array));
    for (uint32_t i = 0; i < given.size(); ++i) check(napi, napi_set_element(napi, array, i, to_js(env, given[i])));
    check(napi, napi_get_undefined(napi, &undefined));
    napi_value arguments[] = {array};
    check(napi, napi_call_function(napi, undefined, forward, 1, arguments, &result));
    auto output = to_traceable(env, result, "the result of the traced function");
    if (strict && output.isGenericDict())
      throw TypedError("argument", "the traced function gives a plain object, whose keys the trace fixes; pass { strict: false } where that is meant, or give an array");
    return {output};
  };
  auto [state, outputs] = torch::jit::tracer::trace(std::move(inputs), body, [](const at::Tensor&) { return std::string(); }, strict,
                                                    /*force_outplace=*/false, &script.module);
  auto unit = script.module._ivalue()->compilation_unit();
  auto* function = unit->create_function(c10::QualifiedName(*script.module.type()->name(), "forward"), state->graph);
  script.module.type()->addMethod(function);
  return js_undefined(napi);
}

// jitGiveBackMemory(): between the runs of a trace, whose activations lie otherwise than those of the next
napi_value give_back(Call& call) {
  call.env->handles->free_garbage();
  give_back_memory();
  return js_undefined(call.napi);
}

}  // namespace

void register_jit_build(Env* env, napi_value exports) {
  define(env, exports, "jitCreate", entry<create>);
  define(env, exports, "jitRegister", entry<register_member>);
  define(env, exports, "jitTrace", entry<trace>);
  define(env, exports, "jitGiveBackMemory", entry<give_back>);
}

}  // namespace torchts
