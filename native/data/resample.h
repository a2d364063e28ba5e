// Resampling of 8-bit images with the results of PIL's `Image.resize`.
#pragma once

#include <cstdint>

#include "data/image.h"

namespace torchts::image {

enum class Filter : int32_t { Nearest = 0, Bilinear = 1, Bicubic = 2, Box = 3, Hamming = 4, Lanczos = 5 };

// Two passes of fixed-point convolution, each rounded to bytes: equal to PIL bit by bit.
// With `planar`, RGB comes out planar where the way there gives it for nothing.
Pixels resize(const Pixels& source, int32_t width, int32_t height, Filter filter, bool planar = false);

}  // namespace torchts::image
