// Many tensors copied into others of the same kind, as loading a state dict does: the bytes of all of them
// are one piece of work for the threads. Whatever is not plain is left to `copy_`.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <system_error>
#include <thread>
#include <unordered_set>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/record_function.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

#include "support/call.h"
#include "tensor/plain.h"

namespace torchts {
namespace {

// What a thread copies before it asks for more, and bytes for which another thread is worth its start.
constexpr int64_t kPiece = 1 << 20;
constexpr int64_t kWorthThread = 1 << 21;

// A plain tensor whose bytes are all there is to copy.
bool is_dense(const at::Tensor& t) {
  return is_plain(t) && t.has_storage() && t.is_non_overlapping_and_dense() && !t._fw_grad(0).defined();
}

bool copies_bytes(const at::Tensor& to, const at::Tensor& from) {
  return is_dense(to) && is_dense(from) && to.scalar_type() == from.scalar_type() && to.sizes() == from.sizes() &&
         to.strides() == from.strides() && !to.storage().is_alias_of(from.storage());
}

// Modes that see each operator (traces, inference, profilers) must see these copies.
bool is_watched() {
  static const c10::DispatchKeySet usual = c10::default_included_set | c10::autocast_dispatch_keyset;
  return !(c10::impl::tls_local_dispatch_key_set().included_ - usual).empty() ||
         !c10::impl::tls_is_dispatch_key_included(c10::DispatchKey::ADInplaceOrView) || at::hasCallbacks();
}

class Copies {
 public:
  void add(at::Tensor to, at::Tensor from) {
    const void* target = to.storage().unsafeGetStorageImpl();
    const void* source = from.storage().unsafeGetStorageImpl();
    // What shares memory keeps its order: the later copy wins, and reads what the earlier one wrote.
    if (written_.count(target) || written_.count(source) || read_.count(target)) run();
    written_.insert(target);
    read_.insert(source);
    auto length = static_cast<int64_t>(to.nbytes());
    auto* bytes = static_cast<char*>(to.mutable_data_ptr());
    copies_.push_back({bytes, static_cast<const char*>(from.const_data_ptr()), total_, length});
    total_ += length;
    to.unsafeGetTensorImpl()->bump_version();
    alive_.push_back(std::move(to));
    alive_.push_back(std::move(from));
  }

  void run() {
    std::atomic<int64_t> next{0};
    auto work = [&] {
      for (int64_t begin; (begin = next.fetch_add(kPiece)) < total_;) copy(begin, std::min(begin + kPiece, total_));
    };
    // Threads of their own: the addon is built without OpenMP, whose threads would besides spin on after it.
    std::vector<std::thread> helpers;
    int64_t wanted = std::min<int64_t>(at::get_num_threads(), total_ / kWorthThread);
    try {
      while (static_cast<int64_t>(helpers.size()) + 1 < wanted) helpers.emplace_back(work);
    } catch (const std::system_error&) {
      // No further thread is to be had: those there are do it.
    }
    work();
    for (std::thread& helper : helpers) helper.join();
    copies_.clear();
    written_.clear();
    read_.clear();
    alive_.clear();
    total_ = 0;
  }

 private:
  struct Copy {
    char* to;
    const char* from;
    int64_t start;  // among the bytes of all
    int64_t length;
  };

  // Bytes from `begin` to `end` among those of all.
  void copy(int64_t begin, int64_t end) const {
    auto copy = std::upper_bound(copies_.begin(), copies_.end(), begin, [](int64_t at, const Copy& c) { return at < c.start; }) - 1;
    for (; copy != copies_.end() && copy->start < end; ++copy) {
      int64_t from = std::max(begin - copy->start, int64_t(0)), to = std::min(end - copy->start, copy->length);
      if (from < to) std::memcpy(copy->to + from, copy->from + from, static_cast<size_t>(to - from));
    }
  }

  std::vector<Copy> copies_;
  std::vector<at::Tensor> alive_;
  std::unordered_set<const void*> written_, read_;
  int64_t total_ = 0;
};

// copyPlain(targets, sources, from): copies pairs, from the one at `from` on, up to the first whose copy is
// more than one of bytes; gives its index, or the number of pairs. No gradients are recorded.
napi_value copy_plain(Call& call) {
  int64_t from = call.integer(2);
  uint32_t count = 0, sources = 0;
  bool arrays = false, second = false;
  if (call.argc > 1) {
    check(call.napi, napi_is_array(call.napi, call.at(0), &arrays));
    check(call.napi, napi_is_array(call.napi, call.at(1), &second));
  }
  if (!arrays || !second) throw TypedError("type", "copies need two arrays of tensors");
  check(call.napi, napi_get_array_length(call.napi, call.at(0), &count));
  check(call.napi, napi_get_array_length(call.napi, call.at(1), &sources));
  if (count != sources) throw TypedError("type", "each target needs its source");
  auto tensor_at = [&](size_t list, uint32_t i) {
    napi_value value;
    check(call.napi, napi_get_element(call.napi, call.at(list), i, &value));
    const at::Tensor* tensor = call.env->handles->tensor(call.napi, value);
    if (!tensor) throw TypedError("type", "copies need two arrays of tensors");
    return at::Tensor(*tensor);
  };
  if (from < 0 || from > count) throw TypedError("value", "a pair that is not there");
  auto i = static_cast<uint32_t>(from);
  if (!is_watched()) {
    Copies copies;
    for (; i < count; ++i) {
      at::Tensor to = tensor_at(0, i), source = tensor_at(1, i);
      if (!copies_bytes(to, source)) break;
      copies.add(std::move(to), std::move(source));
    }
    copies.run();
  }
  return js_number(call.napi, i);
}

napi_value same_shape(Call& call) { return js_bool(call.napi, call.tensor(0).sizes() == call.tensor(1).sizes()); }

}  // namespace

void register_copy_plain(Env* env, napi_value e) {
  define(env, e, "copyPlain", entry<copy_plain>);
  define(env, e, "sameShape", entry<same_shape>);
}

}  // namespace torchts
