// The arithmetic of Adam's step over a block of elements, without ATen: this file's source is compiled so
// that the compiler fuses no multiplication with an addition by itself (CMakeLists.txt).
#pragma once

#include <cstdint>

namespace torchts::adam {

// How ATen's kernels of this machine round a + b * c: once (a fused multiply-add) or twice.
enum class Rounding { fused, separate };

// What a step multiplies by, in the dtype of the parameters, as ATen casts its scalars.
template <typename T>
struct Rates {
  T decay;    // times the parameter, added to the gradient
  bool adds;  // whether it is added at all
  T shrink;   // the parameter's factor: decoupled weight decay, or 1
  T weight;   // 1 - beta1, the weight of lerp
  T beta2;
  T rest;  // 1 - beta2
  T eps;
};

template <typename T>
struct Block {
  T* param;
  const T* grad;
  T* avg;
  T* square;
  T* root;  // scratch
  int64_t n;
};

bool supported(Rounding rounding);

// Updates avg and square, and writes into root what the square root is to be taken of: the new square, or one
// in the place of zero.
template <typename T>
void moments(const Block<T>& block, const Rates<T>& rates, Rounding rounding);

// Moves the parameter, given the square roots in root (zero's is known): correction divides them, scale multiplies avg.
template <typename T>
void move(const Block<T>& block, const Rates<T>& rates, T correction, T scale);

}  // namespace torchts::adam
