// Bytes to float32.
#include <algorithm>
#include <cstring>

#include "data/kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define TORCHTS_AVX2 1
#endif

namespace torchts::image {

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

// (x / 255 − mean) / deviation, where these repeat after 8 × `vectors` elements; gives how many it did. With
// `past_caches` the memory gets whole vectors and is not read first; `out` must lie as vectors do.
template <int vectors, bool past_caches>
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
      __m256 value = divide(_mm256_sub_ps(divide(x, by_white), means[v]), deviations[v]);
      if constexpr (past_caches)
        _mm256_stream_ps(out + i + 8 * v, value);
      else
        _mm256_storeu_ps(out + i + 8 * v, value);
    }
  // Such stores are in no order; whoever hears of the batch must see them.
  if constexpr (past_caches) _mm_sfence();
  return i;
}

// Whole pixels of one or of three channels; gives how many it did.
template <int channels, bool past_caches>
size_t normalise_pixels(const uint8_t* in, float* out, size_t pixels, const Conversion* how) {
  float mean[8 * channels], deviation[8 * channels];
  for (int k = 0; k < 8 * channels; ++k) {
    mean[k] = how[k % channels].mean;
    deviation[k] = how[k % channels].deviation;
  }
  return normalise<channels, past_caches>(in, out, pixels * channels, mean, deviation) / channels;
}

// How many pixels there are before one that begins where a vector may. There is one among eight, as a pixel
// has an odd number of channels.
size_t pixels_to_vector(const float* out, size_t pixels, int32_t channels) {
  size_t n = 0;
  while (n < pixels && reinterpret_cast<uintptr_t>(out + n * channels) % 32 != 0) ++n;
  return n;
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
  normalise_pixels<1, false>(bytes, values, 256, &how);
  how.fits = std::memcmp(values, table, sizeof values) == 0;
#endif
  return how;
}

namespace {

void look_up(const uint8_t* in, float* out, size_t pixels, const Conversion* how, int32_t channels) {
  for (size_t i = 0; i < pixels * channels; i += channels)
    for (int32_t c = 0; c < channels; ++c) out[i + c] = how[c].table[in[i + c]];
}

#if TORCHTS_AVX2
template <int channels>
size_t convert(const uint8_t* in, float* out, size_t pixels, const Conversion* how, bool past_caches) {
  if (!past_caches) return normalise_pixels<channels, false>(in, out, pixels, how);
  size_t first = pixels_to_vector(out, pixels, channels), skipped = first * channels;
  look_up(in, out, first, how, channels);
  return first + normalise_pixels<channels, true>(in + skipped, out + skipped, pixels - first, how);
}
#endif

}  // namespace

void to_floats(const uint8_t* in, float* out, size_t pixels, const Conversion* how, int32_t channels,
               bool past_caches) {
  size_t done = 0;
#if TORCHTS_AVX2
  bool fits = std::all_of(how, how + channels, [](const Conversion& c) { return c.fits; });
  if (fits && channels == 1) done = convert<1>(in, out, pixels, how, past_caches);
  if (fits && channels == 3) done = convert<3>(in, out, pixels, how, past_caches);
#endif
  look_up(in + done * channels, out + done * channels, pixels - done, how, channels);
}

}  // namespace torchts::image
