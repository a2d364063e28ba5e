#include "data/image.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "data/jpeg.h"
#include "data/kernels.h"
#include "data/resample.h"
#include "support/errors.h"

namespace torchts::image {
namespace {

// Codes of lib/vision/transforms/program.ts.
enum Code : int32_t { kResize = 1, kCrop = 2, kPad = 3, kFlipAcross = 4, kFlipDown = 5, kGray = 6 };
enum PadMode : int32_t { kConstant = 0, kEdge = 1, kReflect = 2, kSymmetric = 3 };

constexpr int64_t kMaxBytes = int64_t(1) << 31;

struct Reader {
  const Program& program;
  size_t at = 0;
  bool done() const { return at >= program.size(); }
  int32_t next() {
    if (done()) throw TypedError("value", "broken image program: it ends within a step");
    return program[at++];
  }
};

Size checked(Size size) {
  if (size.width < 1 || size.height < 1)
    throw TypedError("value", "an image of " + std::to_string(size.width) + " × " + std::to_string(size.height) +
                                  " (width × height) cannot be made; both must be at least 1");
  if (int64_t(size.width) * size.height * size.channels > kMaxBytes)
    throw TypedError("value", "an image of " + std::to_string(size.width) + " × " + std::to_string(size.height) +
                                  " (width × height) is too large");
  return size;
}

struct Padding {
  int32_t left, top, right, bottom, mode;
  std::array<int32_t, 4> fill;
};

Padding read_padding(Reader& in) {
  Padding p{};
  p.left = in.next();
  p.top = in.next();
  p.right = in.next();
  p.bottom = in.next();
  p.mode = in.next();
  for (int32_t& value : p.fill) value = in.next();
  if (p.left < 0 || p.top < 0 || p.right < 0 || p.bottom < 0)
    throw TypedError("value", "broken image program: negative padding");
  return p;
}

Size padded(Size size, const Padding& p) {
  return checked({size.width + p.left + p.right, size.height + p.top + p.bottom, size.channels});
}

// Where a position outside comes from; −1 for the fill.
int32_t source_of(int32_t at, int32_t length, int32_t mode) {
  if (at >= 0 && at < length) return at;
  switch (mode) {
    case kEdge: return std::clamp(at, 0, length - 1);
    case kReflect: {
      if (length == 1) return 0;
      int32_t period = 2 * (length - 1);
      int32_t m = ((at % period) + period) % period;
      return m < length ? m : period - m;
    }
    case kSymmetric: {
      int32_t period = 2 * length;
      int32_t m = ((at % period) + period) % period;
      return m < length ? m : period - 1 - m;
    }
    default: return -1;
  }
}

Pixels pad(const Pixels& source, const Padding& p) {
  Pixels out = Pixels::make(padded(source.size, p), source.planar);
  int32_t depth = source.depth();
  std::vector<int32_t> columns(out.size.width);
  for (int32_t x = 0; x < out.size.width; ++x) columns[x] = source_of(x - p.left, source.size.width, p.mode);
  for (int32_t k = 0; k < source.planes(); ++k) {
    for (int32_t y = 0; y < out.size.height; ++y) {
      int32_t from = source_of(y - p.top, source.size.height, p.mode);
      uint8_t* row = out.own_row(y, k);
      for (int32_t x = 0; x < out.size.width; ++x, row += depth)
        for (int32_t c = 0; c < depth; ++c)
          row[c] = from < 0 || columns[x] < 0 ? static_cast<uint8_t>(p.fill[k + c])
                                              : source.row(from, k)[columns[x] * depth + c];
    }
  }
  return out;
}

// A window within the image is a view of it. What lies outside is black, as PIL's crop has it.
Pixels crop(Pixels source, int32_t left, int32_t top, int32_t width, int32_t height) {
  Size size = checked({width, height, source.size.channels});
  int64_t right = int64_t(left) + width, bottom = int64_t(top) + height;
  size_t depth = source.depth();
  if (left >= 0 && top >= 0 && right <= source.size.width && bottom <= source.size.height) {
    source.data += top * source.stride + left * depth;
    source.size = size;
    return source;
  }
  Pixels out = Pixels::make(size, source.planar);
  std::memset(out.own.get(), 0, out.size.bytes());
  int64_t first = std::max<int64_t>(left, 0), last = std::min<int64_t>(right, source.size.width);
  if (last <= first) return out;
  for (int32_t k = 0; k < source.planes(); ++k) {
    for (int32_t y = 0; y < height; ++y) {
      int64_t from = int64_t(top) + y;
      if (from < 0 || from >= source.size.height) continue;
      std::memcpy(out.own_row(y, k) + size_t(first - left) * depth,
                  source.row(static_cast<int32_t>(from), k) + size_t(first) * depth, size_t(last - first) * depth);
    }
  }
  return out;
}

Pixels flip_across(const Pixels& source) {
  Pixels out = Pixels::make(source.size, source.planar);
  int32_t width = source.size.width, depth = source.depth();
  for (int32_t k = 0; k < source.planes(); ++k) {
    for (int32_t y = 0; y < source.size.height; ++y) {
      uint8_t* row = out.own_row(y, k);
      if (depth == 1) {
        reverse(source.row(y, k), row, width);
        continue;
      }
      const uint8_t* in = source.row(y, k) + size_t(width - 1) * depth;
      for (int32_t x = 0; x < width; ++x, in -= depth, row += depth)
        for (int32_t c = 0; c < depth; ++c) row[c] = in[c];
    }
  }
  return out;
}

Pixels flip_down(const Pixels& source) {
  Pixels out = Pixels::make(source.size, source.planar);
  for (int32_t k = 0; k < source.planes(); ++k)
    for (int32_t y = 0; y < source.size.height; ++y)
      std::memcpy(out.own_row(y, k), source.row(source.size.height - 1 - y, k), source.row_bytes());
  return out;
}

// ITU-R 601-2 luma in PIL's fixed point.
Pixels gray(const Pixels& source, int32_t channels) {
  Pixels out = Pixels::make({source.size.width, source.size.height, channels}, source.planar);
  int32_t width = source.size.width, in_depth = source.depth(), out_depth = out.depth();
  bool colour = source.size.channels > 1;
  for (int32_t y = 0; y < source.size.height; ++y) {
    const uint8_t* r = source.row(y);
    const uint8_t* g = !colour ? r : source.planar ? source.row(y, 1) : r + 1;
    const uint8_t* b = !colour ? r : source.planar ? source.row(y, 2) : r + 2;
    for (int32_t x = 0; x < width; ++x) {
      size_t i = size_t(x) * in_depth;
      uint8_t luma = colour ? static_cast<uint8_t>((r[i] * 19595u + g[i] * 38470u + b[i] * 7471u + 0x8000u) >> 16) : r[i];
      for (int32_t c = 0; c < out_depth; ++c) out.own_row(y)[size_t(x) * out_depth + c] = luma;
    }
    for (int32_t k = 1; k < out.planes(); ++k) std::memcpy(out.own_row(y, k), out.row(y), out.row_bytes());
  }
  return out;
}

[[noreturn]] void unknown(int32_t code) {
  throw TypedError("value", "broken image program: no step has the code " + std::to_string(code));
}

int32_t gray_channels(Reader& in) {
  int32_t channels = in.next();
  if (channels != 1 && channels != 3) throw TypedError("value", "broken image program: gray has 1 or 3 channels");
  return channels;
}

}  // namespace

Size result_size(Size size, const Program& program) {
  Reader in{program};
  while (!in.done()) {
    switch (int32_t code = in.next()) {
      case kResize:
        size.width = in.next();
        size.height = in.next();
        in.next();
        break;
      case kCrop:
        in.next();
        in.next();
        size.width = in.next();
        size.height = in.next();
        break;
      case kPad: size = padded(size, read_padding(in)); break;
      case kFlipAcross:
      case kFlipDown: break;
      case kGray: size.channels = gray_channels(in); break;
      default: unknown(code);
    }
    size = checked(size);
  }
  return size;
}

Pixels run(Pixels pixels, const Program& program, bool planar) {
  Reader in{program};
  while (!in.done()) {
    switch (int32_t code = in.next()) {
      case kResize: {
        int32_t width = in.next(), height = in.next(), filter = in.next();
        checked({width, height, pixels.size.channels});
        if (filter < 0 || filter > 5) throw TypedError("value", "broken image program: unknown filter");
        pixels = resize(pixels, width, height, static_cast<Filter>(filter), planar);
        break;
      }
      case kCrop: {
        int32_t left = in.next(), top = in.next(), width = in.next(), height = in.next();
        pixels = crop(std::move(pixels), left, top, width, height);
        break;
      }
      case kPad: pixels = pad(pixels, read_padding(in)); break;
      case kFlipAcross: pixels = flip_across(pixels); break;
      case kFlipDown: pixels = flip_down(pixels); break;
      case kGray: pixels = gray(pixels, gray_channels(in)); break;
      default: unknown(code);
    }
  }
  return pixels;
}

Pixels run_jpeg(const uint8_t* bytes, size_t length, Size size, const Program& program, bool planar) {
  std::optional<Window> window;
  size_t done = 0;
  if (program.size() >= 5 && program[0] == kCrop) {
    Window first{program[1], program[2], program[3], program[4]};
    if (first.left >= 0 && first.top >= 0 && first.width > 0 && first.height > 0 &&
        int64_t(first.left) + first.width <= size.width && int64_t(first.top) + first.height <= size.height) {
      window = first;
      done = 5;
    }
  }
  std::optional<Pixels> pixels = decode_jpeg(bytes, length, window, planar);
  if (!pixels) throw TypedError("file", "this JPEG file is broken");
  return run(std::move(*pixels), Program(program.begin() + static_cast<std::ptrdiff_t>(done), program.end()), planar);
}

}  // namespace torchts::image
