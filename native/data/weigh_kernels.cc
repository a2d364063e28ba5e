// Weighted sums of rows of bytes: the whole arithmetic of resampling.
#include <algorithm>
#include <cstring>

#include "data/kernels.h"
#include "support/vectors.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define TORCHTS_AVX2 1
#endif

namespace torchts::image {
namespace {

constexpr int32_t kHalf = 1 << (kPrecision - 1);

TORCHTS_INLINE uint8_t clip(int32_t sum) {
  sum >>= kPrecision;
  return static_cast<uint8_t>(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

template <int count>
TORCHTS_INLINE void weigh(const uint8_t* in, size_t stride, const int32_t* weights, uint8_t* out, size_t length) {
  int32_t w[count];
  for (int t = 0; t < count; ++t) w[t] = weights[t];
  for (size_t i = 0; i < length; ++i) {
    int32_t sum = kHalf;
    for (int t = 0; t < count; ++t) sum += in[t * stride + i] * w[t];
    out[i] = clip(sum);
  }
}

// Any number of rows: a stretch of sums at a time.
TORCHTS_INLINE void weigh_many(const uint8_t* in, size_t stride, int32_t count, const int32_t* weights, uint8_t* out,
                               size_t length) {
  constexpr size_t kStretch = 256;
  int32_t sums[kStretch];
  for (size_t at = 0; at < length; at += kStretch) {
    size_t n = std::min(kStretch, length - at);
    for (size_t i = 0; i < n; ++i) sums[i] = kHalf;
    for (int32_t t = 0; t < count; ++t) {
      const uint8_t* row = in + t * stride + at;
      int32_t weight = weights[t];
      for (size_t i = 0; i < n; ++i) sums[i] += row[i] * weight;
    }
    for (size_t i = 0; i < n; ++i) out[at + i] = clip(sums[i]);
  }
}

void weigh_rows_plainly(const uint8_t* in, size_t stride, int32_t count, const int32_t* weights,
                        uint8_t* __restrict out, size_t length) {
  switch (count) {
    case 1: return weigh<1>(in, stride, weights, out, length);
    case 2: return weigh<2>(in, stride, weights, out, length);
    case 3: return weigh<3>(in, stride, weights, out, length);
    case 4: return weigh<4>(in, stride, weights, out, length);
    case 5: return weigh<5>(in, stride, weights, out, length);
    case 6: return weigh<6>(in, stride, weights, out, length);
    default: return weigh_many(in, stride, count, weights, out, length);
  }
}

#if TORCHTS_AVX2
// One instruction multiplies 16-bit numbers and adds the products of neighbours, so two rows go together, their bytes
// interleaved. Weights are longer: their upper and lower parts have sums of their own, put together at the end
// as whole numbers are, so nothing is lost.
constexpr int kLowBits = 15;
constexpr size_t kBlock = 16;

struct Halves {
  __m256i low, high;
};

__attribute__((target("avx2"))) inline Halves halves_of(int32_t near, int32_t far) {
  constexpr int32_t mask = (1 << kLowBits) - 1;
  auto both = [](int32_t a, int32_t b) { return static_cast<int32_t>((a & 0xffff) | static_cast<uint32_t>(b) << 16); };
  return {_mm256_set1_epi32(both(near & mask, far & mask)),
          _mm256_set1_epi32(both(near >> kLowBits, far >> kLowBits))};
}

// Sixteen bytes of the result. With pairs known when compiled, their weights stay in registers.
__attribute__((target("avx2"), always_inline)) inline void weigh_block(const uint8_t* in, size_t stride, int32_t count,
                                                                       const Halves* weights, uint8_t* out) {
  __m256i low[2], high[2];
  for (int k = 0; k < 2; ++k) {
    low[k] = _mm256_set1_epi32(kHalf);
    high[k] = _mm256_setzero_si256();
  }
  for (int32_t t = 0; t < count; t += 2) {
    __m128i near = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + t * stride));
    __m128i far = t + 1 < count ? _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + (t + 1) * stride)) : near;
    const Halves& w = weights[t / 2];
    __m256i pairs[2] = {_mm256_cvtepu8_epi16(_mm_unpacklo_epi8(near, far)),
                        _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(near, far))};
    for (int k = 0; k < 2; ++k) {
      low[k] = _mm256_add_epi32(low[k], _mm256_madd_epi16(pairs[k], w.low));
      high[k] = _mm256_add_epi32(high[k], _mm256_madd_epi16(pairs[k], w.high));
    }
  }
  for (int k = 0; k < 2; ++k)
    low[k] = _mm256_srai_epi32(_mm256_add_epi32(low[k], _mm256_slli_epi32(high[k], kLowBits)), kPrecision);
  // Narrowed with saturation, which is the clipping.
  __m256i shorts = _mm256_permute4x64_epi64(_mm256_packs_epi32(low[0], low[1]), 0xd8);
  __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(shorts), _mm256_extracti128_si256(shorts, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
}

// The last block overlaps the one before; `length` is at least a block.
template <int32_t known>
__attribute__((target("avx2"))) void weigh_blocks(const uint8_t* in, size_t stride, int32_t counted,
                                                  const Halves* weights, uint8_t* out, size_t length) {
  const int32_t count = known > 0 ? known : counted;
  size_t i = 0;
  for (; i + kBlock <= length; i += kBlock) weigh_block(in + i, stride, count, weights, out + i);
  if (i < length) weigh_block(in + length - kBlock, stride, count, weights, out + length - kBlock);
}

constexpr int32_t kMostPairs = 32;

__attribute__((target("avx2"))) void weigh_rows_in_pairs(const uint8_t* in, size_t stride, int32_t count,
                                                         const int32_t* weights, uint8_t* out, size_t length) {
  Halves halves[kMostPairs];
  for (int32_t t = 0; t < count; t += 2) halves[t / 2] = halves_of(weights[t], t + 1 < count ? weights[t + 1] : 0);
  switch (count) {
    case 1: return weigh_blocks<1>(in, stride, count, halves, out, length);
    case 2: return weigh_blocks<2>(in, stride, count, halves, out, length);
    case 3: return weigh_blocks<3>(in, stride, count, halves, out, length);
    case 4: return weigh_blocks<4>(in, stride, count, halves, out, length);
    default: return weigh_blocks<0>(in, stride, count, halves, out, length);
  }
}
#endif

}  // namespace

void weigh_rows(const uint8_t* in, size_t stride, int32_t count, const int32_t* weights, uint8_t* out, size_t length) {
#if TORCHTS_AVX2
  static const bool wide = __builtin_cpu_supports("avx2");
  if (wide && length >= kBlock && count <= 2 * kMostPairs)
    return weigh_rows_in_pairs(in, stride, count, weights, out, length);
#endif
  weigh_rows_plainly(in, stride, count, weights, out, length);
}

}  // namespace torchts::image
