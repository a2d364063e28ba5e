// The addon: registers what the rooms below offer. State is per environment (support/env.h).
#include <malloc.h>

#include <cstdlib>
#include <cstring>

#include "dispatch/plan.h"
#include "support/call.h"
#include "support/env.h"

namespace torchts {

void register_info(Env*, napi_value);
void register_exchange(Env*, napi_value);
void register_dispatch(Env*, napi_value);
void register_autograd(Env*, napi_value);
void register_modes(Env*, napi_value);
void register_random(Env*, napi_value);
void register_cuda(Env*, napi_value);
void register_optim(Env*, napi_value);
void register_data(Env*, napi_value);
void register_serialize(Env*, napi_value);

namespace {

bool stable_api_wanted() {
  const char* mode = std::getenv("TORCHTS_FINALIZERS");
  return mode && std::strcmp(mode, "sweep") == 0;
}

// The collector frees tensors by the hundred, not one by one as reference counts do. glibc answers that
// with merging its small free lists over and over and with giving the top of the heap back, only to ask
// for it again. A process whose environment tunes malloc itself is left alone.
void tune_malloc() {
#ifdef __GLIBC__
  if (std::getenv("GLIBC_TUNABLES") || std::getenv("MALLOC_TRIM_THRESHOLD_") || std::getenv("MALLOC_MMAP_THRESHOLD_")) return;
  if (stable_api_wanted()) {
    // There small records outlive their tensors until the next macrotask. Between the blocks of one heap
    // they would leave holes of no use; blocks in mappings of their own leave none.
    mallopt(M_MMAP_THRESHOLD, 256 << 10);
    return;
  }
  mallopt(M_MXFAST, 0);
  // Where the dynamic thresholds of glibc end up after some large tensors anyway; setting one fixes both.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
}

napi_value configure(Call& call) {
  Env* env = call.env;
  check(call.napi, napi_create_reference(call.napi, call.at(0), 1, &env->make_error));
  if (call.type(1) == napi_function) check(call.napi, napi_create_reference(call.napi, call.at(1), 1, &env->collect));
  return js_undefined(call.napi);
}

}  // namespace

Env::Env(napi_env env) : env(env), js_thread(std::this_thread::get_id()), handles(std::make_unique<HandleSlab>(this)) {}
Env::~Env() = default;

Env* Env::of(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return static_cast<Env*>(data);
}

}  // namespace torchts

// Finalizers run inside the collection only for a module that reports the experimental version;
// the code itself keeps to what level 9 (Node 20) has. TORCHTS_FINALIZERS=sweep takes the stable path.
extern "C" NAPI_MODULE_EXPORT int32_t node_api_module_get_api_version_v1() {
  return torchts::stable_api_wanted() ? 9 : 2147483647;
}

extern "C" NAPI_MODULE_EXPORT napi_value napi_register_module_v1(napi_env napi, napi_value exports) {
  using namespace torchts;
  static const bool tuned = (tune_malloc(), true);
  (void)tuned;
  auto* env = new Env(napi);
  env->sweep_handles = stable_api_wanted();
  try {
    // The state must outlive every external of this environment: finalizers of the last handles may
    // run after this one, and then the last of them frees it (tensor/handle.cc).
    auto finalize = [](napi_env, void* data, void*) {
      auto* env = static_cast<Env*>(data);
      env->closing = true;
      if (env->live_handles == 0) delete env;
    };
    check(napi, napi_set_instance_data(napi, env, finalize, nullptr));
    define(env, exports, "configure", entry<configure>);
    register_info(env, exports);
    register_exchange(env, exports);
    register_dispatch(env, exports);
    register_autograd(env, exports);
    register_modes(env, exports);
    register_random(env, exports);
    register_cuda(env, exports);
    register_optim(env, exports);
    register_data(env, exports);
    register_serialize(env, exports);
  } catch (...) {
    raise_current(env);
  }
  return exports;
}
