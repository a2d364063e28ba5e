// Convolutions of 3 × 3 with stride 1 by Winograd's method F(2 × 2, 3 × 3): 16 multiplications for 2 × 2
// results, where the plain way takes 36. Input, addend and output have their channels last.
//
// Input and output are taken in tiles of 2 × 2 results. A block of tiles is transformed to 16 matrices of
// (tile × channel), each is multiplied by the transformed weights (channel × filter), and the 16 products
// are transformed back. Blocks are small enough that what is between these steps stays in a core's cache.
#pragma once

#include <cstdint>

namespace torchts::winograd {

struct Convolution {
  int64_t images, height, width, channels, filters, pad_height, pad_width;
  int64_t out_height, out_width;
  int64_t tile_rows, tile_columns;
  int64_t tiles;  // of all images
};

// What happens to a result: bias and addend (null for none) are added, then it is kept within bounds.
struct Finish {
  const float* bias;
  const float* other;  // may be the output itself
  float low, high;
};

// What one call computes: at most kBlock tiles, and some of their filters, from a multiple of `panel` to one.
struct Part {
  int64_t first_tile, last_tile, first_filter, last_filter;
};

// The weights lie as [16][filters / panel][channels][panel]. Channels are a multiple of `lanes`, filters of
// `panel`.
struct Kernels {
  int64_t lanes, panel;
  void (*run)(const Convolution& shape, const float* input, const float* weights, const Finish& finish, float* output,
              const Part& part, float* scratch);
};

constexpr int64_t kBlock = 72;  // a multiple of the rows that a product takes at once
constexpr int64_t kFilters = 128;  // multiplied before they are transformed back
constexpr int64_t kPad = 16;  // rows of equal places in the cache would push each other out

// The scratch of a call for so many tiles: what is multiplied, the products, a row of zeros.
constexpr int64_t scratch_floats(int64_t tiles, int64_t channels) {
  return 16 * tiles * (channels + kPad + kFilters + kPad) + channels;
}

extern const Kernels avx2, avx512;  // winograd_*kernels.cc; only on x86-64

}  // namespace torchts::winograd
