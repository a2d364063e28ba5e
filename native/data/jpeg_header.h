// What the segments before the image data of a JPEG say.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace torchts::image {

// Codes of up to this many bits are found by one look.
constexpr int kLookBits = 10;

// A Huffman table.
struct Huffman {
  bool defined = false;
  // For the next kLookBits bits: length of the code << 8 | symbol, 0 where the code is longer.
  std::array<uint16_t, 1 << kLookBits> look;
  // Codes of AC coefficients whose value lies within the bits, too: value << 16 | run << 8 | bits of all, or 0.
  std::array<int32_t, 1 << kLookBits> whole;
  std::array<uint8_t, 256> symbols;
  std::array<int32_t, 18> limit;   // first code of 16 bits (left-aligned) that is longer than so many bits
  std::array<int32_t, 17> offset;  // from a code of a length to its symbol
  bool build(const uint8_t* counts, const uint8_t* values, size_t count);
};

struct Component {
  uint8_t id = 0, across = 1, down = 1, quantisation = 0, dc = 0, ac = 0;
};

struct JpegHeader {
  int32_t width = 0, height = 0;
  int components = 0;
  std::array<Component, 3> component;
  std::array<std::array<uint16_t, 64>, 4> quantisation;  // in the order of rows
  std::array<bool, 4> has_quantisation{};
  std::array<Huffman, 4> dc, ac;
  int32_t restart_interval = 0;
  size_t scan = 0;  // where the image data begins
};

// Position in a block by position in the zigzag.
extern const std::array<uint8_t, 80> kZigzag;

// Reads up to the image data. False where the file is of a kind that is not decoded here. Without `tables`
// it stops at the frame, whose size it tells.
bool read_header(const uint8_t* bytes, size_t length, JpegHeader& header, bool tables);

}  // namespace torchts::image
