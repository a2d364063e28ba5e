// The inner loops of the image path: plain functions over bytes, with wider vectors where the machine has them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace torchts::image {

// 8 bits of the pixel and 2 bits of headroom (filters with negative lobes) leave these for weights.
constexpr int kPrecision = 32 - 8 - 2;

// A weighted sum (weigh_kernels.cc) of `count` rows that lie `stride` bytes apart, rounded and clipped to bytes.
void weigh_rows(const uint8_t* in, size_t stride, int32_t count, const int32_t* weights, uint8_t* out, size_t length);

// out[c][r] = in[r][c].
void transpose(const uint8_t* in, size_t in_stride, size_t rows, size_t columns, uint8_t* out, size_t out_stride);

// A row of pixels to a row of each channel, `plane` bytes apart.
void split_channels(const uint8_t* in, uint8_t* out, size_t plane, size_t width, int32_t channels);

// Rows of three channels, one behind the other, to a row of pixels.
void join_channels(const uint8_t* in, uint8_t* out, size_t width);

void reverse(const uint8_t* in, uint8_t* out, size_t length);

// Of JPEG (jpeg_kernels.cc). A block of 8 × 8 coefficients to samples; `flat`: only the first is not zero.
bool has_inverse_dct();
void inverse_dct(const int16_t* block, bool flat, uint8_t* out, size_t stride);
// Three parts of a row and, with `both`, one of another.
void weigh_pair(const uint8_t* near, const uint8_t* far, bool both, int16_t* out, size_t length);
// Twice as many samples, each three parts the nearer one of `in` and one part the next; in[−1] and in[length] count.
void upsample_row(const int16_t* in, uint8_t* out, size_t length, bool both);
void ycc_to_rgb(const uint8_t* luma, const uint8_t* blue, const uint8_t* red, uint8_t* r, uint8_t* g, uint8_t* b,
                size_t length);

// Of floats (float_kernels.cc). What becomes of a byte in one channel. Any function of it is a table; where it is
// (x / 255 − mean) / deviation in float32, each operation rounded, vectors compute it. `fits` says that they do
// so to the bit.
struct Conversion {
  const float* table = nullptr;
  float mean = 0, deviation = 1;
  bool fits = false;
};

// Fills in `fits`, trying every byte.
Conversion conversion_of(const float* table, float mean, float deviation);

// Pixels with their channels side by side, of which there may be one; one conversion for each channel. With
// `past_caches` what is written goes to memory where that is cheaper: for what no one reads at once.
void to_floats(const uint8_t* in, float* out, size_t pixels, const Conversion* how, int32_t channels,
               bool past_caches);

}  // namespace torchts::image
