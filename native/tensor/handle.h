// What JavaScript holds of a tensor: an external whose pointer is a slot of a slab.
//
// Memory stays bounded in synchronous code because the finalizer of the external runs inside the
// collection and only drops one reference (docs/memory.md). An external of another addon is told
// apart by its address alone, without reading it: a pointer is ours if it lies in one of our chunks.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <memory>
#include <unordered_set>
#include <vector>

#include <ATen/ATen.h>

#include "support/env.h"
#include "tensor/fetch_ahead.h"

namespace torchts {

enum class HandleKind : uint8_t { Free, Tensor, Generator, Disposed };

struct Handle {
  HandleKind kind = HandleKind::Free;
  bool finalized = false;   // the external is gone (stable path: may come before the finalizer)
  at::Tensor tensor;
  at::Generator generator;
  const void* storage = nullptr;  // what is accounted, if anything
  int64_t own_bytes = 0;          // the wrapper's own share
  napi_ref weak = nullptr;        // stable path only
  Handle* next_free = nullptr;
};

struct HandleSlab {
  explicit HandleSlab(Env* env) : env(env) {}
  ~HandleSlab();

  // The tensor behind a value, or null where the value is no tensor handle.
  // Throws a "disposed" error where the tensor was disposed.
  const at::Tensor* tensor(napi_env napi, napi_value value) {
    void* data = nullptr;
    if (napi_get_value_external(napi, value, &data) != napi_ok) return nullptr;
    return tensor(data);
  }
  const at::Tensor* tensor(void* data);
  const at::Generator* generator(void* data);
  Handle* handle(napi_env napi, napi_value value);

  // New externals. May run a collection: hold no lock, and nothing that a finalizer could take.
  napi_value wrap(const at::Tensor& tensor);
  napi_value wrap(at::Tensor&& tensor);
  napi_value wrap_batch(at::Tensor&& tensor);  // of a loader: fresh memory, which V8 is not told of
  napi_value wrap_read(at::Tensor&& tensor);   // of a file, likewise; runs no collection: make_room did
  napi_value wrap_generator(at::Generator generator);

  // Before `bytes` are taken for tensors of a file: collects where that much would bring a collection about.
  void make_room(int64_t bytes);

  void dispose(Handle* handle);

  // Frees what is garbage where that is much.
  void relieve_before_backward();

  // Collects the whole heap where tensors are large, as before work that takes much memory once.
  void free_garbage();

  // Looks for collected externals whose finalizers have not run yet (stable path).
  void sweep();

  Env* env;

 private:
  Handle* take();
  void release(Handle* handle);
  void give_back(Handle* handle);
  napi_value attach(Handle* handle);
  int64_t account(Handle* handle);
  int64_t unaccount(Handle* handle);
  void report(int64_t bytes);
  void report_fall();
  void relieve_pressure(int64_t coming = 0);
  void relieve();
  void relieve_batches();
  void count_apart(const at::Tensor& tensor);
  napi_value wrap_quietly(at::Tensor&& tensor);
  void collect(bool whole_heap);
  Handle* find(void* data);
  static void finalize(napi_env env, void* data, void* hint);

  std::vector<void*> chunks_;
  std::unordered_set<uintptr_t> chunk_set_;
  uintptr_t last_chunk_ = 0;
  Handle* free_ = nullptr;
  std::vector<Handle*> swept_list_;  // live handles (stable path)
  FetchAhead made_;                  // the tensors that are wrapped
  FetchAhead freed_;                 // those whose externals were collected
};

}  // namespace torchts
