// CRC-32 as zip has it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace torchts {

// Continues `crc` (0 at the start) over the bytes.
uint32_t crc32(uint32_t crc, const void* data, size_t length);

}  // namespace torchts
