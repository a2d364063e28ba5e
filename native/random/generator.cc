// Generators: the default one and the user's own, with Python's seeds and states.
#include <mutex>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>

#include "support/call.h"

namespace torchts {
namespace {

at::Generator generator_at(Call& call, size_t i) {
  if (call.missing(i)) return at::globalContext().defaultGenerator(c10::Device(c10::kCPU));
  void* data = nullptr;
  if (call.type(i) == napi_external) {
    check(call.napi, napi_get_value_external(call.napi, call.at(i), &data));
    if (const at::Generator* generator = call.env->handles->generator(data)) return *generator;
  }
  throw TypedError("type", "argument " + std::to_string(i + 1) + " must be a Generator");
}

napi_value make_generator(Call& call) {
  c10::Device device(call.missing(0) ? "cpu" : call.string(0));
  if (device.is_cpu()) return call.env->handles->wrap_generator(at::make_generator<at::CPUGeneratorImpl>());
  auto& hooks = at::globalContext().getAcceleratorHooksInterface(device.type());
  return call.env->handles->wrap_generator(hooks.getNewGenerator(device.index()));
}

uint64_t seed_at(Call& call, size_t i) {
  // Negative seeds wrap as in Python.
  if (call.type(i) == napi_bigint) {
    bool lossless = false;
    uint64_t wide;
    check(call.napi, napi_get_value_bigint_uint64(call.napi, call.at(i), &wide, &lossless));
    if (lossless) return wide;
    int64_t narrow;
    check(call.napi, napi_get_value_bigint_int64(call.napi, call.at(i), &narrow, &lossless));
    if (!lossless) throw TypedError("value", "the seed must fit 64 bits");
    return static_cast<uint64_t>(narrow);
  }
  return static_cast<uint64_t>(call.integer(i));
}

// manualSeed(seed): every device's default generator
napi_value manual_seed(Call& call) {
  at::manual_seed(seed_at(call, 0));
  return js_undefined(call.napi);
}

napi_value generator_seed(Call& call) {
  auto generator = generator_at(call, 0);
  std::lock_guard lock(generator.mutex());
  generator.set_current_seed(seed_at(call, 1));
  return js_undefined(call.napi);
}

napi_value js_seed(Call& call, uint64_t seed) {
  if (seed <= (uint64_t(1) << 53)) return js_number(call.napi, static_cast<double>(seed));
  napi_value value;
  check(call.napi, napi_create_bigint_uint64(call.napi, seed, &value));
  return value;
}

napi_value generator_initial_seed(Call& call) {
  auto generator = generator_at(call, 0);
  return js_seed(call, generator.current_seed());
}
napi_value generator_random_seed(Call& call) {
  auto generator = generator_at(call, 0);
  std::lock_guard lock(generator.mutex());
  return js_seed(call, generator.seed());
}
napi_value get_state(Call& call) {
  auto generator = generator_at(call, 0);
  std::lock_guard lock(generator.mutex());
  return call.env->handles->wrap(generator.get_state());
}
napi_value set_state(Call& call) {
  auto generator = generator_at(call, 0);
  const at::Tensor& state = call.tensor(1);
  std::lock_guard lock(generator.mutex());
  generator.set_state(state);
  return js_undefined(call.napi);
}
napi_value generator_device(Call& call) { return js_string(call.napi, generator_at(call, 0).device().str()); }

}  // namespace

void register_random(Env* env, napi_value e) {
  define(env, e, "makeGenerator", entry<make_generator>);
  define(env, e, "manualSeed", entry<manual_seed>);
  define(env, e, "generatorManualSeed", entry<generator_seed>);
  define(env, e, "generatorInitialSeed", entry<generator_initial_seed>);
  define(env, e, "generatorRandomSeed", entry<generator_random_seed>);
  define(env, e, "generatorGetState", entry<get_state>);
  define(env, e, "generatorSetState", entry<set_state>);
  define(env, e, "generatorDevice", entry<generator_device>);
}

}  // namespace torchts
