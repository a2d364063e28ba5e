#include "tensor/handle.h"

#include <cstdlib>
#include <new>

#include "support/call.h"

namespace torchts {

namespace {
constexpr uintptr_t kChunkBytes = 1 << 16;
// What a small tensor costs outside V8's heap: TensorImpl, StorageImpl, the slot, Node's records of the
// external (measured: 800 bytes, and as much again where it has a node of the graph).
constexpr int64_t kWrapperBytes = 900;
// Storages below this are not worth a table entry; they go into the wrapper's flat share.
constexpr int64_t kSmallStorage = 1024;
// V8 is told of growth beyond this, and beyond a share of what it knows of (see report).
constexpr int64_t kReportStep = 1 << 16;
constexpr int64_t kReportShare = 8;
// The share of a fall that V8 is told of at each collection that we ask for.
constexpr int64_t kFallShare = 128;
// Growth since the last collection that makes us ask for one (see relieve_pressure).
constexpr int64_t kPressureStep = 48ll << 20;
// The same where a backward pass begins.
constexpr int64_t kBackwardStep = 16ll << 20;
// Growth of what young collections leave, since the last full one, that makes us ask for a full one.
constexpr int64_t kOldStep = 128ll << 20;
// Young collections in a row that must find it so.
constexpr int kPatience = 3;
// Growth of loaders' batches and of tensors from files since the last full collection that makes us ask for one.
constexpr int64_t kBatchStep = 192ll << 20;
}  // namespace

HandleSlab::~HandleSlab() {
  for (void* chunk : chunks_) {
    auto* slots = static_cast<Handle*>(chunk);
    for (size_t i = 0; i < kChunkBytes / sizeof(Handle); ++i) slots[i].~Handle();
    std::free(chunk);
  }
}

Handle* HandleSlab::take() {
  if (!free_) {
    void* chunk = std::aligned_alloc(kChunkBytes, kChunkBytes);
    if (!chunk) throw std::bad_alloc();
    chunks_.push_back(chunk);
    chunk_set_.insert(reinterpret_cast<uintptr_t>(chunk));
    auto* slots = static_cast<Handle*>(chunk);
    for (size_t i = kChunkBytes / sizeof(Handle); i-- > 0;) {
      auto* slot = new (slots + i) Handle();
      slot->next_free = free_;
      free_ = slot;
    }
  }
  Handle* handle = free_;
  free_ = handle->next_free;
  handle->finalized = false;
  ++env->live_handles;
  return handle;
}

void HandleSlab::give_back(Handle* handle) {
  handle->kind = HandleKind::Free;
  handle->next_free = free_;
  free_ = handle;
  --env->live_handles;
}

Handle* HandleSlab::find(void* data) {
  auto address = reinterpret_cast<uintptr_t>(data);
  uintptr_t chunk = address & ~(kChunkBytes - 1);
  if (chunk != last_chunk_) {
    if (!chunk_set_.count(chunk)) return nullptr;
    last_chunk_ = chunk;
  }
  if ((address - chunk) % sizeof(Handle) != 0) return nullptr;
  return static_cast<Handle*>(data);
}

const at::Tensor* HandleSlab::tensor(void* data) {
  Handle* handle = find(data);
  if (!handle) return nullptr;
  if (handle->kind == HandleKind::Tensor) return &handle->tensor;
  if (handle->kind == HandleKind::Disposed)
    throw TypedError("disposed",
                     "this tensor was disposed: its memory has been given back by dispose(), `using` or the torch.scope() "
                     "that owned it; use it before, or return it from the scope");
  return nullptr;
}

const at::Generator* HandleSlab::generator(void* data) {
  Handle* handle = find(data);
  return handle && handle->kind == HandleKind::Generator ? &handle->generator : nullptr;
}

Handle* HandleSlab::handle(napi_env napi, napi_value value) {
  void* data = nullptr;
  if (napi_get_value_external(napi, value, &data) != napi_ok) return nullptr;
  return find(data);
}

int64_t HandleSlab::account(Handle* handle) {
  handle->own_bytes = kWrapperBytes;
  const at::Tensor& t = handle->tensor;
  // Device memory counts too: it is what a training loop runs out of first. Meta tensors have none.
  if (!t.defined() || !t.has_storage() || t.is_meta()) return handle->own_bytes;
  auto* storage = t.unsafeGetTensorImpl()->unsafe_storage().unsafeGetStorageImpl();
  int64_t bytes = static_cast<int64_t>(storage->nbytes());
  if (bytes < kSmallStorage) {
    handle->own_bytes += bytes;
    return handle->own_bytes;
  }
  handle->storage = storage;
  auto [entry, fresh] = env->storages.try_emplace(storage, Env::StorageUse{bytes, 0});
  entry->second.tensors++;
  return handle->own_bytes + (fresh ? bytes : 0);
}

int64_t HandleSlab::unaccount(Handle* handle) {
  int64_t bytes = handle->own_bytes;
  handle->own_bytes = 0;
  if (handle->storage) {
    auto entry = env->storages.find(handle->storage);
    if (entry != env->storages.end() && --entry->second.tensors == 0) {
      if (entry->second.batch) {
        env->batch_bytes -= entry->second.bytes;
        env->external_bytes -= entry->second.bytes;
      } else {
        bytes += entry->second.bytes;
      }
      env->storages.erase(entry);
    }
    handle->storage = nullptr;
  }
  return bytes;
}

// Drops what the handle holds. Safe inside a collection: no JavaScript, no handle scope.
void HandleSlab::release(Handle* handle) {
  int64_t bytes = unaccount(handle);
  handle->tensor.reset();
  handle->generator = at::Generator();
  report(-bytes);
}

// V8 marks its whole heap each time it hears of 64 MiB more, on a thread that then takes a core from the
// operators: for a training step, whose memory rises and falls by a gigabyte, dozens of times. What is
// garbage there is young, and freed by the collections of relieve_pressure. So V8 hears of the highest
// level only: of a rise when it is considerable, of a fall little by little.
void HandleSlab::report(int64_t bytes) {
  env->external_bytes += bytes;
  if (bytes <= 0) return;
  int64_t rise = env->external_bytes - env->batch_bytes - env->reported_bytes, ignored;
  if (rise < kReportStep + env->reported_bytes / kReportShare) return;
  env->reported_bytes += rise;
  napi_adjust_external_memory(env->env, rise, &ignored);
}

void HandleSlab::report_fall() {
  int64_t fall = (env->reported_bytes - (env->external_bytes - env->batch_bytes)) / kFallShare, ignored;
  if (fall < kReportStep) return;
  env->reported_bytes -= fall;
  napi_adjust_external_memory(env->env, -fall, &ignored);
}

void HandleSlab::finalize(napi_env, void* data, void* hint) {
  auto* slab = static_cast<HandleSlab*>(hint);
  auto* handle = static_cast<Handle*>(data);
  if (handle->kind == HandleKind::Tensor) slab->freed_.after(handle->tensor.unsafeGetTensorImpl());
  slab->release(handle);
  if (handle->weak) {
    slab->env->dead_references.push_back(handle->weak);
    handle->weak = nullptr;
    handle->finalized = true;
    handle->kind = HandleKind::Disposed;
    return;  // the sweep still lists it; it goes back to the slab there
  }
  slab->give_back(handle);
  Env* owner = slab->env;
  if (owner->closing && owner->live_handles == 0) delete owner;
}

// V8 answers `adjust_external_memory` with a collection of its own choosing, often late: a training
// step would hold the activations of the step before. So the collection is asked for by name when
// the bytes behind wrappers have grown by a step since the last one: of the young generation, as the
// wrappers of a step are young. Once only: a second one would make what is still in use old.
void HandleSlab::relieve_pressure(int64_t coming) {
  int64_t step = std::max(kPressureStep, env->bytes_at_collection / 8);
  if (env->external_bytes + coming - env->bytes_at_collection >= step) relieve();
}

// A backward pass frees what the graph saved as it goes, and needs that memory for its gradients. What a
// wrapper holds as well is not freed, and no tensor is wrapped during the pass that would change it.
void HandleSlab::relieve_before_backward() {
  if (env->external_bytes - env->bytes_at_collection >= std::max(kBackwardStep, env->bytes_at_collection / 16)) relieve();
}

void HandleSlab::free_garbage() {
  if (env->external_bytes < kOldStep / 2) return;
  collect(true);
  env->times_piled_up = 0;
  env->bytes_at_full_collection = env->bytes_at_collection = env->external_bytes;
}

void HandleSlab::relieve() {
  if (env->sweep_handles) sweep();
  collect(false);
  // A wrapper that two collections found in use is old, and no longer freed by them: an activation that
  // a block of layers adds to its result, for one. Where such have piled up, and it is not only that large
  // tensors are in use at the moment, the whole heap is looked at.
  int64_t left = env->external_bytes - env->bytes_at_full_collection;
  bool piled_up = left >= std::max(kOldStep, env->bytes_at_full_collection / 2);
  env->times_piled_up = piled_up ? env->times_piled_up + 1 : 0;
  if (env->times_piled_up == kPatience) collect(true);
  if (env->times_piled_up == kPatience || left < 0) {
    env->bytes_at_full_collection = env->external_bytes;
    env->times_piled_up = 0;
  }
  report_fall();
  env->bytes_at_collection = env->external_bytes;
}

void HandleSlab::collect(bool whole_heap) {
  napi_value function, undefined, level;
  if (!env->collect || napi_get_reference_value(env->env, env->collect, &function) != napi_ok || !function) return;
  napi_get_undefined(env->env, &undefined);
  napi_create_int32(env->env, whole_heap ? 1 : 0, &level);
  napi_call_function(env->env, undefined, function, 1, &level, nullptr);
  if (env->sweep_handles) sweep();
}

napi_value HandleSlab::attach(Handle* handle) {
  napi_env napi = env->env;
  napi_value external;
  napi_status status = napi_create_external(napi, handle, &HandleSlab::finalize, this, &external);
  if (status != napi_ok) {
    release(handle);
    give_back(handle);
    check(napi, status);
  }
  if (env->sweep_handles) {
    if (napi_create_reference(napi, external, 0, &handle->weak) == napi_ok) swept_list_.push_back(handle);
  }
  return external;
}

napi_value HandleSlab::wrap(const at::Tensor& tensor) { return wrap(at::Tensor(tensor)); }

napi_value HandleSlab::wrap(at::Tensor&& tensor) {
  if (!tensor.defined()) return js_null(env->env);
  napi_value external = wrap_quietly(std::move(tensor));
  relieve_pressure();
  return external;
}

napi_value HandleSlab::wrap_quietly(at::Tensor&& tensor) {
  Handle* handle = take();
  handle->kind = HandleKind::Tensor;
  handle->tensor = std::move(tensor);
  made_.after(handle->tensor.unsafeGetTensorImpl());
  int64_t bytes = account(handle);
  napi_value external = attach(handle);
  report(bytes);
  return external;
}

// A loader's batch is large, and made every few milliseconds; so is what a file holds. Told of it, V8 would
// mark its whole heap without end; so it is not told, and we collect the whole heap when they have piled up.
void HandleSlab::count_apart(const at::Tensor& tensor) {
  auto* storage = tensor.unsafeGetTensorImpl()->unsafe_storage().unsafeGetStorageImpl();
  auto bytes = static_cast<int64_t>(storage->nbytes());
  if (!env->collect || bytes < kSmallStorage) return;
  if (!env->storages.try_emplace(storage, Env::StorageUse{bytes, 0, true}).second) return;
  env->batch_bytes += bytes;
  env->external_bytes += bytes;
}

void HandleSlab::relieve_batches() {
  env->batch_at_collection = std::min(env->batch_at_collection, env->batch_bytes);
  if (env->batch_bytes - env->batch_at_collection < std::max(kBatchStep, env->batch_at_collection / 2)) return;
  collect(true);
  env->batch_at_collection = env->batch_bytes;
  env->bytes_at_collection = env->bytes_at_full_collection = env->external_bytes;
}

napi_value HandleSlab::wrap_batch(at::Tensor&& tensor) {
  relieve_batches();
  count_apart(tensor);
  return wrap(std::move(tensor));
}

// What was read before and is garbage gives its pages to what is read now, and is still young: a collection
// amid the new tensors would come too late for that, and make those that live old.
void HandleSlab::make_room(int64_t bytes) {
  relieve_pressure(bytes);
  relieve_batches();
}

napi_value HandleSlab::wrap_read(at::Tensor&& tensor) {
  count_apart(tensor);
  return wrap_quietly(std::move(tensor));
}

napi_value HandleSlab::wrap_generator(at::Generator generator) {
  Handle* handle = take();
  handle->kind = HandleKind::Generator;
  handle->generator = std::move(generator);
  return attach(handle);
}

void HandleSlab::dispose(Handle* handle) {
  if (handle->kind != HandleKind::Tensor) return;
  release(handle);
  handle->kind = HandleKind::Disposed;
}

void HandleSlab::sweep() {
  napi_env napi = env->env;
  size_t kept = 0;
  for (Handle* handle : swept_list_) {
    if (handle->finalized) {
      give_back(handle);
      continue;
    }
    napi_handle_scope scope;
    if (napi_open_handle_scope(napi, &scope) != napi_ok) break;
    napi_value value = nullptr;
    bool gone = napi_get_reference_value(napi, handle->weak, &value) == napi_ok && value == nullptr;
    napi_close_handle_scope(napi, scope);
    if (gone && handle->kind == HandleKind::Tensor) {
      release(handle);
      handle->kind = HandleKind::Disposed;
    }
    swept_list_[kept++] = handle;
  }
  swept_list_.resize(kept);
}

}  // namespace torchts
