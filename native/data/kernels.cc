#include "data/kernels.h"

#include <algorithm>
#include <cstring>

#include "support/vectors.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define TORCHTS_AVX2 1
#endif

namespace torchts::image {
namespace {

TORCHTS_INLINE uint8_t clip(int32_t sum) {
  sum >>= kPrecision;
  return static_cast<uint8_t>(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

template <int count>
TORCHTS_INLINE void weigh(const uint8_t* in, size_t stride, const int32_t* weights, uint8_t* out, size_t length) {
  int32_t w[count];
  for (int t = 0; t < count; ++t) w[t] = weights[t];
  for (size_t i = 0; i < length; ++i) {
    int32_t sum = 1 << (kPrecision - 1);
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
    for (size_t i = 0; i < n; ++i) sums[i] = 1 << (kPrecision - 1);
    for (int32_t t = 0; t < count; ++t) {
      const uint8_t* row = in + t * stride + at;
      int32_t weight = weights[t];
      for (size_t i = 0; i < n; ++i) sums[i] += row[i] * weight;
    }
    for (size_t i = 0; i < n; ++i) out[at + i] = clip(sums[i]);
  }
}

}  // namespace

TORCHTS_WIDE void weigh_rows(const uint8_t* in, size_t stride, int32_t count, const int32_t* weights,
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

namespace {

void transpose_bytes(const uint8_t* in, size_t in_stride, size_t rows, size_t columns, uint8_t* out,
                     size_t out_stride) {
  for (size_t r = 0; r < rows; ++r)
    for (size_t c = 0; c < columns; ++c) out[c * out_stride + r] = in[r * in_stride + c];
}

#if defined(__GNUC__)
typedef uint8_t Vector16 __attribute__((vector_size(16)));

// 16 × 16 bytes: rows i and i + 8 are interleaved; four times over, that is the transposition.
TORCHTS_INLINE void transpose_block(const uint8_t* in, size_t in_stride, uint8_t* out, size_t out_stride) {
  Vector16 a[16], b[16];
  for (int i = 0; i < 16; ++i) std::memcpy(&a[i], in + i * in_stride, 16);
  auto interleave = [](const Vector16* from, Vector16* to) {
    for (int i = 0; i < 8; ++i) {
      to[2 * i] = __builtin_shufflevector(from[i], from[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      to[2 * i + 1] =
          __builtin_shufflevector(from[i], from[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
  };
  interleave(a, b);
  interleave(b, a);
  interleave(a, b);
  interleave(b, a);
  for (int i = 0; i < 16; ++i) std::memcpy(out + i * out_stride, &a[i], 16);
}
#endif

}  // namespace

void transpose(const uint8_t* in, size_t in_stride, size_t rows, size_t columns, uint8_t* out, size_t out_stride) {
#if defined(__GNUC__)
  size_t r16 = rows & ~size_t(15), c16 = columns & ~size_t(15);
  for (size_t c = 0; c < c16; c += 16)
    for (size_t r = 0; r < r16; r += 16)
      transpose_block(in + r * in_stride + c, in_stride, out + c * out_stride + r, out_stride);
  transpose_bytes(in + c16, in_stride, r16, columns - c16, out + c16 * out_stride, out_stride);
  transpose_bytes(in + r16 * in_stride, in_stride, rows - r16, columns, out + r16, out_stride);
#else
  transpose_bytes(in, in_stride, rows, columns, out, out_stride);
#endif
}

TORCHTS_WIDE void split_channels(const uint8_t* in, uint8_t* __restrict out, size_t width, int32_t channels) {
  if (channels == 3) {
    for (size_t x = 0; x < width; ++x) {
      out[x] = in[3 * x];
      out[width + x] = in[3 * x + 1];
      out[2 * width + x] = in[3 * x + 2];
    }
    return;
  }
  for (int32_t c = 0; c < channels; ++c)
    for (size_t x = 0; x < width; ++x) out[c * width + x] = in[x * channels + c];
}

TORCHTS_WIDE void reverse(const uint8_t* in, uint8_t* __restrict out, size_t length) {
  for (size_t i = 0; i < length; ++i) out[i] = in[length - 1 - i];
}

#if TORCHTS_AVX2
namespace {

bool has_fma() {
  static const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return has;
}

// Quotients by a reciprocal, put right by the remainder: as a division rounds, for the few values there are.
struct Divider {
  __m256 by, reciprocal;
};
__attribute__((target("avx2,fma"))) inline Divider divider(const float* by) {
  __m256 value = _mm256_loadu_ps(by);
  return {value, _mm256_div_ps(_mm256_set1_ps(1.0f), value)};
}
__attribute__((target("avx2,fma"))) inline __m256 divide(__m256 x, const Divider& d) {
  __m256 q = _mm256_mul_ps(x, d.reciprocal);
  return _mm256_fmadd_ps(_mm256_fnmadd_ps(q, d.by, x), d.reciprocal, q);
}

// (x / 255 − mean) / deviation, where these repeat after 8 × `vectors` elements; gives how many it did.
template <int vectors>
__attribute__((target("avx2,fma"))) size_t normalise(const uint8_t* in, float* out, size_t length, const float* mean,
                                                     const float* deviation) {
  float white[8];
  std::fill(white, white + 8, 255.0f);
  const Divider by_white = divider(white);
  __m256 means[vectors];
  Divider deviations[vectors];
  for (int v = 0; v < vectors; ++v) {
    means[v] = _mm256_loadu_ps(mean + 8 * v);
    deviations[v] = divider(deviation + 8 * v);
  }
  size_t i = 0;
  for (; i + 8 * vectors <= length; i += 8 * vectors)
    for (int v = 0; v < vectors; ++v) {
      __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(in + i + 8 * v));
      __m256 x = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
      _mm256_storeu_ps(out + i + 8 * v, divide(_mm256_sub_ps(divide(x, by_white), means[v]), deviations[v]));
    }
  return i;
}

size_t normalise_one(const uint8_t* in, float* out, size_t length, const Conversion& how) {
  float mean[8], deviation[8];
  std::fill(mean, mean + 8, how.mean);
  std::fill(deviation, deviation + 8, how.deviation);
  return normalise<1>(in, out, length, mean, deviation);
}

}  // namespace
#endif

Conversion conversion_of(const float* table, float mean, float deviation) {
  Conversion how{table, mean, deviation, false};
#if TORCHTS_AVX2
  if (!has_fma()) return how;
  uint8_t bytes[256];
  float values[256];
  for (int i = 0; i < 256; ++i) bytes[i] = static_cast<uint8_t>(i);
  normalise_one(bytes, values, 256, how);
  how.fits = std::memcmp(values, table, sizeof values) == 0;
#endif
  return how;
}

void to_floats(const uint8_t* in, float* out, size_t length, const Conversion& how) {
  size_t i = 0;
#if TORCHTS_AVX2
  if (how.fits) i = normalise_one(in, out, length, how);
#endif
  for (; i < length; ++i) out[i] = how.table[in[i]];
}

void to_floats_interleaved(const uint8_t* in, float* out, size_t pixels, const Conversion* how, int32_t channels) {
  size_t length = pixels * channels, i = 0;
#if TORCHTS_AVX2
  if (channels == 3 && how[0].fits && how[1].fits && how[2].fits) {
    float mean[24], deviation[24];
    for (int k = 0; k < 24; ++k) {
      mean[k] = how[k % 3].mean;
      deviation[k] = how[k % 3].deviation;
    }
    i = normalise<3>(in, out, length, mean, deviation);
  }
#endif
  for (; i < length; i += channels)
    for (int32_t c = 0; c < channels; ++c) out[i + c] = how[c].table[in[i + c]];
}

}  // namespace torchts::image
