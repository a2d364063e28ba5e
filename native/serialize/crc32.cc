#include "serialize/crc32.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace torchts {
namespace {

constexpr uint32_t kPolynomial = 0xEDB88320u;
constexpr size_t kLanes = 16;
using Tables = std::array<std::array<uint32_t, 256>, kLanes>;

// Table k advances a byte by k further zero bytes, so that sixteen bytes are looked up independently.
constexpr Tables make_tables() {
  Tables tables{};
  for (uint32_t n = 0; n < 256; ++n) {
    uint32_t c = n;
    for (int bit = 0; bit < 8; ++bit) c = (c & 1) ? kPolynomial ^ (c >> 1) : c >> 1;
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

uint32_t by_table(uint32_t state, const unsigned char* bytes, size_t length) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  while (length >= kLanes) {
    uint32_t words[4];
    std::memcpy(words, bytes, kLanes);
    state = four(words[0] ^ state, 12) ^ four(words[1], 8) ^ four(words[2], 4) ^ four(words[3], 0);
    bytes += kLanes;
    length -= kLanes;
  }
#endif
  while (length-- > 0) state = kTables[0][(state ^ *bytes++) & 0xFF] ^ (state >> 8);
  return state;
}

#if defined(__x86_64__)

#define TORCHTS_CLMUL __attribute__((target("sse4.1,pclmul")))

TORCHTS_CLMUL inline __m128i load(const unsigned char* bytes) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
}

// Moves 128 bits of remainder ahead by the distance that the constants stand for.
TORCHTS_CLMUL inline __m128i fold(__m128i x, __m128i constants, __m128i next) {
  return _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(x, constants, 0x00), _mm_clmulepi64_si128(x, constants, 0x11)), next);
}

// Remainders by multiplication without carries: powers of x modulo the polynomial, bits reflected
// (Gopal et al., Fast CRC Computation for Generic Polynomials Using PCLMULQDQ).
TORCHTS_CLMUL inline __m128i by_one() { return _mm_set_epi64x(0x00ccaa009e, 0x01751997d0); }

// The sum of 128 bits of remainder, after the whole 16 bytes that follow them.
TORCHTS_CLMUL uint32_t reduce(__m128i a, const unsigned char* bytes, size_t length) {
  const __m128i to_64 = _mm_set_epi64x(0, 0x0163cd6124);
  const __m128i reduction = _mm_set_epi64x(0x01f7011641, 0x01db710641);
  const __m128i low = _mm_setr_epi32(-1, 0, -1, 0);
  for (; length >= 16; bytes += 16, length -= 16) a = fold(a, by_one(), load(bytes));

  a = _mm_xor_si128(_mm_srli_si128(a, 8), _mm_clmulepi64_si128(a, by_one(), 0x10));
  a = _mm_xor_si128(_mm_clmulepi64_si128(_mm_and_si128(a, low), to_64, 0x00), _mm_srli_si128(a, 4));
  __m128i quotient = _mm_and_si128(_mm_clmulepi64_si128(_mm_and_si128(a, low), reduction, 0x10), low);
  return static_cast<uint32_t>(_mm_extract_epi32(_mm_xor_si128(a, _mm_clmulepi64_si128(quotient, reduction, 0x00)), 1));
}

// `length` is a multiple of 16 and at least 64.
TORCHTS_CLMUL uint32_t by_multiplication(uint32_t state, const unsigned char* bytes, size_t length) {
  const __m128i by_four = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4);
  __m128i a = _mm_xor_si128(load(bytes), _mm_cvtsi32_si128(static_cast<int>(state)));
  __m128i b = load(bytes + 16), c = load(bytes + 32), d = load(bytes + 48);
  for (bytes += 64, length -= 64; length >= 64; bytes += 64, length -= 64) {
    a = fold(a, by_four, load(bytes));
    b = fold(b, by_four, load(bytes + 16));
    c = fold(c, by_four, load(bytes + 32));
    d = fold(d, by_four, load(bytes + 48));
  }
  return reduce(fold(fold(fold(a, by_one(), b), by_one(), c), by_one(), d), bytes, length);
}

#define TORCHTS_WIDE_CLMUL __attribute__((target("avx2,pclmul,vpclmulqdq")))
constexpr size_t kWide = 256;

// The same with two remainders to a register, sixteen in all. `length` is a multiple of 16 and at least kWide.
TORCHTS_WIDE_CLMUL uint32_t by_wide_multiplication(uint32_t state, const unsigned char* bytes, size_t length) {
  const __m256i by_sixteen = _mm256_set_epi64x(0x01322d1430, 0x011542778a, 0x01322d1430, 0x011542778a);
  __m256i lanes[8];
  for (size_t i = 0; i < 8; ++i) lanes[i] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes + 32 * i));
  lanes[0] = _mm256_xor_si256(lanes[0], _mm256_set_epi32(0, 0, 0, 0, 0, 0, 0, static_cast<int>(state)));
  for (bytes += kWide, length -= kWide; length >= kWide; bytes += kWide, length -= kWide)
    for (size_t i = 0; i < 8; ++i) {
      __m256i next = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes + 32 * i));
      __m256i high = _mm256_clmulepi64_epi128(lanes[i], by_sixteen, 0x00);
      lanes[i] = _mm256_xor_si256(_mm256_xor_si256(high, next), _mm256_clmulepi64_epi128(lanes[i], by_sixteen, 0x11));
    }
  alignas(32) unsigned char rest[kWide];
  for (size_t i = 0; i < 8; ++i) _mm256_store_si256(reinterpret_cast<__m256i*>(rest + 32 * i), lanes[i]);
  __m128i a = load(rest);
  for (size_t i = 16; i < kWide; i += 16) a = fold(a, by_one(), load(rest + i));
  return reduce(a, bytes, length);
}

bool multiplies() {
  static const bool supported = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
  return supported;
}

bool multiplies_widely() {
  static const bool supported = multiplies() && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("vpclmulqdq");
  return supported;
}

#endif

// Polynomials with reflected bits: this one is 1.
constexpr uint32_t kOne = 0x80000000u;

uint32_t product(uint32_t a, uint32_t b) {
  uint32_t sum = 0;
  for (uint32_t bit = kOne; bit != 0; bit >>= 1) {
    if (a & bit) sum ^= b;
    b = (b & 1) ? kPolynomial ^ (b >> 1) : b >> 1;
  }
  return sum;
}

}  // namespace

uint32_t crc32(uint32_t crc, const void* data, size_t length) {
  auto* bytes = static_cast<const unsigned char*>(data);
  uint32_t state = ~crc;
#if defined(__x86_64__)
  if (length >= 64 && multiplies()) {
    size_t whole = length & ~size_t(15);
    state = length >= kWide && multiplies_widely() ? by_wide_multiplication(state, bytes, whole)
                                                   : by_multiplication(state, bytes, whole);
    bytes += whole;
    length -= whole;
  }
#endif
  return ~by_table(state, bytes, length);
}

uint32_t crc32_of_both(uint32_t first, uint32_t second, uint64_t length) {
  // Bytes behind multiply what comes before by x^8 each; the sums' inversions cancel each other out.
  uint32_t power = kOne >> 8;
  for (; length > 0; length >>= 1) {
    if (length & 1) first = product(first, power);
    power = product(power, power);
  }
  return first ^ second;
}

}  // namespace torchts
