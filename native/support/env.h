// Per-environment state: one Env for every thread of JavaScript that loads the addon. No globals.
#pragma once

#include <node_api.h>

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>
#include <c10/core/InferenceMode.h>

namespace torchts {

struct Packet;
struct HandleSlab;

struct Env {
  explicit Env(napi_env env);
  ~Env();

  static Env* of(napi_env env);

  napi_env env;
  std::thread::id js_thread;
  bool closing = false;

  // Finalizers inside the collection (experimental Node-API) or the stable path with a sweep.
  bool sweep_handles = false;

  // JavaScript callbacks set once by lib/native.ts.
  napi_ref make_error = nullptr;
  napi_ref collect = nullptr;

  std::unique_ptr<HandleSlab> handles;

  // Bytes of one storage are reported to V8 once, however many tensors share it.
  struct StorageUse {
    int64_t bytes;
    int64_t tensors;
    bool batch = false;  // of a loader or a file: V8 was not told
  };
  std::unordered_map<const void*, StorageUse> storages;
  int64_t external_bytes = 0;      // behind live wrappers
  int64_t reported_bytes = 0;      // what V8 was told: their highest level, roughly (tensor/handle.cc)
  int64_t bytes_at_collection = 0; // external_bytes after the last collection that we asked for
  int64_t bytes_at_full_collection = 0;  // the same for one of the whole heap, or less where they fell since
  int times_piled_up = 0;          // young collections in a row that left much
  int64_t batch_bytes = 0;         // behind live wrappers, of batches of loaders and from files
  int64_t batch_at_collection = 0; // batch_bytes after the last collection of the whole heap for them
  int64_t live_handles = 0;

  std::vector<std::unique_ptr<Packet>> packets;

  // Names of keyword arguments, each with a number: comparing those costs no reading of strings.
  std::vector<std::string> keys;
  std::unordered_map<std::string, int> key_numbers;
  int key(const std::string& name) {
    auto [entry, fresh] = key_numbers.try_emplace(name, static_cast<int>(keys.size()));
    if (fresh) keys.push_back(name);
    return entry->second;
  }

  // The keywords of a call by one number: most calls have the same few. 0 stands for none.
  struct KeywordNames {
    std::vector<int> keys;
    bool out = false;  // `out` is among them
  };
  std::deque<KeywordNames> keyword_names = std::deque<KeywordNames>(1);  // a call may add some while it lasts

  // References that a finalizer gave up; deleted at the next safe point.
  std::vector<napi_ref> dead_references;

  std::optional<c10::InferenceMode> inference;

  // Numbers that were operands lately (dispatch/convert.cc).
  struct Number {
    uint64_t bits = 0;
    c10::ScalarType type = c10::ScalarType::Undefined;
    c10::ScalarType dtype = c10::ScalarType::Undefined;  // of the tensor, where it takes another operand's
    at::Tensor tensor;
  };
  std::array<Number, 64> numbers;

  // The recording of this environment and its open labels (native/profiler/profiler.cc).
  std::shared_ptr<void> profiler;

  // The stack of a boxed call, reused between calls.
  std::vector<c10::IValue> spare_stack;
};

}  // namespace torchts
