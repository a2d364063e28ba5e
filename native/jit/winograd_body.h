// The kernels of winograd_kernels.h for vectors of LANES floats. Included once for each kind of machine, in
// a file that is compiled for it: so nothing here may be seen, or merged by the linker, outside.
#include "jit/winograd_kernels.h"
#include "support/vectors.h"

namespace torchts::winograd {
namespace {

typedef float Vector __attribute__((vector_size(LANES * sizeof(float))));
typedef float Anywhere __attribute__((vector_size(LANES * sizeof(float)), aligned(4), may_alias));

constexpr int64_t kPanel = 2 * LANES;
constexpr int64_t kAhead = 24;

TORCHTS_INLINE Vector load(const float* at) { return *reinterpret_cast<const Anywhere*>(at); }
TORCHTS_INLINE void store(float* at, Vector value) { *reinterpret_cast<Anywhere*>(at) = value; }

// ROWS rows of a product, for one panel of filters.
template <int rows>
void multiply(const float* a, int64_t row, const float* weights, int64_t depth, float* out, int64_t out_row) {
  Vector sums[rows][2] = {};
  for (int64_t k = 0; k < depth; ++k, weights += kPanel) {
    // Large weights come from afar, and the processor itself looks ahead within a page only.
    __builtin_prefetch(weights + kAhead * kPanel);
    if (kPanel > 16) __builtin_prefetch(weights + kAhead * kPanel + 16);
    const Vector left = load(weights), right = load(weights + LANES);
#pragma GCC unroll 16
    for (int r = 0; r < rows; ++r) {
      const Vector x = a[r * row + k] - Vector{};
      sums[r][0] += x * left;
      sums[r][1] += x * right;
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < rows; ++r) {
    store(out + r * out_row, sums[r][0]);
    store(out + r * out_row + LANES, sums[r][1]);
  }
}

using Multiply = void (*)(const float*, int64_t, const float*, int64_t, float*, int64_t);
constexpr Multiply kMultiply[] = {nullptr,     multiply<1>, multiply<2>, multiply<3>,  multiply<4>,  multiply<5>, multiply<6>,
#if ROWS > 6
                                  multiply<7>, multiply<8>, multiply<9>, multiply<10>, multiply<11>, multiply<12>
#endif
};

struct Place {
  int64_t image, y, x;  // of the first result
};

inline Place place_of(const Convolution& shape, int64_t tile) {
  const int64_t column = tile % shape.tile_columns, rest = tile / shape.tile_columns;
  return {rest / shape.tile_rows, 2 * (rest % shape.tile_rows), 2 * column};
}

TORCHTS_INLINE void transform(const Vector (&d)[4], Vector (&to)[4]) {
  to[0] = d[0] - d[2];
  to[1] = d[1] + d[2];
  to[2] = d[2] - d[1];
  to[3] = d[1] - d[3];
}

// A tile's 4 × 4 inputs. `zeros` stands for what is outside of the image.
void transform_input(const Convolution& shape, const float* input, const float* zeros, int64_t tile, float* to, int64_t stride) {
  const Place place = place_of(shape, tile);
  const float* at[4][4];
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 4; ++j) {
      const int64_t y = place.y - shape.pad_height + i, x = place.x - shape.pad_width + j;
      const bool inside = y >= 0 && y < shape.height && x >= 0 && x < shape.width;
      at[i][j] = inside ? input + ((place.image * shape.height + y) * shape.width + x) * shape.channels : zeros;
    }
  }
  for (int64_t channel = 0; channel < shape.channels; channel += LANES) {
    Vector half[4][4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      const Vector d[4] = {load(at[0][j] + channel), load(at[1][j] + channel), load(at[2][j] + channel), load(at[3][j] + channel)};
      transform(d, half[j]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      const Vector d[4] = {half[0][i], half[1][i], half[2][i], half[3][i]};
      Vector v[4];
      transform(d, v);
#pragma GCC unroll 4
      for (int j = 0; j < 4; ++j) store(to + (4 * i + j) * stride + channel, v[j]);
    }
  }
}

// The results of a tile for `count` filters from `first` on.
void transform_output(const Convolution& shape, const float* from, int64_t stride, int64_t tile, int64_t first, int64_t count,
                      const Finish& finish, float* output) {
  const Place place = place_of(shape, tile);
  const int64_t at = ((place.image * shape.out_height + place.y) * shape.out_width + place.x) * shape.filters + first;
  const int rows = place.y + 1 < shape.out_height ? 2 : 1, columns = place.x + 1 < shape.out_width ? 2 : 1;
  const Vector low = finish.low - Vector{}, high = finish.high - Vector{};
  for (int64_t k = 0; k < count; k += LANES) {
    Vector half[4][2], y[2][2];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      const float* m = from + 4 * i * stride + k;
      const Vector a = load(m), b = load(m + stride), c = load(m + 2 * stride), d = load(m + 3 * stride);
      half[i][0] = a + (b + c);
      half[i][1] = (b - c) - d;
    }
    const Vector bias = finish.bias ? load(finish.bias + first + k) : Vector{};
#pragma GCC unroll 2
    for (int j = 0; j < 2; ++j) {
      y[0][j] = bias + (half[0][j] + (half[1][j] + half[2][j]));
      y[1][j] = bias + ((half[1][j] - half[2][j]) - half[3][j]);
    }
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i) {
#pragma GCC unroll 2
      for (int j = 0; j < 2; ++j) {
        if (i >= rows || j >= columns) continue;
        const int64_t to = at + (i * shape.out_width + j) * shape.filters + k;
        Vector value = y[i][j];
        if (finish.other) value += load(finish.other + to);
        // Written so that what is no number stays none.
        value = value < low ? low : value;
        value = value > high ? high : value;
        store(output + to, value);
      }
    }
  }
}

void run(const Convolution& shape, const float* input, const float* weights, const Finish& finish, float* output, const Part& part,
         float* scratch) {
  const int64_t begin = part.first_tile, count = part.last_tile - begin, row = shape.channels + kPad, stride = count * row;
  float* products = scratch + 16 * stride;
  float* zeros = products + 16 * count * (kFilters + kPad);  // what is outside of an image
  for (int64_t i = 0; i < shape.channels; ++i) zeros[i] = 0;
  const int64_t groups = (count + ROWS - 1) / ROWS;
  for (int64_t i = 0; i < count; ++i) transform_input(shape, input, zeros, begin + i, scratch + i * row, stride);
  for (int64_t first = part.first_filter; first < part.last_filter; first += kFilters) {
    const int64_t rest = part.last_filter - first, filters = rest < kFilters ? rest : kFilters;
    const int64_t out_row = filters + kPad, out_stride = count * out_row;
    for (int m = 0; m < 16; ++m) {
      for (int64_t k = 0; k < filters; k += kPanel) {
        const float* panel = weights + (m * shape.filters + first + k) * shape.channels;
        for (int64_t group = 0; group < groups; ++group) {
          const int64_t from = count * group / groups, to = count * (group + 1) / groups;
          kMultiply[to - from](scratch + m * stride + from * row, row, panel, shape.channels, products + m * out_stride + from * out_row + k,
                               out_row);
        }
      }
    }
    for (int64_t i = 0; i < count; ++i)
      transform_output(shape, products + i * out_row, out_stride, begin + i, first, filters, finish, output);
  }
}

}  // namespace
}  // namespace torchts::winograd
