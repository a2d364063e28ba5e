// CUDA, loaded late: the addon links the CPU libraries alone, and libtorch_cuda.so is opened when a
// driver and the library are there. What generic interfaces reach is asked through them.
#include <dlfcn.h>

#include <filesystem>
#include <mutex>

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>

#include "support/call.h"

namespace torchts {
namespace {

struct CudaState {
  bool attempted = false;
  bool loaded = false;
  std::string reason;
};
// A process has one libtorch_cuda.so, whatever thread loads it first. It is never closed.
std::mutex state_mutex;
CudaState& cuda_state() {
  static auto* state = new CudaState();
  return *state;
}

std::filesystem::path library_folder() {
  Dl_info info;
  // Any symbol of libtorch_cpu.so tells where LibTorch lies.
  if (!dladdr(reinterpret_cast<void*>(&at::show_config), &info) || !info.dli_fname) return {};
  return std::filesystem::path(info.dli_fname).parent_path();
}

void attempt_load(CudaState& state, bool without_driver) {
  if (state.loaded || (state.attempted && !without_driver)) return;
  state.attempted = true;
  if (!without_driver && !dlopen("libcuda.so.1", RTLD_LAZY | RTLD_GLOBAL)) {
    state.reason = "no NVIDIA driver: libcuda.so.1 was not found";
    return;
  }
  auto library = library_folder() / "libtorch_cuda.so";
  if (!std::filesystem::exists(library)) {
    state.reason = "this LibTorch has no libtorch_cuda.so; install the CUDA variant with TORCHTS_VARIANT=cuda";
    return;
  }
  if (!dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL)) {
    state.reason = std::string("libtorch_cuda.so could not be loaded: ") + dlerror();
    return;
  }
  state.loaded = true;
  state.reason.clear();
}

// loadCuda(withoutDriver): "" where the library is loaded, the reason otherwise
napi_value load_cuda(Call& call) {
  std::lock_guard lock(state_mutex);
  CudaState& state = cuda_state();
  attempt_load(state, call.boolean_or(0, false));
  return js_string(call.napi, state.reason);
}

bool ready() {
  std::lock_guard lock(state_mutex);
  return cuda_state().loaded;
}

int device_count() {
  if (!ready()) return 0;
  try {
    int count = at::detail::getCUDAHooks().deviceCount();
    return count > 0 ? count : 0;
  } catch (const std::exception&) {
    return 0;  // a driver without a device answers with an error; that is "none"
  }
}

c10::DeviceIndex index_at(Call& call, size_t i) {
  int64_t index = call.missing(i) ? (device_count() ? at::detail::getCUDAHooks().getCurrentDevice() : 0) : call.integer(i);
  int count = device_count();
  if (index < 0 || index >= count)
    throw TypedError("device", "CUDA device " + std::to_string(index) + " is not there: " + std::to_string(count) +
                                   " CUDA device(s) found; `npx torchts doctor` says why");
  return static_cast<c10::DeviceIndex>(index);
}

napi_value cuda_device_count(Call& call) { return js_number(call.napi, device_count()); }
napi_value cuda_current_device(Call& call) { return js_number(call.napi, index_at(call, 0)); }

napi_value cuda_device_name(Call& call) {
  int index = index_at(call, 0);
  using DeviceGet = int (*)(int*, int);
  using DeviceGetName = int (*)(char*, int, int);
  void* driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_GLOBAL);
  auto device_get = driver ? reinterpret_cast<DeviceGet>(dlsym(driver, "cuDeviceGet")) : nullptr;
  auto get_name = driver ? reinterpret_cast<DeviceGetName>(dlsym(driver, "cuDeviceGetName")) : nullptr;
  char name[256] = {0};
  int device = 0;
  at::globalContext().lazyInitDevice(c10::kCUDA);  // initialises the driver
  if (!device_get || !get_name || device_get(&device, index) != 0 || get_name(name, sizeof name, device) != 0)
    throw TypedError("device", "the NVIDIA driver did not tell the name of device " + std::to_string(index));
  return js_string(call.napi, name);
}

napi_value cuda_device_capability(Call& call) {
  using Get = int (*)(int*, int, int);
  int index = index_at(call, 0);
  void* driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_GLOBAL);
  auto get = driver ? reinterpret_cast<Get>(dlsym(driver, "cuDeviceGetAttribute")) : nullptr;
  at::globalContext().lazyInitDevice(c10::kCUDA);
  int major = 0, minor = 0;
  constexpr int kMajor = 75, kMinor = 76;  // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_*
  if (!get || get(&major, kMajor, index) != 0 || get(&minor, kMinor, index) != 0)
    throw TypedError("device", "the NVIDIA driver did not tell the compute capability of device " + std::to_string(index));
  int64_t pair[] = {major, minor};
  return js_integers(call.napi, pair);
}

napi_value cuda_synchronize(Call& call) {
  at::detail::getCUDAHooks().deviceSynchronize(index_at(call, 0));
  return js_undefined(call.napi);
}

c10::DeviceAllocator* allocator() { return c10::getDeviceAllocator(c10::kCUDA); }

napi_value cuda_empty_cache(Call& call) {
  if (device_count() > 0 && allocator()->initialized()) allocator()->emptyCache();
  return js_undefined(call.napi);
}

// cudaMemoryStats(device): bytes, zeros where nothing was allocated
napi_value cuda_memory_stats(Call& call) {
  c10::DeviceIndex index = index_at(call, 0);
  at::globalContext().lazyInitDevice(c10::kCUDA);
  auto stats = allocator()->getDeviceStats(index);
  constexpr auto kAll = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  napi_value object;
  check(call.napi, napi_create_object(call.napi, &object));
  auto set = [&](const char* name, int64_t value) {
    check(call.napi, napi_set_named_property(call.napi, object, name, js_number(call.napi, static_cast<double>(value))));
  };
  set("allocated", stats.allocated_bytes[kAll].current);
  set("maxAllocated", stats.allocated_bytes[kAll].peak);
  set("reserved", stats.reserved_bytes[kAll].current);
  set("maxReserved", stats.reserved_bytes[kAll].peak);
  auto [free_bytes, total_bytes] = allocator()->getMemoryInfo(index);
  set("free", static_cast<int64_t>(free_bytes));
  set("total", static_cast<int64_t>(total_bytes));
  return object;
}

napi_value cuda_reset_peak(Call& call) {
  allocator()->resetPeakStats(index_at(call, 0));
  return js_undefined(call.napi);
}

}  // namespace

void register_cuda(Env* env, napi_value e) {
  define(env, e, "loadCuda", entry<load_cuda>);
  define(env, e, "cudaDeviceCount", entry<cuda_device_count>);
  define(env, e, "cudaCurrentDevice", entry<cuda_current_device>);
  define(env, e, "cudaDeviceName", entry<cuda_device_name>);
  define(env, e, "cudaDeviceCapability", entry<cuda_device_capability>);
  define(env, e, "cudaSynchronize", entry<cuda_synchronize>);
  define(env, e, "cudaEmptyCache", entry<cuda_empty_cache>);
  define(env, e, "cudaMemoryStats", entry<cuda_memory_stats>);
  define(env, e, "cudaResetPeakMemoryStats", entry<cuda_reset_peak>);
}

}  // namespace torchts
