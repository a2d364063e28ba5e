#include "nn/max_pool_kernels.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>

#include "support/vectors.h"

namespace torchts::max_pool {
namespace {

constexpr int64_t kVectorBytes = 32;
constexpr int64_t kVectors = 4;             // that are worked on together, so that none waits for itself
constexpr int64_t kMostBlock = 4 * 8;       // elements of them at most
constexpr int64_t kBandElements = 1 << 13;  // sorted ones: they stay in the first-level cache

template <typename T>
struct Lanes;
template <>
struct Lanes<float> {
  using Index = int32_t;
  typedef float Values __attribute__((vector_size(kVectorBytes)));
  typedef Index Indices __attribute__((vector_size(kVectorBytes)));
};
template <>
struct Lanes<double> {
  using Index = int64_t;
  typedef double Values __attribute__((vector_size(kVectorBytes)));
  typedef Index Indices __attribute__((vector_size(kVectorBytes)));
};
template <typename T>
using Index = typename Lanes<T>::Index;

// What a thread works with.
template <typename T>
struct Scratch {
  std::unique_ptr<T[]> sorted, best;
  std::unique_ptr<Index<T>[]> where;

  explicit Scratch(const Plan& p) {
    const auto kinds = p.shape.stride_h * p.shape.stride_w;
    const auto windows = static_cast<size_t>(p.band_rows * p.pitch + kMostBlock);
    // Vectors read past the last window; what they find there goes nowhere.
    sorted = std::make_unique<T[]>(kinds * p.sorted_rows * p.pitch + p.pitch + kMostBlock);
    best.reset(new T[windows]);
    where.reset(new Index<T>[windows]);
  }
};

template <int64_t known_stride, typename T>
TORCHTS_INLINE void every(const T* __restrict in, T* __restrict out, int64_t n, int64_t stride) {
  const int64_t step = known_stride ? known_stride : stride;
  for (int64_t i = 0; i < n; ++i) out[i] = in[i * step];
}

// One kind of a row's columns.
template <typename T>
TORCHTS_INLINE void sort_row(const Plan& p, const T* row, int64_t kind, T* out) {
  const int64_t stride = p.shape.stride_w, shift = kind - p.shape.pad_w;
  const int64_t begin = shift >= 0 ? 0 : std::min(p.pitch, (stride - 1 - shift) / stride);
  const int64_t end = std::clamp((p.shape.width - shift + stride - 1) / stride, begin, p.pitch);
  constexpr T lowest = -std::numeric_limits<T>::infinity();
  for (int64_t i = 0; i < begin; ++i) out[i] = lowest;
  const T* in = row + begin * stride + shift;
  if (stride == 1)
    every<1>(in, out + begin, end - begin, stride);
  else if (stride == 2)
    every<2>(in, out + begin, end - begin, stride);
  else
    every<0>(in, out + begin, end - begin, stride);
  for (int64_t i = end; i < p.pitch; ++i) out[i] = lowest;
}

template <typename T>
TORCHTS_INLINE void sort_band(const Plan& p, const T* plane, int64_t first_row, int64_t rows, T* sorted) {
  const Shape& s = p.shape;
  const int64_t needed = rows + p.sorted_rows - p.band_rows;
  for (int64_t row_kind : p.row_kinds)
    for (int64_t column_kind : p.column_kinds) {
      T* out = sorted + (row_kind * s.stride_w + column_kind) * p.sorted_rows * p.pitch;
      for (int64_t i = 0; i < needed; ++i, out += p.pitch) {
        const int64_t y = (first_row + i) * s.stride_h + row_kind - s.pad_h;
        if (y >= 0 && y < s.height)
          sort_row(p, plane + y * s.width, column_kind, out);
        else
          std::fill(out, out + p.pitch, -std::numeric_limits<T>::infinity());
      }
    }
}

// where: on entry the places that stand where nothing wins.
template <typename T>
TORCHTS_INLINE void maxima(const Plan& p, const T* sorted, T* best, Index<T>* where, int64_t windows) {
  using Values = typename Lanes<T>::Values;
  using Indices = typename Lanes<T>::Indices;
  constexpr int64_t lanes = kVectorBytes / sizeof(T), block = kVectors * lanes;
  const Tap* taps = p.taps.data();
  const size_t n = p.taps.size();
  for (int64_t i = 0; i < windows; i += block) {
    Values top[kVectors];
    Indices place[kVectors];
    std::memcpy(place, where + i, sizeof place);
    for (int64_t v = 0; v < kVectors; ++v) top[v] = Values{} - std::numeric_limits<T>::infinity();
    for (size_t t = 0; t < n; ++t) {
      const T* seen = sorted + taps[t].in_sorted + i;
      const Indices in_plane = Indices{} + static_cast<Index<T>>(taps[t].in_plane);
      for (int64_t v = 0; v < kVectors; ++v) {
        Values x;
        std::memcpy(&x, seen + v * lanes, sizeof x);
        const Indices wins = (x > top[v]) | (x != x);
        top[v] = wins ? x : top[v];
        place[v] = wins ? in_plane : place[v];
      }
    }
    std::memcpy(best + i, top, sizeof top);
    std::memcpy(where + i, place, sizeof place);
  }
}

template <typename T>
TORCHTS_INLINE void run_body(const Plan& p, const T* planes, T* out, int64_t* indices, int64_t count) {
  const Shape& s = p.shape;
  const Scratch<T> scratch(p);
  T* best = scratch.best.get();
  Index<T>* where = scratch.where.get();
  for (int64_t plane = 0; plane < count; ++plane, planes += s.height * s.width)
    for (int64_t row = 0; row < s.out_height; row += p.band_rows) {
      const int64_t rows = std::min(p.band_rows, s.out_height - row);
      sort_band(p, planes, row, rows, scratch.sorted.get());
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t i = 0; i < p.pitch; ++i) where[r * p.pitch + i] = p.row_skips[row + r] + p.column_skips[i];
      maxima(p, scratch.sorted.get(), best, where, rows * p.pitch);

      const int64_t begin = (row * s.stride_h - s.pad_h) * s.width - s.pad_w;
      // Where rows follow each other without a gap, they are one.
      const bool dense = p.pitch == s.out_width;
      const int64_t length = dense ? rows * p.pitch : s.out_width;
      for (int64_t at = 0; at < rows * p.pitch; at += dense ? length : p.pitch) {
        const T* __restrict value = best + at;
        const Index<T>* __restrict place = where + at;
        const int32_t* __restrict window = p.begins.data() + at;
        T* __restrict to = out;
        int64_t* __restrict index = indices;
        for (int64_t i = 0; i < length; ++i) to[i] = value[i];
        for (int64_t i = 0; i < length; ++i) index[i] = begin + (place[i] + window[i]);
        out += length;
        indices += length;
      }
    }
}

TORCHTS_WIDE void run_floats(const Plan& p, const float* planes, float* out, int64_t* indices, int64_t count) {
  run_body(p, planes, out, indices, count);
}
TORCHTS_WIDE void run_doubles(const Plan& p, const double* planes, double* out, int64_t* indices, int64_t count) {
  run_body(p, planes, out, indices, count);
}

std::vector<int64_t> kinds_of(int64_t kernel, int64_t stride, int64_t dilation) {
  std::vector<int64_t> kinds;
  for (int64_t k = 0; k < kernel; ++k) {
    const int64_t kind = k * dilation % stride;
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) kinds.push_back(kind);
  }
  return kinds;
}

// How many steps of `dilation` it takes from where a window begins into the plane.
int64_t steps_inside(int64_t window, int64_t stride, int64_t pad, int64_t dilation) {
  const int64_t begin = window * stride - pad;
  return begin < 0 ? (dilation - 1 - begin) / dilation * dilation : 0;
}

}  // namespace

bool fits(const Shape& s) {
  const int64_t wide_h = (s.kernel_h - 1) * s.dilation_h + 1, wide_w = (s.kernel_w - 1) * s.dilation_w + 1;
  if (s.stride_h > wide_h || s.stride_w > wide_w) return false;
  return (s.height + 2 * wide_h) * (s.width + 2 * wide_w) < int64_t(1) << 30;
}

Plan::Plan(const Shape& s) : shape(s) {
  const int64_t more_rows = (s.kernel_h - 1) * s.dilation_h / s.stride_h;
  pitch = s.out_width + (s.kernel_w - 1) * s.dilation_w / s.stride_w;
  row_kinds = kinds_of(s.kernel_h, s.stride_h, s.dilation_h);
  column_kinds = kinds_of(s.kernel_w, s.stride_w, s.dilation_w);
  const int64_t of_row = pitch * static_cast<int64_t>(row_kinds.size() * column_kinds.size());
  // Rows that two bands need are sorted twice, so a band has more rows of its own.
  band_rows = std::min(s.out_height, std::max({int64_t(1), 3 * more_rows, kBandElements / of_row - more_rows}));
  sorted_rows = band_rows + more_rows;
  for (int64_t y = 0; y < s.kernel_h; ++y)
    for (int64_t x = 0; x < s.kernel_w; ++x) {
      const int64_t down = y * s.dilation_h, right = x * s.dilation_w;
      const int64_t kind = down % s.stride_h * s.stride_w + right % s.stride_w;
      const int64_t in_sorted = (kind * sorted_rows + down / s.stride_h) * pitch + right / s.stride_w;
      taps.push_back({in_sorted, down * s.width + right});
    }
  for (int64_t y = 0; y < band_rows; ++y)
    for (int64_t x = 0; x < pitch; ++x)
      begins.push_back(static_cast<int32_t>(y * s.stride_h * s.width + x * s.stride_w));
  for (int64_t y = 0; y < s.out_height; ++y)
    row_skips.push_back(static_cast<int32_t>(steps_inside(y, s.stride_h, s.pad_h, s.dilation_h) * s.width));
  for (int64_t x = 0; x < pitch; ++x)
    column_skips.push_back(static_cast<int32_t>(steps_inside(x, s.stride_w, s.pad_w, s.dilation_w)));
}

template <>
void run(const Plan& p, const float* planes, float* out, int64_t* indices, int64_t count) {
  run_floats(p, planes, out, indices, count);
}
template <>
void run(const Plan& p, const double* planes, double* out, int64_t* indices, int64_t count) {
  run_doubles(p, planes, out, indices, count);
}

}  // namespace torchts::max_pool
