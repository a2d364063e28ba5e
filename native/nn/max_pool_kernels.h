// The loops of max pooling, without ATen.
//
// A band, which is some rows of the result with the rows of the plane that they need, is first sorted: where
// the stride is 2, even columns and odd ones are put apart, and even rows and odd ones. Then what one tap of the
// kernel sees of all windows of the band lies together, and one loop over vectors does for every stride,
// dilation and width. Padding is -∞, which never wins.
#pragma once

#include <cstdint>
#include <vector>

namespace torchts::max_pool {

struct Shape {
  int64_t height, width, out_height = 0, out_width = 0;
  int64_t kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
};

// An element of the kernel.
struct Tap {
  int64_t in_sorted;  // what it sees of the band's first window
  int64_t in_plane;   // from where its window begins
};

// What is the same for all planes of a call; several threads read it.
struct Plan {
  explicit Plan(const Shape& shape);

  Shape shape;
  int64_t band_rows;    // of the result in a band
  int64_t sorted_rows;  // of each kind in a sorted band
  int64_t pitch;        // from row to row there
  std::vector<Tap> taps;
  std::vector<int64_t> row_kinds, column_kinds;  // remainders by the stride that a tap asks for
  std::vector<int32_t> begins;                   // where windows begin, from the band's first one
  std::vector<int32_t> row_skips, column_skips;  // how much further the first place inside the plane is
};

// Whether the loops may run: numbers of 32 bits must do, and windows be no further apart than they are wide,
// or a sorted band would be mostly gaps.
bool fits(const Shape& shape);

// Maxima and their places in the plane, as LibTorch has them: the first of equal ones wins, NaN wins over all
// before it, and where nothing is above -∞ it is the first place inside. For float and double.
template <typename T>
void run(const Plan& plan, const T* planes, T* out, int64_t* indices, int64_t count);

}  // namespace torchts::max_pool
