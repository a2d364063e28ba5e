// What runs the kernels of winograd_kernels.h on tensors and threads.
#pragma once

#include <optional>
#include <vector>

#include "jit/winograd_kernels.h"

namespace torchts::winograd {

struct Call {
  at::Tensor input, weights;  // the weights as transform_weights() gives them
  std::optional<at::Tensor> other, bias;
  int64_t pad_height, pad_width;
  float low, high;
  bool overwrite;  // the result may take the place of `other`
};

// Whether this CPU has kernels for so many channels and filters.
bool supports(int64_t channels, int64_t filters);

Convolution shape_of(const std::vector<int64_t>& input, int64_t filters, int64_t pad_height, int64_t pad_width);

at::Tensor transform_weights(const at::Tensor& weights);

at::Tensor run(Call call);

}  // namespace torchts::winograd
