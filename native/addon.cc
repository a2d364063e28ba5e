// The addon: registers what the rooms below offer. State is per environment (support/env.h).
#include <malloc.h>

#include <cstdlib>
#include <cstring>

#include "dispatch/plan.h"
#include "nn/max_pool.h"
#include "support/call.h"
#include "support/env.h"
#include "support/large_blocks.h"
#include "support/small_blocks.h"

namespace torchts {

void register_info(Env*, napi_value);
void register_exchange(Env*, napi_value);
void register_copy_plain(Env*, napi_value);
void register_dispatch(Env*, napi_value);
void register_autograd(Env*, napi_value);
void register_modes(Env*, napi_value);
void register_random(Env*, napi_value);
void register_cuda(Env*, napi_value);
void register_optim(Env*, napi_value);
void register_adam(Env*, napi_value);
void register_data(Env*, napi_value);
void register_serialize(Env*, napi_value);
void register_profiler(Env*, napi_value);
void register_jit_build(Env*, napi_value);
void register_jit_run(Env*, napi_value);
void register_jit_files(Env*, napi_value);

namespace {

bool stable_api_wanted() {
  const char* mode = std::getenv("TORCHTS_FINALIZERS");
  return mode && std::strcmp(mode, "sweep") == 0;
}

// glibc gives every block of some size a mapping of its own, and a training step then spends a tenth of
// its time on fresh pages for activations as large as those it has just given back (measured: ResNet-18,
// batch 32 at 224², 2.40 s a step, 2.14 s without). So large blocks come from the heap, too, but for the
// largest (support/large_blocks.cc), and its end is only given back beyond a gigabyte. And the collector
// frees tensors by the hundred, not one by one as reference counts do, which glibc would answer with merging
// its small free lists over and over.
// A process whose environment tunes malloc itself is left alone (docs/memory.md).
void tune_malloc() {
#ifdef __GLIBC__
  for (const char* name : {"GLIBC_TUNABLES", "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_MMAP_MAX_"})
    if (std::getenv(name)) return;
  if (stable_api_wanted()) {
    // There small records outlive their tensors until the next macrotask. In one heap they would leave holes
    // between large blocks that no later block fits into: a loop of 1 MiB tensors would never reuse a page.
    mallopt(M_MMAP_THRESHOLD, 256 << 10);
    return;
  }
  mallopt(M_MXFAST, 0);
  mallopt(M_MMAP_THRESHOLD, kLargeBlock);  // the most that glibc takes
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
}

// oneDNN's graph compiler keeps the last 1024 partitions for graphs that come again. A compiled module keeps its
// own (native/jit/partition.h), and these would outlive it: 18 MB for each ResNet-18 (measured).
void tune_onednn() { setenv("DNNL_GRAPH_COMPILED_PARTITION_CACHE_CAPACITY", "0", /*overwrite=*/0); }

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
  static const bool tuned = (tune_malloc(), tune_onednn(), install_small_blocks(), install_max_pool(), true);
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
    register_copy_plain(env, exports);
    register_dispatch(env, exports);
    register_autograd(env, exports);
    register_modes(env, exports);
    register_random(env, exports);
    register_cuda(env, exports);
    register_optim(env, exports);
    register_adam(env, exports);
    register_data(env, exports);
    register_serialize(env, exports);
    register_profiler(env, exports);
    register_jit_build(env, exports);
    register_jit_run(env, exports);
    register_jit_files(env, exports);
  } catch (...) {
    raise_current(env);
  }
  return exports;
}
