// LibTorch's max pooling of contiguous planes looks at one element after another, and at training a small
// convolutional network spends more time there than in its convolutions (measured: 37 %). So the operator's CPU
// kernel is replaced, for all who call it: autograd, traces, the profiler. What is not for the loops here goes
// to LibTorch's kernel, and so do the errors.
#include <ATen/ATen.h>
#include <ATen/EmptyTensor.h>
#include <ATen/ops/max_pool2d_with_indices_cpu_dispatch.h>
#include <ATen/ops/max_pool2d_with_indices_native.h>
#include <c10/util/Exception.h>
#include <torch/library.h>

#include <algorithm>
#include <array>
#include <optional>

#include "nn/max_pool.h"
#include "nn/max_pool_kernels.h"
#include "support/parallel.h"

namespace torchts {
namespace {

using max_pool::Plan;
using max_pool::Shape;

constexpr int64_t kMostTaps = 1024;
// Narrower results leave most of a vector empty.
constexpr int64_t kLeastWidth = 4;
// Elements of the input that are worth a thread.
constexpr int64_t kGrain = 16384;

struct Pair {
  int64_t h, w;
};

std::optional<Pair> pair_of(at::IntArrayRef sizes, int64_t least) {
  if (sizes.size() != 1 && sizes.size() != 2) return std::nullopt;
  const Pair pair{sizes.front(), sizes.back()};
  // Beyond this LibTorch's own integers may end.
  constexpr int64_t most = 1 << 20;
  if (pair.h < least || pair.w < least || pair.h > most || pair.w > most) return std::nullopt;
  return pair;
}

// What the loops need to know, but for the size of the result. None where they do not fit.
std::optional<Shape> shape_of(const at::Tensor& x, at::IntArrayRef kernel_size, at::IntArrayRef stride_size,
                              at::IntArrayRef padding_size, at::IntArrayRef dilation_size) {
  const bool fits = (x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble) &&
                    (x.dim() == 3 || x.dim() == 4) && x.numel() > 0 && x.is_contiguous() &&
                    (x.dim() == 3 || x.suggest_memory_format() == at::MemoryFormat::Contiguous);
  if (!fits) return std::nullopt;
  auto kernel = pair_of(kernel_size, 1);
  auto stride = stride_size.empty() ? kernel : pair_of(stride_size, 1);
  auto padding = pair_of(padding_size, 0);
  auto dilation = pair_of(dilation_size, 1);
  if (!kernel || !stride || !padding || !dilation || kernel->h * kernel->w > kMostTaps) return std::nullopt;
  return Shape{.height = x.size(-2),
              .width = x.size(-1),
              .kernel_h = kernel->h,
              .kernel_w = kernel->w,
              .stride_h = stride->h,
              .stride_w = stride->w,
              .pad_h = padding->h,
              .pad_w = padding->w,
              .dilation_h = dilation->h,
              .dilation_w = dilation->w};
}

// The operator with LibTorch's checks and the results that it would make.
struct Operator final : at::native::structured_max_pool2d_with_indices_out_cpu {
  std::array<at::Tensor, 2> results;

  void set_output_strided(int64_t i, at::IntArrayRef sizes, at::IntArrayRef strides,
                          at::TensorOptions options) override {
    results[i] = strides.empty() ? at::Tensor(at::detail::empty_cpu(sizes, options))
                                 : at::Tensor(at::detail::empty_strided_cpu(sizes, strides, options));
  }
  void set_output_raw_strided(int64_t i, at::IntArrayRef sizes, at::IntArrayRef strides,
                              at::TensorOptions options) override {
    set_output_strided(i, sizes, strides, options);
  }
  const at::Tensor& maybe_get_output(int64_t i) override { return results[i]; }
};

template <typename T>
void run(const Shape& shape, const at::Tensor& x, const at::Tensor& out, const at::Tensor& indices) {
  const Plan plan(shape);
  const T* in = x.const_data_ptr<T>();
  T* values = out.mutable_data_ptr<T>();
  int64_t* places = indices.mutable_data_ptr<int64_t>();
  const int64_t plane = shape.height * shape.width, out_plane = shape.out_height * shape.out_width;
  in_parallel(x.numel() / plane, std::max<int64_t>(1, kGrain / plane), [&](int64_t begin, int64_t end) {
    max_pool::run<T>(plan, in + begin * plane, values + begin * out_plane, places + begin * out_plane, end - begin);
  });
}

std::tuple<at::Tensor, at::Tensor> max_pool2d_with_indices(const at::Tensor& x, at::IntArrayRef kernel_size,
                                                           at::IntArrayRef stride, at::IntArrayRef padding,
                                                           at::IntArrayRef dilation, bool ceil_mode) {
  auto shape = shape_of(x, kernel_size, stride, padding, dilation);
  if (!shape) return at::cpu::max_pool2d_with_indices(x, kernel_size, stride, padding, dilation, ceil_mode);
  Operator op;
  op.meta(x, kernel_size, stride, padding, dilation, ceil_mode);
  auto& [out, indices] = op.results;
  shape->out_height = out.size(-2);
  shape->out_width = out.size(-1);
  if (shape->out_width < kLeastWidth || !max_pool::fits(*shape))
    op.impl(x, kernel_size, stride, padding, dilation, ceil_mode, out, indices);
  else if (x.scalar_type() == at::kFloat)
    run<float>(*shape, x, out, indices);
  else
    run<double>(*shape, x, out, indices);
  return {std::move(out), std::move(indices)};
}

// LibTorch warns of the first kernel in a process that takes the place of another.
struct Silence final : c10::WarningHandler {
  void process(const c10::Warning&) override {}
};

}  // namespace

void install_max_pool() {
  Silence silence;
  c10::WarningUtils::WarningHandlerGuard guard(&silence);
  // Never given back: at the end of the process other threads may still be calling.
  static auto* library =
      new torch::Library(torch::Library::IMPL, "aten", c10::DispatchKey::CPU, "native/nn/max_pool.cc", 0);
  library->impl("max_pool2d_with_indices", TORCH_FN(max_pool2d_with_indices));
}

}  // namespace torchts
