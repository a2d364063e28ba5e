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

// Pixels by rows: the channels of a pixel side by side, or (planar) one channel after the other.
// Either owns its bytes or looks at another's; a window of an image is the image with other bounds.
struct Pixels {
  Size size;
  bool planar = false;
  size_t stride = 0;  // from a row to the next
  size_t plane = 0;   // from a channel to the next, where planar
  const uint8_t* data = nullptr;
  std::unique_ptr<uint8_t[]> own;

  Pixels() = default;
  Pixels(Pixels&&) = default;
  Pixels& operator=(Pixels&&) = default;

  static Pixels view(const uint8_t* data, Size size) {
    Pixels p;
    p.size = size;
    p.stride = size_t(size.width) * size.channels;
    p.data = data;
    return p;
  }
  // The bytes are not set.
  static Pixels make(Size size, bool planar = false) {
    Pixels p;
    p.own = std::make_unique_for_overwrite<uint8_t[]>(size.bytes());
    p.data = p.own.get();
    p.size = size;
    p.planar = planar;
    p.stride = size_t(size.width) * (planar ? 1 : size.channels);
    p.plane = p.stride * size.height;
    return p;
  }

  int32_t planes() const { return planar ? size.channels : 1; }
  // Bytes of a pixel within a row.
  int32_t depth() const { return planar ? 1 : size.channels; }
  size_t row_bytes() const { return size_t(size.width) * depth(); }
  const uint8_t* row(int32_t y, int32_t p = 0) const { return data + p * plane + y * stride; }
  // Of pixels made here and not yet moved.
  uint8_t* own_row(int32_t y, int32_t p = 0) { return own.get() + p * plane + y * stride; }
};

// A sequence of numbers: the code of a step, then its arguments. Throws for a broken program.
using Program = std::vector<int32_t>;
// With `planar`, colours may come out planar where that is less work; without, they never do.
Pixels run(Pixels source, const Program& program, bool planar = false);

// The same for a JPEG file of the given size, of which only what the program uses is decoded. Throws a "file"
// error where jpeg.h cannot decode it.
Pixels run_jpeg(const uint8_t* bytes, size_t length, Size size, const Program& program, bool planar);

// The size that a program ends in, without running it.
Size result_size(Size size, const Program& program);

}  // namespace torchts::image
