#include "data/resample.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "data/kernels.h"

namespace torchts::image {
namespace {

double box(double x) { return x > -0.5 && x <= 0.5 ? 1.0 : 0.0; }
double triangle(double x) {
  x = std::fabs(x);
  return x < 1.0 ? 1.0 - x : 0.0;
}
double hamming(double x) {
  x = std::fabs(x);
  if (x == 0.0) return 1.0;
  if (x >= 1.0) return 0.0;
  x *= M_PI;
  return std::sin(x) / x * (0.54 + 0.46 * std::cos(x));
}
double bicubic(double x) {
  constexpr double a = -0.5;
  x = std::fabs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
  return 0.0;
}
double sinc(double x) {
  if (x == 0.0) return 1.0;
  x *= M_PI;
  return std::sin(x) / x;
}
double lanczos(double x) { return -3.0 <= x && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0; }

struct Kernel {
  double (*weight)(double);
  double support;
};

Kernel kernel_of(Filter filter) {
  switch (filter) {
    case Filter::Bicubic: return {bicubic, 2.0};
    case Filter::Box: return {box, 0.5};
    case Filter::Hamming: return {hamming, 1.0};
    case Filter::Lanczos: return {lanczos, 3.0};
    default: return {triangle, 1.0};
  }
}

// For each output position: the first input position, how many, and their weights.
struct Weights {
  int32_t taps;
  std::vector<int32_t> first, count, fixed;
  const int32_t* of(int32_t position) const { return fixed.data() + size_t(position) * taps; }
};

Weights weights_for(int32_t in, int32_t out, const Kernel& kernel) {
  double scale = static_cast<double>(in) / out;
  double stretch = std::max(scale, 1.0);
  double support = kernel.support * stretch;
  Weights w;
  w.taps = static_cast<int32_t>(std::ceil(support)) * 2 + 1;
  w.first.resize(out);
  w.count.resize(out);
  w.fixed.assign(size_t(out) * w.taps, 0);
  std::vector<double> exact(w.taps);
  double shrink = 1.0 / stretch;
  for (int32_t o = 0; o < out; ++o) {
    double center = (o + 0.5) * scale;
    auto low = std::max(static_cast<int32_t>(center - support + 0.5), 0);
    auto high = std::min(static_cast<int32_t>(center + support + 0.5), in);
    int32_t count = high - low;
    double total = 0.0;
    for (int32_t i = 0; i < count; ++i) {
      exact[i] = kernel.weight((i + low - center + 0.5) * shrink);
      total += exact[i];
    }
    for (int32_t i = 0; i < count; ++i) {
      double share = total != 0.0 ? exact[i] / total : exact[i];
      w.fixed[size_t(o) * w.taps + i] =
          static_cast<int32_t>((share < 0 ? -0.5 : 0.5) + share * (1 << kPrecision));
    }
    // Weights of zero at the end cost a pass and change nothing.
    while (count > 1 && w.fixed[size_t(o) * w.taps + count - 1] == 0) --count;
    w.first[o] = low;
    w.count[o] = count;
  }
  return w;
}

// The weights that this thread worked out last: most images of a batch have one size and go to one other.
struct LastWeights {
  const Weights& of(int32_t in, int32_t out, Filter filter) {
    if (in != in_ || out != out_ || filter != filter_) {
      weights_ = weights_for(in, out, kernel_of(filter));
      in_ = in;
      out_ = out;
      filter_ = filter;
    }
    return weights_;
  }

 private:
  int32_t in_ = 0, out_ = 0;
  Filter filter_{};
  Weights weights_;
};

// PIL takes the pixel under the centre of the output pixel, adding up the step as it goes.
Pixels nearest(const Pixels& source, int32_t width, int32_t height) {
  Pixels out = Pixels::make({width, height, source.size.channels}, source.planar);
  auto positions = [](int32_t in, int32_t count) {
    std::vector<int32_t> at(count);
    double step = static_cast<double>(in) / count, here = step * 0.5;
    for (int32_t i = 0; i < count; ++i, here += step) at[i] = std::min(static_cast<int32_t>(here), in - 1);
    return at;
  };
  auto xs = positions(source.size.width, width), ys = positions(source.size.height, height);
  int32_t depth = source.depth();
  for (int32_t k = 0; k < source.planes(); ++k) {
    for (int32_t y = 0; y < height; ++y) {
      const uint8_t* in = source.row(ys[y], k);
      uint8_t* row = out.own_row(y, k);
      for (int32_t x = 0; x < width; ++x)
        for (int32_t c = 0; c < depth; ++c) row[x * depth + c] = in[xs[x] * depth + c];
    }
  }
  return out;
}

// PIL weighs colours by their alpha while it resamples.
uint8_t multiply(uint8_t a, uint8_t b) {
  uint32_t t = uint32_t(a) * b + 128;
  return static_cast<uint8_t>((t + (t >> 8)) >> 8);
}
Pixels premultiplied(const Pixels& source) {
  Pixels out = Pixels::make(source.size);
  for (int32_t y = 0; y < source.size.height; ++y) {
    const uint8_t* in = source.row(y);
    uint8_t* to = out.own_row(y);
    for (size_t i = 0; i < source.row_bytes(); i += 4) {
      uint8_t alpha = in[i + 3];
      for (int c = 0; c < 3; ++c) to[i + c] = multiply(in[i + c], alpha);
      to[i + 3] = alpha;
    }
  }
  return out;
}
void unpremultiply(Pixels& pixels) {
  for (size_t i = 0; i < pixels.size.bytes(); i += 4) {
    uint8_t alpha = pixels.own[i + 3];
    if (alpha == 0 || alpha == 255) continue;
    for (int c = 0; c < 3; ++c) pixels.own[i + c] = static_cast<uint8_t>(std::min(255 * pixels.own[i + c] / alpha, 255));
  }
}

// Rows whose columns are worked on together: their bytes stay in the cache.
constexpr int32_t kBand = 64;

// Along the rows. Turned by 90°, that is a weighted sum of rows too, which vectors do well; turning back
// gives the channels side by side or one after the other alike.
Pixels across(const Pixels& source, int32_t width, Filter filter, bool planar) {
  int32_t height = source.size.height, depth = source.depth();
  thread_local LastWeights last;
  const Weights& w = last.of(source.size.width, width, filter);
  bool split = planar && depth == 3;
  Pixels out = Pixels::make({width, height, source.size.channels}, source.planar || split);
  std::vector<uint8_t> turned(source.row_bytes() * std::min(kBand, height));
  std::vector<uint8_t> weighed(size_t(width) * depth * std::min(kBand, height));
  for (int32_t k = 0; k < source.planes(); ++k) {
    for (int32_t top = 0; top < height; top += kBand) {
      size_t rows = std::min(kBand, height - top), column = rows * depth;
      transpose(source.row(top, k), source.stride, rows, source.row_bytes(), turned.data(), rows);
      for (int32_t x = 0; x < width; ++x)
        weigh_rows(turned.data() + w.first[x] * column, column, w.count[x], w.of(x), weighed.data() + x * column, column);
      if (split)
        for (int32_t c = 0; c < depth; ++c)
          transpose(weighed.data() + c * rows, column, width, rows, out.own_row(top, c), out.stride);
      else
        transpose(weighed.data(), rows, size_t(width) * depth, rows, out.own_row(top, k), out.stride);
    }
  }
  return out;
}

Pixels down(const Pixels& source, int32_t height, Filter filter) {
  thread_local LastWeights last;
  const Weights& w = last.of(source.size.height, height, filter);
  Pixels out = Pixels::make({source.size.width, height, source.size.channels}, source.planar);
  for (int32_t k = 0; k < source.planes(); ++k)
    for (int32_t y = 0; y < height; ++y)
      weigh_rows(source.row(w.first[y], k), source.stride, w.count[y], w.of(y), out.own_row(y, k), source.row_bytes());
  return out;
}

// Each pass rounds, so their order shows in the last bit. PIL begins with the rows unless the height
// shrinks by more than twice what the width does (Pillow 13; earlier versions always begin with rows).
Pixels convolve(const Pixels& source, int32_t width, int32_t height, Filter filter, bool planar) {
  if (height == source.size.height) return across(source, width, filter, planar);
  if (width == source.size.width) return down(source, height, filter);
  int64_t less_height = int64_t(source.size.height) - height, less_width = int64_t(source.size.width) - width;
  if (less_height > 0 && less_height > 2 * less_width)
    return across(down(source, height, filter), width, filter, planar);
  return down(across(source, width, filter, planar), height, filter);
}

}  // namespace

Pixels resize(const Pixels& source, int32_t width, int32_t height, Filter filter, bool planar) {
  if (width == source.size.width && height == source.size.height) {
    Pixels same = Pixels::make(source.size, source.planar);
    for (int32_t k = 0; k < source.planes(); ++k)
      for (int32_t y = 0; y < height; ++y) std::copy_n(source.row(y, k), source.row_bytes(), same.own_row(y, k));
    return same;
  }
  if (filter == Filter::Nearest) return nearest(source, width, height);
  if (source.size.channels != 4) return convolve(source, width, height, filter, planar);
  Pixels out = convolve(premultiplied(source), width, height, filter, false);
  unpremultiply(out);
  return out;
}

}  // namespace torchts::image
