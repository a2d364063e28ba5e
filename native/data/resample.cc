#include "data/resample.h"

#include <algorithm>
#include <cmath>
#include <utility>

// The inner loops are worth wider vectors where the machine has them.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define TORCHTS_WIDE __attribute__((target_clones("avx2", "default"), optimize("O3")))
#else
#define TORCHTS_WIDE
#endif

namespace torchts::image {
namespace {

// 8 bits of the pixel and 2 bits of headroom (filters with negative lobes) leave these for weights.
constexpr int kPrecision = 32 - 8 - 2;

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

inline uint8_t clip(int32_t sum) {
  sum >>= kPrecision;
  return static_cast<uint8_t>(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

template <int channels>
void row_pass(const uint8_t* in, uint8_t* out, int32_t width, const Weights& w) {
  for (int32_t x = 0; x < width; ++x) {
    const int32_t* k = w.fixed.data() + size_t(x) * w.taps;
    const uint8_t* p = in + size_t(w.first[x]) * channels;
    int32_t sum[channels];
    for (int c = 0; c < channels; ++c) sum[c] = 1 << (kPrecision - 1);
    for (int32_t i = 0; i < w.count[x]; ++i, p += channels)
      for (int c = 0; c < channels; ++c) sum[c] += p[c] * k[i];
    for (int c = 0; c < channels; ++c) out[size_t(x) * channels + c] = clip(sum[c]);
  }
}

// One output row as a weighted sum of whole input rows.
TORCHTS_WIDE void column_pass(const uint8_t* in, size_t stride, int32_t count, const int32_t* k, int32_t* sums,
                              uint8_t* out, size_t length) {
  if (count == 2) {
    const uint8_t* second = in + stride;
    int32_t a = k[0], b = k[1];
    for (size_t i = 0; i < length; ++i) {
      int32_t sum = ((1 << (kPrecision - 1)) + in[i] * a + second[i] * b) >> kPrecision;
      out[i] = static_cast<uint8_t>(sum < 0 ? 0 : sum > 255 ? 255 : sum);
    }
    return;
  }
  for (size_t i = 0; i < length; ++i) sums[i] = 1 << (kPrecision - 1);
  for (int32_t t = 0; t < count; ++t) {
    const uint8_t* row = in + t * stride;
    int32_t weight = k[t];
    for (size_t i = 0; i < length; ++i) sums[i] += row[i] * weight;
  }
  for (size_t i = 0; i < length; ++i) {
    int32_t sum = sums[i] >> kPrecision;
    out[i] = static_cast<uint8_t>(sum < 0 ? 0 : sum > 255 ? 255 : sum);
  }
}

// PIL takes the pixel under the centre of the output pixel, adding up the step as it goes.
Pixels nearest(const Pixels& source, int32_t width, int32_t height) {
  Pixels out = Pixels::make({width, height, source.size.channels});
  auto positions = [](int32_t in, int32_t count) {
    std::vector<int32_t> at(count);
    double step = static_cast<double>(in) / count, here = step * 0.5;
    for (int32_t i = 0; i < count; ++i, here += step) at[i] = std::min(static_cast<int32_t>(here), in - 1);
    return at;
  };
  auto xs = positions(source.size.width, width), ys = positions(source.size.height, height);
  int32_t channels = source.size.channels;
  for (int32_t y = 0; y < height; ++y) {
    const uint8_t* in = source.row(ys[y]);
    uint8_t* row = out.own_row(y);
    for (int32_t x = 0; x < width; ++x)
      for (int32_t c = 0; c < channels; ++c) row[x * channels + c] = in[xs[x] * channels + c];
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
  for (size_t i = 0; i < source.size.bytes(); i += 4) {
    uint8_t alpha = source.data[i + 3];
    for (int c = 0; c < 3; ++c) out.own[i + c] = multiply(source.data[i + c], alpha);
    out.own[i + 3] = alpha;
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

Pixels across(const Pixels& source, int32_t width, const Kernel& kernel) {
  int32_t channels = source.size.channels;
  Weights w = weights_for(source.size.width, width, kernel);
  Pixels out = Pixels::make({width, source.size.height, channels});
  auto pass = channels == 1 ? row_pass<1> : channels == 3 ? row_pass<3> : row_pass<4>;
  for (int32_t y = 0; y < source.size.height; ++y) pass(source.row(y), out.own_row(y), width, w);
  return out;
}

Pixels down(const Pixels& source, int32_t height, const Kernel& kernel) {
  Weights w = weights_for(source.size.height, height, kernel);
  Pixels out = Pixels::make({source.size.width, height, source.size.channels});
  size_t length = size_t(source.size.width) * source.size.channels;
  std::vector<int32_t> sums(length);
  for (int32_t y = 0; y < height; ++y)
    column_pass(source.row(w.first[y]), length, w.count[y], w.fixed.data() + size_t(y) * w.taps, sums.data(),
                out.own_row(y), length);
  return out;
}

// Each pass rounds, so their order shows in the last bit. PIL begins with the rows unless the height
// shrinks by more than twice what the width does (Pillow 13; earlier versions always begin with rows).
Pixels convolve(const Pixels& source, int32_t width, int32_t height, const Kernel& kernel) {
  if (height == source.size.height) return across(source, width, kernel);
  if (width == source.size.width) return down(source, height, kernel);
  int64_t less_height = int64_t(source.size.height) - height, less_width = int64_t(source.size.width) - width;
  if (less_height > 0 && less_height > 2 * less_width) return across(down(source, height, kernel), width, kernel);
  return down(across(source, width, kernel), height, kernel);
}

}  // namespace

Pixels resize(const Pixels& source, int32_t width, int32_t height, Filter filter) {
  if (width == source.size.width && height == source.size.height) {
    Pixels same = Pixels::make(source.size);
    std::copy(source.data, source.data + source.size.bytes(), same.own.get());
    return same;
  }
  if (filter == Filter::Nearest) return nearest(source, width, height);
  Kernel kernel = kernel_of(filter);
  if (source.size.channels != 4) return convolve(source, width, height, kernel);
  Pixels out = convolve(premultiplied(source), width, height, kernel);
  unpremultiply(out);
  return out;
}

}  // namespace torchts::image
