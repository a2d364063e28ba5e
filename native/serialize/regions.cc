// Storages into files, off the JavaScript thread, and tensors over storages that were read.
#include <cerrno>
#include <fcntl.h>

#include <ATen/ATen.h>

#include "dispatch/convert.h"
#include "serialize/crc32.h"
#include "serialize/file_io.h"
#include "support/background.h"

namespace torchts {

void register_read_regions(Env* env, napi_value e);

namespace {

// Takes the space on the disk at once: a full disk is known before anything is written, and the
// blocks lie together. Where a file system cannot, they are taken as the bytes come.
void reserve(int fd, uint64_t size) {
#if defined(__linux__)
  if (size == 0) return;
  while (::fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(size)) != 0) {
    if (errno == EINTR) continue;
    if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) system_failure();
    return;
  }
#endif
}

struct WriteWork : BackgroundWork {
  int fd;
  uint64_t reserved;
  std::vector<double> offsets;
  std::vector<at::Tensor> tensors;
  std::vector<uint32_t> sums;

  void execute() override {
    reserve(fd, reserved);
    for (size_t i = 0; i < tensors.size(); ++i) {
      const auto& storage = tensors[i].storage();
      auto* bytes = static_cast<const char*>(storage.data());
      uint64_t size = storage.nbytes();
      auto offset = static_cast<uint64_t>(offsets[i]);
      uint32_t crc = 0;
      for (uint64_t done = 0; done < size;) {
        uint64_t length = std::min(kBlock, size - done);
        crc = crc32(crc, bytes + done, length);
        write_exactly(fd, bytes + done, length, offset + done);
        done += length;
      }
      sums.push_back(crc);
    }
  }

  napi_value result(Env* env) override {
    napi_value array;
    check(env->env, napi_create_array_with_length(env->env, sums.size(), &array));
    for (size_t i = 0; i < sums.size(); ++i)
      check(env->env, napi_set_element(env->env, array, static_cast<uint32_t>(i), js_number(env->env, sums[i])));
    return array;
  }
};

// writeStorages(fd, offsets, tensors, reserved?): writes the whole storage of each; Promise of their
// CRCs. `reserved` bytes of the file are allocated first.
napi_value write_storages(Call& call) {
  auto work = std::make_unique<WriteWork>();
  work->fd = static_cast<int>(call.integer(0));
  work->offsets = doubles_at(call, 1);
  work->tensors = call.tensors(2);
  work->reserved = static_cast<uint64_t>(call.missing(3) ? 0 : std::max<int64_t>(0, call.integer(3)));
  if (work->offsets.size() != work->tensors.size()) throw TypedError("type", "each tensor needs its offset");
  for (size_t i = 0; i < work->tensors.size(); ++i) {
    if (work->offsets[i] < 0) throw TypedError("value", "a negative offset");
    const at::Tensor& t = work->tensors[i];
    if (!t.has_storage() || !t.device().is_cpu()) throw TypedError("device", "only storages on the CPU can be written");
  }
  return run_in_background(call, "torchts:writeStorages", std::move(work));
}

// Checks that no element lies outside `bytes`; wide arithmetic, as the numbers come from files.
void check_bounds(c10::ArrayRef<int64_t> sizes, c10::ArrayRef<int64_t> strides, int64_t offset, uint64_t bytes, size_t width) {
  if (sizes.size() != strides.size()) broken("a tensor with " + std::to_string(sizes.size()) + " sizes and " + std::to_string(strides.size()) + " strides");
  if (sizes.size() > 64) broken("a tensor with more than 64 dimensions");
  if (offset < 0) broken("a tensor with the negative storage offset " + std::to_string(offset));
  bool empty = false;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] < 0 || strides[i] < 0) broken("a tensor with a negative size or stride");
    empty = empty || sizes[i] == 0;
  }
  __int128 count = 1, last = offset;
  for (size_t i = 0; i < sizes.size() && !empty; ++i) {
    count *= sizes[i];
    last += static_cast<__int128>(sizes[i] - 1) * strides[i];
    if (count > (static_cast<__int128>(1) << 62) || last > (static_cast<__int128>(1) << 62)) broken("a tensor with more elements than memory can have");
  }
  if (!empty && static_cast<__int128>(bytes) < (last + 1) * static_cast<__int128>(width))
    broken(c10::str("a tensor of size [", c10::Join(", ", sizes), "] with strides [", c10::Join(", ", strides), "] and offset ", offset,
                    " reaches beyond its storage of ", bytes, " bytes"));
}

// viewStorage(tensor, dtype, sizes, strides, offset, nbytes?): a tensor over the storage of another,
// with an autograd and version identity of its own; of the storage only the first nbytes count.
napi_value view_storage(Call& call) {
  const at::Tensor& base = call.tensor(0);
  auto dtype = dtype_of_name(call.string(1));
  if (!dtype) throw TypedError("dtype", "unknown dtype '" + call.string(1) + "'");
  std::vector<int64_t> sizes = call.integers(2), strides = call.integers(3);
  int64_t offset = call.integer(4);
  if (!base.has_storage()) throw TypedError("type", "only a dense tensor has a storage");
  uint64_t bytes = base.storage().nbytes();
  if (!call.missing(5)) bytes = std::min(bytes, static_cast<uint64_t>(std::max<int64_t>(0, call.integer(5))));
  check_bounds(sizes, strides, offset, bytes, c10::elementSize(*dtype));
  at::Tensor result = at::empty({0}, base.options().dtype(*dtype).requires_grad(false));
  result.set_(base.storage(), offset, sizes, strides);
  return call.env->handles->wrap(std::move(result));
}

napi_value crc_of_storage(Call& call) {
  const at::Tensor& t = call.tensor(0);
  if (!t.has_storage() || !t.device().is_cpu()) throw TypedError("device", "only storages on the CPU can be summed");
  return js_number(call.napi, crc32(0, t.storage().data(), t.storage().nbytes()));
}

}  // namespace

void register_serialize(Env* env, napi_value e) {
  register_read_regions(env, e);
  define(env, e, "writeStorages", entry<write_storages>);
  define(env, e, "viewStorage", entry<view_storage>);
  define(env, e, "crcOfStorage", entry<crc_of_storage>);
}

}  // namespace torchts
