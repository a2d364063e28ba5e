#include "data/jpeg_header.h"

#include <cstring>

namespace torchts::image {

// The last entries catch runs that leave the block of a broken file.
const std::array<uint8_t, 80> kZigzag = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,
    6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31,
    39, 46, 53, 60, 61, 54, 47, 55, 62, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63};

bool Huffman::build(const uint8_t* counts, const uint8_t* values, size_t count) {
  look.fill(0);
  whole.fill(0);
  symbols.fill(0);
  std::memcpy(symbols.data(), values, count);
  int32_t code = 0, index = 0;
  for (int bits = 1; bits <= 16; ++bits) {
    offset[bits] = index - code;
    for (int i = 0; i < counts[bits - 1]; ++i, ++index, ++code) {
      if (code >= (1 << bits)) return false;
      if (bits > kLookBits) continue;
      int spare = kLookBits - bits;
      for (int rest = 0; rest < (1 << spare); ++rest)
        look[(code << spare) | rest] = static_cast<uint16_t>(bits << 8 | symbols[index]);
    }
    limit[bits] = code << (16 - bits);
    code <<= 1;
  }
  limit[17] = 1 << 16;
  for (int next = 0; next < (1 << kLookBits); ++next) {
    int bits = look[next] >> 8, run = (look[next] >> 4) & 15, extra = look[next] & 15;
    if (bits == 0 || extra == 0 || bits + extra > kLookBits) continue;
    int value = (next >> (kLookBits - bits - extra)) & ((1 << extra) - 1);
    if (value < (1 << (extra - 1))) value -= (1 << extra) - 1;
    whole[next] = value * 65536 + (run << 8) + bits + extra;
  }
  defined = true;
  return true;
}

namespace {

struct Segment {
  const uint8_t* at;
  size_t left;
  bool has(size_t n) const { return left >= n; }
  uint8_t byte() { return --left, *at++; }
  uint16_t word() {
    auto high = byte();
    return static_cast<uint16_t>(high << 8 | byte());
  }
};

bool read_quantisation(Segment in, JpegHeader& h) {
  while (in.left > 0) {
    uint8_t what = in.byte();
    int table = what & 15;
    bool wide = what >> 4;
    if (what >> 4 > 1 || table > 3 || !in.has(wide ? 128 : 64)) return false;
    for (int i = 0; i < 64; ++i) h.quantisation[table][kZigzag[i]] = wide ? in.word() : in.byte();
    h.has_quantisation[table] = true;
  }
  return true;
}

bool read_huffman(Segment in, JpegHeader& h) {
  while (in.left > 0) {
    if (!in.has(17)) return false;
    uint8_t what = in.byte();
    if ((what & 15) > 3 || what >> 4 > 1) return false;
    const uint8_t* counts = in.at;
    size_t count = 0;
    for (int i = 0; i < 16; ++i) count += in.byte();
    if (count > 256 || !in.has(count)) return false;
    if (!(what >> 4 ? h.ac : h.dc)[what & 15].build(counts, in.at, count)) return false;
    in.at += count;
    in.left -= count;
  }
  return true;
}

bool read_frame(Segment in, JpegHeader& h) {
  if (!in.has(6) || in.byte() != 8) return false;
  h.height = in.word();
  h.width = in.word();
  h.components = in.byte();
  // What is larger is refused with words by the library behind lib/vision/image-decode.ts.
  if (int64_t(h.width) * h.height > int64_t(1) << 28) return false;
  if (h.width < 1 || h.height < 1 || (h.components != 1 && h.components != 3)) return false;
  if (in.left != size_t(h.components) * 3) return false;
  for (int i = 0; i < h.components; ++i) {
    Component& c = h.component[i];
    c.id = in.byte();
    uint8_t factors = in.byte();
    c.across = factors >> 4;
    c.down = factors & 15;
    c.quantisation = in.byte();
    if (c.quantisation > 3) return false;
  }
  Component& first = h.component[0];
  if (h.components == 1) {
    first.across = first.down = 1;  // blocks of a lone component are not interleaved
    return true;
  }
  for (int i : {1, 2})
    if (h.component[i].across != 1 || h.component[i].down != 1) return false;
  bool full = first.across == 1 && first.down == 1;
  bool half = first.across == 2 && (first.down == 1 || first.down == 2);
  // Very narrow images are upsampled in another way.
  return full || (half && h.width > 4);
}

bool read_scan(Segment in, JpegHeader& h) {
  if (in.left != 4 + 2 * size_t(h.components) || in.byte() != h.components) return false;
  for (int i = 0; i < h.components; ++i) {
    Component& c = h.component[i];
    if (in.byte() != c.id) return false;
    uint8_t tables = in.byte();
    c.dc = tables >> 4;
    c.ac = tables & 15;
    if (c.dc > 3 || c.ac > 3 || !h.dc[c.dc].defined || !h.ac[c.ac].defined || !h.has_quantisation[c.quantisation])
      return false;
  }
  return in.byte() == 0 && in.byte() == 63 && in.byte() == 0;
}

}  // namespace

bool read_header(const uint8_t* bytes, size_t length, JpegHeader& h, bool tables) {
  if (length < 4 || bytes[0] != 0xFF || bytes[1] != 0xD8) return false;
  size_t at = 2;
  bool jfif = false, frame = false;
  int adobe = -1;  // the transform that Adobe's segment names
  while (at + 4 <= length) {
    if (bytes[at] != 0xFF) return false;
    uint8_t marker = bytes[at + 1];
    if (marker == 0xFF) {  // fill
      ++at;
      continue;
    }
    size_t size = size_t(bytes[at + 2]) << 8 | bytes[at + 3];
    if (size < 2 || at + 2 + size > length) return false;
    Segment in{bytes + at + 4, size - 2};
    at += 2 + size;
    if (marker == 0xE0) {
      jfif = jfif || (in.has(5) && std::memcmp(in.at, "JFIF", 5) == 0);
    } else if (marker == 0xEE) {
      if (in.has(12) && std::memcmp(in.at, "Adobe", 5) == 0) adobe = in.at[11];
    } else if (marker == 0xDB) {
      if (tables && !read_quantisation(in, h)) return false;
    } else if (marker == 0xC4) {
      if (tables && !read_huffman(in, h)) return false;
    } else if (marker == 0xC0 || marker == 0xC1) {
      if (frame || !read_frame(in, h)) return false;
      frame = true;
    } else if (marker == 0xDD) {
      if (in.left != 2) return false;
      h.restart_interval = in.word();
    } else if (marker == 0xDA) {
      // libjpeg takes three components for YCbCr by these signs, in this order.
      bool numbered = h.component[0].id == 1 && h.component[1].id == 2 && h.component[2].id == 3;
      bool ycc = jfif || (adobe >= 0 ? adobe == 1 : numbered);
      if (!frame || (h.components == 3 && !ycc)) return false;
      h.scan = at;
      return !tables || read_scan(in, h);
    } else if (!((marker >= 0xE1 && marker <= 0xEF) || marker == 0xFE)) {
      return false;
    }
  }
  return false;
}

}  // namespace torchts::image
