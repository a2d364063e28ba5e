// Tensors' bytes between files and memory, off the JavaScript thread. What lies where in a file is
// worked out in TypeScript (lib/serialization); here every offset is checked once more against the
// file before memory is taken.
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ATen/ATen.h>

#include "dispatch/convert.h"
#include "support/background.h"
#include "serialize/crc32.h"

namespace torchts {
namespace {

// Bytes are summed while they are still in the cache.
constexpr uint64_t kBlock = 1 << 18;
constexpr uint64_t kLocalHeader = 30;
constexpr uint64_t kMapAlignment = 16;

[[noreturn]] void broken(const std::string& message) { throw TypedError("file", message); }

[[noreturn]] void system_failure() { broken(std::strerror(errno)); }

void read_exactly(int fd, void* to, uint64_t length, uint64_t offset) {
  auto* bytes = static_cast<char*>(to);
  while (length > 0) {
    ssize_t got = ::pread(fd, bytes, length, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) system_failure();
    if (got == 0) broken("it ended while it was read: it is truncated");
    bytes += got;
    offset += static_cast<uint64_t>(got);
    length -= static_cast<uint64_t>(got);
  }
}

void write_exactly(int fd, const void* from, uint64_t length, uint64_t offset) {
  auto* bytes = static_cast<const char*>(from);
  while (length > 0) {
    ssize_t put = ::pwrite(fd, bytes, length, static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) system_failure();
    bytes += put;
    offset += static_cast<uint64_t>(put);
    length -= static_cast<uint64_t>(put);
  }
}

struct Mapping {
  Mapping(int fd, size_t length) : length(length) {
    data = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) system_failure();
  }
  ~Mapping() { ::munmap(data, length); }
  void* data;
  size_t length;
};

struct Region {
  uint64_t offset;  // of the zip header before the bytes, or of the bytes themselves
  uint64_t size;
  int64_t crc;     // negative: not checked
  uint64_t limit;  // the bytes end here at the latest
};

struct ReadWork : BackgroundWork {
  int fd;
  bool headers;
  bool map;
  std::vector<Region> regions;
  std::vector<at::Tensor> tensors;

  uint64_t file_size() const {
    struct stat info;
    if (::fstat(fd, &info) != 0) system_failure();
    return static_cast<uint64_t>(info.st_size);
  }

  // On the JavaScript thread: memory that threads of the pool allocate stays with their arenas when it
  // is freed. Nothing is taken for more than the file can hold.
  void allocate() {
    uint64_t size = file_size();
    for (const Region& region : regions) {
      uint64_t limit = std::min(region.limit, size);
      if (region.offset > limit || region.size > limit - region.offset) broken("a record reaches beyond its end: it is truncated or broken");
    }
    for (const Region& region : regions) tensors.push_back(map ? at::Tensor() : bytes_of(region.size));
  }

  static at::Tensor bytes_of(uint64_t size) {
    return at::empty({static_cast<int64_t>(size)}, at::TensorOptions().dtype(at::kByte));
  }

  uint64_t begin_of(const Region& region, uint64_t file_size) const {
    uint64_t begin = region.offset;
    uint64_t limit = std::min(region.limit, file_size);
    if (headers) {
      if (begin > limit || limit - begin < kLocalHeader) broken("a record lies beyond its end");
      unsigned char head[kLocalHeader];
      read_exactly(fd, head, kLocalHeader, begin);
      if (std::memcmp(head, "PK\3\4", 4) != 0) broken("a record does not begin with a zip header");
      begin += kLocalHeader + (head[26] | head[27] << 8) + (head[28] | head[29] << 8);
    }
    if (begin > limit || region.size > limit - begin) broken("a record reaches beyond its end: it is truncated or broken");
    return begin;
  }

  void read(const Region& region, uint64_t begin, const at::Tensor& tensor) const {
    auto* bytes = static_cast<char*>(tensor.mutable_data_ptr());
    uint32_t crc = 0;
    for (uint64_t done = 0; done < region.size;) {
      uint64_t length = std::min(kBlock, region.size - done);
      read_exactly(fd, bytes + done, length, begin + done);
      if (region.crc >= 0) crc = crc32(crc, bytes + done, length);
      done += length;
    }
    if (region.crc >= 0 && crc != static_cast<uint32_t>(region.crc)) broken("the checksum of a record is wrong: it is damaged");
  }

  void execute() override {
    uint64_t size = file_size();
    std::shared_ptr<Mapping> mapping;
    for (size_t i = 0; i < regions.size(); ++i) {
      const Region& region = regions[i];
      uint64_t begin = begin_of(region, size);
      if (map && region.size > 0 && begin % kMapAlignment == 0) {
        if (!mapping) mapping = std::make_shared<Mapping>(fd, size);
        tensors[i] = at::from_blob(
            static_cast<char*>(mapping->data) + begin, {static_cast<int64_t>(region.size)}, [mapping](void*) {},
            at::TensorOptions().dtype(at::kByte));
        continue;
      }
      if (!tensors[i].defined()) tensors[i] = bytes_of(region.size);
      read(region, begin, tensors[i]);
    }
  }

  napi_value result(Env* env) override {
    napi_value array;
    check(env->env, napi_create_array_with_length(env->env, tensors.size(), &array));
    for (size_t i = 0; i < tensors.size(); ++i)
      check(env->env, napi_set_element(env->env, array, static_cast<uint32_t>(i), env->handles->wrap(std::move(tensors[i]))));
    return array;
  }
};

std::vector<double> doubles_at(Call& call, size_t i) {
  bool is_typed = false;
  if (i < call.argc) check(call.napi, napi_is_typedarray(call.napi, call.at(i), &is_typed));
  napi_typedarray_type type = napi_int8_array;
  size_t length = 0, offset;
  void* data = nullptr;
  napi_value buffer;
  if (is_typed) check(call.napi, napi_get_typedarray_info(call.napi, call.at(i), &type, &length, &data, &buffer, &offset));
  if (!is_typed || type != napi_float64_array)
    throw TypedError("type", "argument " + std::to_string(i + 1) + " must be a Float64Array");
  auto* values = static_cast<const double*>(data);
  for (size_t k = 0; k < length; ++k)
    if (!(std::abs(values[k]) <= 9007199254740992.0)) throw TypedError("value", "an offset or size beyond 2^53");
  return std::vector<double>(values, values + length);
}

// readRegions(fd, [offset, size, crc, limit]…, headers, map): Promise of uint8 tensors.
napi_value read_regions(Call& call) {
  auto work = std::make_unique<ReadWork>();
  work->fd = static_cast<int>(call.integer(0));
  std::vector<double> numbers = doubles_at(call, 1);
  work->headers = call.boolean(2);
  work->map = call.boolean_or(3, false);
  if (numbers.size() % 4 != 0) throw TypedError("type", "regions must be given as four numbers each");
  for (size_t i = 0; i < numbers.size(); i += 4) {
    if (numbers[i] < 0 || numbers[i + 1] < 0 || numbers[i + 3] < 0) throw TypedError("value", "a negative offset or size");
    work->regions.push_back({static_cast<uint64_t>(numbers[i]), static_cast<uint64_t>(numbers[i + 1]),
                             static_cast<int64_t>(numbers[i + 2]), static_cast<uint64_t>(numbers[i + 3])});
  }
  work->allocate();
  return run_in_background(call, "torchts:readRegions", std::move(work));
}

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
  define(env, e, "readRegions", entry<read_regions>);
  define(env, e, "writeStorages", entry<write_storages>);
  define(env, e, "viewStorage", entry<view_storage>);
  define(env, e, "crcOfStorage", entry<crc_of_storage>);
}

}  // namespace torchts
