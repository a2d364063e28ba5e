#include "serialize/crc32.h"

#include <array>
#include <cstring>

namespace torchts {
namespace {

constexpr size_t kLanes = 16;
using Tables = std::array<std::array<uint32_t, 256>, kLanes>;

// Table k advances a byte by k further zero bytes, so that sixteen bytes are looked up independently.
constexpr Tables make_tables() {
  Tables tables{};
  for (uint32_t n = 0; n < 256; ++n) {
    uint32_t c = n;
    for (int bit = 0; bit < 8; ++bit) c = (c & 1) ? 0xEDB88320u ^ (c >> 1) : c >> 1;
    tables[0][n] = c;
  }
  for (size_t k = 1; k < kLanes; ++k)
    for (uint32_t n = 0; n < 256; ++n) tables[k][n] = (tables[k - 1][n] >> 8) ^ tables[0][tables[k - 1][n] & 0xFF];
  return tables;
}

constexpr Tables kTables = make_tables();

inline uint32_t four(uint32_t word, size_t lane) {
  return kTables[lane + 3][word & 0xFF] ^ kTables[lane + 2][(word >> 8) & 0xFF] ^ kTables[lane + 1][(word >> 16) & 0xFF] ^
         kTables[lane][word >> 24];
}

}  // namespace

uint32_t crc32(uint32_t crc, const void* data, size_t length) {
  auto* bytes = static_cast<const unsigned char*>(data);
  crc = ~crc;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  while (length >= kLanes) {
    uint32_t words[4];
    std::memcpy(words, bytes, kLanes);
    crc = four(words[0] ^ crc, 12) ^ four(words[1], 8) ^ four(words[2], 4) ^ four(words[3], 0);
    bytes += kLanes;
    length -= kLanes;
  }
#endif
  while (length-- > 0) crc = kTables[0][(crc ^ *bytes++) & 0xFF] ^ (crc >> 8);
  return ~crc;
}

}  // namespace torchts
