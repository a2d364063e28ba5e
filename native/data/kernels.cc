#include "data/kernels.h"

#include <cstring>

#include "support/vectors.h"

namespace torchts::image {
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

TORCHTS_WIDE void split_channels(const uint8_t* in, uint8_t* __restrict out, size_t plane, size_t width,
                                 int32_t channels) {
  if (channels == 3) {
    for (size_t x = 0; x < width; ++x) {
      out[x] = in[3 * x];
      out[plane + x] = in[3 * x + 1];
      out[2 * plane + x] = in[3 * x + 2];
    }
    return;
  }
  for (int32_t c = 0; c < channels; ++c)
    for (size_t x = 0; x < width; ++x) out[c * plane + x] = in[x * channels + c];
}

TORCHTS_WIDE void reverse(const uint8_t* in, uint8_t* __restrict out, size_t length) {
  for (size_t i = 0; i < length; ++i) out[i] = in[length - 1 - i];
}

}  // namespace torchts::image
