#include "data/jpeg.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <vector>

#include "data/jpeg_header.h"
#include "data/kernels.h"

namespace torchts::image {
namespace {

// The coded bits without the stuffing, in pieces that end at restart markers.
struct Scan {
  std::unique_ptr<uint8_t[]> bytes;
  std::vector<size_t> ends;
  bool complete = false;  // the end of the image follows
};

Scan unstuff(const uint8_t* in, size_t length) {
  constexpr size_t kMargin = 16;  // readers look ahead
  Scan scan;
  scan.bytes = std::make_unique_for_overwrite<uint8_t[]>(length + kMargin);
  uint8_t* out = scan.bytes.get();
  const uint8_t* end = in + length;
  while (in < end) {
    auto* mark = static_cast<const uint8_t*>(std::memchr(in, 0xFF, end - in));
    if (!mark) break;
    std::memcpy(out, in, mark - in);
    out += mark - in;
    const uint8_t* next = mark + 1;
    while (next < end && *next == 0xFF) ++next;
    if (next == end) break;
    in = next + 1;
    if (*next == 0) {
      if (next != mark + 1) break;
      *out++ = 0xFF;
    } else if (*next >= 0xD0 && *next <= 0xD7) {
      scan.ends.push_back(out - scan.bytes.get());
    } else {
      scan.complete = *next == 0xD9;
      break;
    }
  }
  scan.ends.push_back(out - scan.bytes.get());
  std::memset(out, 0, kMargin);
  return scan;
}

// The bits of a piece, the next one on top.
struct Bits {
  const uint8_t* at;
  const uint8_t* end;
  uint64_t buffer = 0;
  int count = 0;
  int64_t missing = 0;  // bits that were asked for beyond the end

  void fill() {
    if (count > 32) return;
    if (at + 8 <= end) {
      uint64_t next;
      std::memcpy(&next, at, 8);
      if constexpr (std::endian::native == std::endian::little) next = __builtin_bswap64(next);
      buffer |= next >> count;
      int bytes = (64 - count) >> 3;
      at += bytes;
      count += bytes * 8;
      // Bits of a byte that was taken in part come again with it.
      buffer &= ~uint64_t(0) << (64 - count);
      return;
    }
    while (count <= 56) {
      if (at < end)
        buffer |= uint64_t(*at++) << (56 - count);
      else
        missing += 8;
      count += 8;
    }
  }
  void skip(int n) {
    buffer <<= n;
    count -= n;
  }
  int take(int n) {
    auto value = static_cast<int>(buffer >> (64 - n));
    skip(n);
    return value;
  }
  // Zeros past the end may have been looked at but not used.
  bool overrun() const { return missing > count; }
};

int symbol(Bits& bits, const Huffman& table) {
  uint16_t found = table.look[bits.buffer >> (64 - kLookBits)];
  if (found) {
    bits.skip(found >> 8);
    return found & 255;
  }
  auto next = static_cast<int32_t>(bits.buffer >> 48);
  int length = kLookBits + 1;
  while (next >= table.limit[length]) ++length;
  if (length > 16) return -1;
  int code = bits.take(length);
  return table.symbols[(code + table.offset[length]) & 255];
}

// A value of so many bits: those below half stand for negative ones.
int extend(int value, int bits) { return value < (1 << (bits - 1)) ? value - (1 << bits) + 1 : value; }

// One block's coefficients, each times its quantum; gives the last one's position in the zigzag, −1 if broken.
int read_block(Bits& bits, const Huffman& dc, const Huffman& ac, const uint16_t* quanta, int& predicted, int16_t* out) {
  bits.fill();
  int size = symbol(bits, dc);
  if (size < 0 || size > 15) return -1;
  if (size > 0) predicted += extend(bits.take(size), size);
  if (out) out[0] = static_cast<int16_t>(predicted * quanta[0]);
  int last = 0;
  for (int k = 1; k < 64; ++k) {
    bits.fill();
    int value;
    if (int32_t whole = ac.whole[bits.buffer >> (64 - kLookBits)]) {
      bits.skip(whole & 255);
      k += (whole >> 8) & 15;
      value = whole >> 16;
    } else {
      int coded = symbol(bits, ac);
      if (coded < 0) return -1;
      int extra = coded & 15, run = coded >> 4;
      if (extra == 0) {
        if (run != 15) break;
        k += 15;
        continue;
      }
      k += run;
      value = extend(bits.take(extra), extra);
    }
    if (out) {
      int at = kZigzag[k];
      out[at] = static_cast<int16_t>(value * quanta[at]);
      last = k;
    }
  }
  return last;
}

// The blocks of a component that a window needs, and their samples.
struct Plane {
  int32_t first_x = 0, last_x = 0, first_y = 0, last_y = 0;  // in blocks, the last one not among them
  size_t stride = 0;
  std::vector<uint8_t> samples;

  void cover(int32_t left, int32_t top, int32_t right, int32_t bottom) {
    first_x = left / 8;
    first_y = top / 8;
    last_x = (right + 7) / 8;
    last_y = (bottom + 7) / 8;
    stride = size_t(last_x - first_x) * 8;
    samples.resize(stride * (last_y - first_y) * 8);
  }
  bool holds(int32_t x, int32_t y) const { return x >= first_x && x < last_x && y >= first_y && y < last_y; }
  uint8_t* block(int32_t x, int32_t y) { return samples.data() + size_t(y - first_y) * 8 * stride + size_t(x - first_x) * 8; }
  // A sample of the component, by its place in the whole of it.
  const uint8_t* at(int32_t x, int32_t y) const {
    return samples.data() + (y - first_y * 8) * stride + (x - first_x * 8);
  }
};

struct Decoder {
  const JpegHeader& header;
  Window window;
  Plane planes[3];
  int32_t wide = 1, tall = 1;  // sampling of the luma
  int32_t chroma_width = 0, chroma_height = 0;

  Decoder(const JpegHeader& h, Window w) : header(h), window(w) {
    wide = h.component[0].across;
    tall = h.component[0].down;
    chroma_width = (h.width + wide - 1) / wide;
    chroma_height = (h.height + tall - 1) / tall;
    planes[0].cover(w.left, w.top, w.left + w.width, w.top + w.height);
    if (h.components == 1) return;
    // Upsampling looks at the neighbours too.
    int32_t x = wide - 1, y = tall - 1;
    for (int c : {1, 2})
      planes[c].cover(std::max(w.left / wide - x, 0), std::max(w.top / tall - y, 0),
                      std::min((w.left + w.width - 1) / wide + 1 + x, chroma_width),
                      std::min((w.top + w.height - 1) / tall + 1 + y, chroma_height));
  }

  bool read(const Scan& scan) {
    int32_t across = (header.width + 8 * wide - 1) / (8 * wide), down = (header.height + 8 * tall - 1) / (8 * tall);
    int32_t rows = 0;  // of units, up to the last that is needed
    for (int c = 0; c < header.components; ++c)
      rows = std::max(rows, (planes[c].last_y + header.component[c].down - 1) / header.component[c].down);
    rows = std::min(rows, down);
    size_t piece = 0, begin = 0;
    Bits bits{scan.bytes.get(), scan.bytes.get() + scan.ends[0]};
    int predicted[3] = {0, 0, 0};
    int32_t until_restart = header.restart_interval;
    for (int32_t y = 0; y < rows; ++y) {
      for (int32_t x = 0; x < across; ++x) {
        if (header.restart_interval > 0 && until_restart-- == 0) {
          if (bits.overrun() || piece + 1 >= scan.ends.size()) return false;
          begin = scan.ends[piece++];
          bits = Bits{scan.bytes.get() + begin, scan.bytes.get() + scan.ends[piece]};
          std::fill(predicted, predicted + 3, 0);
          until_restart = header.restart_interval - 1;
        }
        if (!read_unit(bits, x, y, predicted)) return false;
      }
      if (bits.overrun()) return false;
    }
    return true;
  }

  bool read_unit(Bits& bits, int32_t x, int32_t y, int* predicted) {
    for (int c = 0; c < header.components; ++c) {
      const Component& component = header.component[c];
      for (int32_t v = 0; v < component.down; ++v) {
        for (int32_t h = 0; h < component.across; ++h) {
          int32_t bx = x * component.across + h, by = y * component.down + v;
          bool needed = planes[c].holds(bx, by);
          alignas(32) int16_t block[64];
          if (needed) std::memset(block, 0, sizeof block);
          int last = read_block(bits, header.dc[component.dc], header.ac[component.ac],
                                header.quantisation[component.quantisation].data(), predicted[c],
                                needed ? block : nullptr);
          if (last < 0) return false;
          if (needed) inverse_dct(block, last == 0, planes[c].block(bx, by), planes[c].stride);
        }
      }
    }
    return true;
  }

  // One row of chroma at the resolution of the luma, over the window.
  void upsample(const Plane& plane, int32_t y, std::vector<int16_t>& sums, std::vector<uint8_t>& row,
                const uint8_t*& out) const {
    int32_t from = window.left / wide, to = (window.left + window.width - 1) / wide;
    if (wide == 1) {
      out = plane.at(window.left, y);
      return;
    }
    int32_t near = y / tall, far = near;
    if (tall == 2) far = std::clamp(y % 2 == 0 ? near - 1 : near + 1, 0, chroma_height - 1);
    int32_t low = std::max(from - 1, 0), high = std::min(to + 1, chroma_width - 1);
    int16_t* sum = sums.data() + 1;  // of column `low`
    weigh_pair(plane.at(low, near), plane.at(low, far), tall == 2, sum, high - low + 1);
    sum[-1] = sum[0];
    sum[high - low + 1] = sum[high - low];
    upsample_row(sum + (from - low), row.data(), to - from + 1, tall == 2);
    out = row.data() + (window.left - from * 2);
  }

  Pixels colours(bool planar) const {
    Pixels out = Pixels::make({window.width, window.height, 3}, planar);
    int32_t width = window.width;
    std::vector<uint8_t> rgb(planar ? 0 : size_t(width) * 3), rows[2];
    std::vector<int16_t> sums(width / 2 + 8);
    for (auto& row : rows) row.resize(width + 8);
    for (int32_t i = 0; i < window.height; ++i) {
      int32_t y = window.top + i;
      const uint8_t* luma = planes[0].at(window.left, y);
      uint8_t* to[3];
      for (int c = 0; c < 3; ++c) to[c] = planar ? out.own_row(i, c) : rgb.data() + size_t(c) * width;
      if (header.components == 1) {
        for (uint8_t* row : to) std::memcpy(row, luma, width);
      } else {
        const uint8_t *blue, *red;
        upsample(planes[1], y, sums, rows[0], blue);
        upsample(planes[2], y, sums, rows[1], red);
        ycc_to_rgb(luma, blue, red, to[0], to[1], to[2], width);
      }
      if (!planar) join_channels(rgb.data(), out.own_row(i), width);
    }
    return out;
  }
};

}  // namespace

std::optional<Size> jpeg_size(const uint8_t* bytes, size_t length) {
  if (!has_inverse_dct()) return {};
  auto header = std::make_unique<JpegHeader>();
  if (!read_header(bytes, length, *header, false)) return {};
  return Size{header->width, header->height, 3};
}

std::optional<Pixels> decode_jpeg(const uint8_t* bytes, size_t length, std::optional<Window> window, bool planar) {
  if (!has_inverse_dct()) return {};
  auto header = std::make_unique<JpegHeader>();
  if (!read_header(bytes, length, *header, true)) return {};
  Window all{0, 0, header->width, header->height};
  Window part = window.value_or(all);
  if (part.left < 0 || part.top < 0 || part.width < 1 || part.height < 1 ||
      int64_t(part.left) + part.width > all.width || int64_t(part.top) + part.height > all.height)
    return {};
  Scan scan = unstuff(bytes + header->scan, length - header->scan);
  if (!scan.complete) return {};
  Decoder decoder(*header, part);
  if (!decoder.read(scan)) return {};
  return decoder.colours(planar);
}

}  // namespace torchts::image
