// CRC-32 as zip has it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace torchts {

// Continues `crc` (0 at the start) over the bytes.
uint32_t crc32(uint32_t crc, const void* data, size_t length);

// The sum of bytes with the sum `first` and `length` further ones with the sum `second`.
uint32_t crc32_of_both(uint32_t first, uint32_t second, uint64_t length);

}  // namespace torchts
