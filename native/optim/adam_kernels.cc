#include "optim/adam_kernels.h"

#include <cmath>

#include "support/vectors.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define TORCHTS_AVX2 __attribute__((target("avx2,fma")))
#endif

namespace torchts::adam {
namespace {

template <typename T, bool fused>
TORCHTS_INLINE T multiply_add(T a, T b, T c) {
  if constexpr (fused)
    return std::fma(a, b, c);
  else
    return c + a * b;
}

// lerp runs from its start by the weight, or from its end by weight - 1 where the weight is not below 0.5.
template <typename T, bool fused, bool adds, bool from_start>
TORCHTS_INLINE void moments_body(const Block<T>& block, const Rates<T>& rates) {
  const T* __restrict param = block.param;
  const T* __restrict grad = block.grad;
  T* __restrict avg = block.avg;
  T* __restrict square = block.square;
  T* __restrict root = block.root;
  const T decay = rates.decay, beta2 = rates.beta2, rest = rates.rest;
  const T weight = from_start ? rates.weight : rates.weight - T(1);
  const int64_t n = block.n;
  for (int64_t i = 0; i < n; ++i) {
    const T g = adds ? multiply_add<T, fused>(decay, param[i], grad[i]) : grad[i];
    const T m = avg[i];
    avg[i] = multiply_add<T, fused>(weight, g - m, from_start ? m : g);
    const T v = multiply_add<T, fused>(rest * g, g, square[i] * beta2);
    square[i] = v;
    // The vector library takes a path of its own for zero, at several nanoseconds each. Where the input of a
    // convolution is smaller than its kernel, most gradients are zero.
    root[i] = v == T(0) ? T(1) : v;
  }
}

template <typename T, bool fused>
TORCHTS_INLINE void moments_any(const Block<T>& block, const Rates<T>& rates) {
  const bool from_start = std::abs(rates.weight) < T(0.5);
  if (rates.adds)
    from_start ? moments_body<T, fused, true, true>(block, rates) : moments_body<T, fused, true, false>(block, rates);
  else
    from_start ? moments_body<T, fused, false, true>(block, rates) : moments_body<T, fused, false, false>(block, rates);
}

template <typename T>
TORCHTS_INLINE void move_body(const Block<T>& block, const Rates<T>& rates, T correction, T scale) {
  T* __restrict param = block.param;
  const T* __restrict avg = block.avg;
  const T* __restrict square = block.square;
  const T* __restrict root = block.root;
  const T shrink = rates.shrink, eps = rates.eps;
  const int64_t n = block.n;
  for (int64_t i = 0; i < n; ++i) {
    const T r = square[i] == T(0) ? T(0) : root[i];
    param[i] = param[i] * shrink + scale * avg[i] / (r / correction + eps);
  }
}

#ifdef TORCHTS_AVX2
bool has_avx2() {
  static const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return has;
}

template <typename T>
TORCHTS_AVX2 void moments_avx2(const Block<T>& block, const Rates<T>& rates, bool fused) {
  fused ? moments_any<T, true>(block, rates) : moments_any<T, false>(block, rates);
}

template <typename T>
TORCHTS_AVX2 void move_avx2(const Block<T>& block, const Rates<T>& rates, T correction, T scale) {
  move_body(block, rates, correction, scale);
}
#endif

}  // namespace

bool supported(Rounding rounding) {
#ifdef TORCHTS_AVX2
  return rounding == Rounding::separate || has_avx2();
#else
  return true;
#endif
}

template <typename T>
void moments(const Block<T>& block, const Rates<T>& rates, Rounding rounding) {
  const bool fused = rounding == Rounding::fused;
#ifdef TORCHTS_AVX2
  if (has_avx2()) return moments_avx2(block, rates, fused);
#endif
  fused ? moments_any<T, true>(block, rates) : moments_any<T, false>(block, rates);
}

template <typename T>
void move(const Block<T>& block, const Rates<T>& rates, T correction, T scale) {
#ifdef TORCHTS_AVX2
  if (has_avx2()) return move_avx2(block, rates, correction, scale);
#endif
  move_body(block, rates, correction, scale);
}

template void moments(const Block<float>&, const Rates<float>&, Rounding);
template void moments(const Block<double>&, const Rates<double>&, Rounding);
template void move(const Block<float>&, const Rates<float>&, float, float);
template void move(const Block<double>&, const Rates<double>&, double, double);

}  // namespace torchts::adam
