// Files' bytes by descriptor, and the numbers that say where they lie.
#pragma once

#include <cmath>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include <unistd.h>

#include "support/call.h"

namespace torchts {

// Bytes are summed while they are still in the cache.
constexpr uint64_t kBlock = 1 << 18;

[[noreturn]] inline void broken(const std::string& message) { throw TypedError("file", message); }

[[noreturn]] inline void system_failure() { broken(std::strerror(errno)); }

inline void read_exactly(int fd, void* to, uint64_t length, uint64_t offset) {
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

inline void write_exactly(int fd, const void* from, uint64_t length, uint64_t offset) {
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

inline std::vector<double> doubles_at(Call& call, size_t i) {
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

}  // namespace torchts
