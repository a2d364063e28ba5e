// The common kind of JPEG: baseline, 8 bits, gray or YCbCr, in one scan. Anything else is left to the
// library behind lib/vision/image-decode.ts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "data/image.h"

namespace torchts::image {

// Part of an image.
struct Window {
  int32_t left, top, width, height;
};

// The size in RGB of an image that decode_jpeg can read, by its header.
std::optional<Size> jpeg_size(const uint8_t* bytes, size_t length);

// The window of the image in RGB, with the values of libjpeg-turbo at its defaults (accurate integer
// transform, smooth upsampling): only the blocks that it needs are transformed. Empty where the file is of
// another kind or broken.
std::optional<Pixels> decode_jpeg(const uint8_t* bytes, size_t length, std::optional<Window> window, bool planar);

}  // namespace torchts::image
