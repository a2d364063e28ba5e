// The arithmetic of JPEG: inverse transform, upsampling, colours, as libjpeg-turbo rounds them.
#include <cstring>

#include "data/kernels.h"
#include "support/vectors.h"

namespace torchts::image {

#if defined(__GNUC__)
namespace {

typedef int32_t Eight __attribute__((vector_size(32)));
typedef int16_t Short __attribute__((vector_size(16)));

constexpr int kConstBits = 13, kPass1Bits = 2;

// The transform along one dimension of 8 × 8, for the eight lanes at once; `bits` are rounded away.
template <int bits>
TORCHTS_INLINE void inverse_dct_8(Eight* v) {
  Eight z1 = (v[2] + v[6]) * 4433;
  Eight t2 = z1 - v[6] * 15137, t3 = z1 + v[2] * 6270;
  Eight t0 = (v[0] + v[4]) << kConstBits, t1 = (v[0] - v[4]) << kConstBits;
  Eight e0 = t0 + t3, e3 = t0 - t3, e1 = t1 + t2, e2 = t1 - t2;

  Eight a = v[7], b = v[5], c = v[3], d = v[1];
  Eight z5 = (a + c + b + d) * 9633;
  Eight y1 = (a + d) * -7373, y2 = (b + c) * -20995;
  Eight y3 = (a + c) * -16069 + z5, y4 = (b + d) * -3196 + z5;
  a = a * 2446 + y1 + y3;
  b = b * 16819 + y2 + y4;
  c = c * 25172 + y2 + y3;
  d = d * 12299 + y1 + y4;

  constexpr int32_t half = 1 << (bits - 1);
  e0 += half;
  e1 += half;
  e2 += half;
  e3 += half;
  v[0] = (e0 + d) >> bits;
  v[7] = (e0 - d) >> bits;
  v[1] = (e1 + c) >> bits;
  v[6] = (e1 - c) >> bits;
  v[2] = (e2 + b) >> bits;
  v[5] = (e2 - b) >> bits;
  v[3] = (e3 + a) >> bits;
  v[4] = (e3 - a) >> bits;
}

TORCHTS_INLINE Eight clamp(Eight v, int32_t low, int32_t high) {
  v = v < low ? Eight{} + low : v;
  return v > high ? Eight{} + high : v;
}

TORCHTS_INLINE void transpose_8(Short* v) {
  Short w[8];
  auto interleave = [](const Short* from, Short* to) {
    for (int i = 0; i < 4; ++i) {
      to[2 * i] = __builtin_shufflevector(from[i], from[i + 4], 0, 8, 1, 9, 2, 10, 3, 11);
      to[2 * i + 1] = __builtin_shufflevector(from[i], from[i + 4], 4, 12, 5, 13, 6, 14, 7, 15);
    }
  };
  interleave(v, w);
  interleave(w, v);
  interleave(v, w);
  std::memcpy(v, w, sizeof w);
}

}  // namespace

bool has_inverse_dct() { return true; }

TORCHTS_WIDE void inverse_dct(const int16_t* block, bool flat, uint8_t* out, size_t stride) {
  if (flat) {
    int32_t level = ((block[0] + 4) >> 3) + 128;
    auto value = static_cast<uint8_t>(level < 0 ? 0 : level > 255 ? 255 : level);
    for (int y = 0; y < 8; ++y) std::memset(out + y * stride, value, 8);
    return;
  }
  Short rows[8];
  Eight v[8];
  std::memcpy(rows, block, sizeof rows);
  for (int i = 0; i < 8; ++i) v[i] = __builtin_convertvector(rows[i], Eight);
  inverse_dct_8<kConstBits - kPass1Bits>(v);
  for (int i = 0; i < 8; ++i) rows[i] = __builtin_convertvector(clamp(v[i], -32768, 32767), Short);
  transpose_8(rows);
  for (int i = 0; i < 8; ++i) v[i] = __builtin_convertvector(rows[i], Eight);
  inverse_dct_8<kConstBits + kPass1Bits + 3>(v);
  for (int i = 0; i < 8; ++i) rows[i] = __builtin_convertvector(clamp(v[i] + 128, 0, 255), Short);
  transpose_8(rows);
  for (int y = 0; y < 8; ++y) {
    typedef uint8_t Bytes __attribute__((vector_size(8)));
    Bytes bytes = __builtin_convertvector(rows[y], Bytes);
    std::memcpy(out + y * stride, &bytes, 8);
  }
}
#else
bool has_inverse_dct() { return false; }
void inverse_dct(const int16_t*, bool, uint8_t*, size_t) {}
#endif

TORCHTS_WIDE void weigh_pair(const uint8_t* near, const uint8_t* far, bool both, int16_t* __restrict out,
                             size_t length) {
  if (both)
    for (size_t i = 0; i < length; ++i) out[i] = static_cast<int16_t>(near[i] * 3 + far[i]);
  else
    for (size_t i = 0; i < length; ++i) out[i] = near[i];
}

TORCHTS_WIDE void upsample_row(const int16_t* in, uint8_t* __restrict out, size_t length, bool both) {
  if (both) {
    for (size_t i = 0; i < length; ++i) {
      out[2 * i] = static_cast<uint8_t>((in[i] * 3 + in[static_cast<ptrdiff_t>(i) - 1] + 8) >> 4);
      out[2 * i + 1] = static_cast<uint8_t>((in[i] * 3 + in[i + 1] + 7) >> 4);
    }
  } else {
    for (size_t i = 0; i < length; ++i) {
      out[2 * i] = static_cast<uint8_t>((in[i] * 3 + in[static_cast<ptrdiff_t>(i) - 1] + 1) >> 2);
      out[2 * i + 1] = static_cast<uint8_t>((in[i] * 3 + in[i + 1] + 2) >> 2);
    }
  }
}

namespace {
TORCHTS_INLINE uint8_t to_byte(int32_t v) { return static_cast<uint8_t>(v < 0 ? 0 : v > 255 ? 255 : v); }
}  // namespace

TORCHTS_WIDE void ycc_to_rgb(const uint8_t* luma, const uint8_t* blue, const uint8_t* red, uint8_t* __restrict r,
                             uint8_t* __restrict g, uint8_t* __restrict b, size_t length) {
  constexpr int32_t half = 1 << 15;
  for (size_t i = 0; i < length; ++i) {
    int32_t y = luma[i], cb = blue[i] - 128, cr = red[i] - 128;
    r[i] = to_byte(y + ((91881 * cr + half) >> 16));
    g[i] = to_byte(y + ((-22554 * cb - 46802 * cr + half) >> 16));
    b[i] = to_byte(y + ((116130 * cb + half) >> 16));
  }
}

TORCHTS_WIDE void join_channels(const uint8_t* in, uint8_t* __restrict out, size_t width) {
  for (size_t x = 0; x < width; ++x) {
    out[3 * x] = in[x];
    out[3 * x + 1] = in[width + x];
    out[3 * x + 2] = in[2 * width + x];
  }
}

}  // namespace torchts::image
