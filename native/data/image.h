// Images as bytes, and the programs of steps that transforms compile to (lib/vision/transforms/program.ts).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace torchts::image {

struct Size {
  int32_t width = 0, height = 0, channels = 0;
  size_t bytes() const { return size_t(width) * height * channels; }
};

// Rows of pixels, channels side by side. Either owns its bytes or looks at another's.
struct Pixels {
  Size size;
  const uint8_t* data = nullptr;
  std::unique_ptr<uint8_t[]> own;

  Pixels() = default;
  Pixels(Pixels&&) = default;
  Pixels& operator=(Pixels&&) = default;

  static Pixels view(const uint8_t* data, Size size) {
    Pixels p;
    p.size = size;
    p.data = data;
    return p;
  }
  // The bytes are not set.
  static Pixels make(Size size) {
    Pixels p;
    p.size = size;
    p.own = std::make_unique_for_overwrite<uint8_t[]>(size.bytes());
    p.data = p.own.get();
    return p;
  }
  const uint8_t* row(int32_t y) const { return data + size_t(y) * size.width * size.channels; }
  uint8_t* own_row(int32_t y) { return own.get() + size_t(y) * size.width * size.channels; }
};

// A sequence of numbers: the code of a step, then its arguments. Throws for a broken program.
using Program = std::vector<int32_t>;
Pixels run(Pixels source, const Program& program);

// The size that a program ends in, without running it.
Size result_size(Size size, const Program& program);

}  // namespace torchts::image
