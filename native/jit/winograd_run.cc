#include "jit/winograd_run.h"

#include <algorithm>

#include <ATen/Parallel.h>
#include <ATen/record_function.h>

#include "support/parallel.h"

namespace torchts::winograd {
namespace {

// Null where this CPU has none.
const Kernels* kernels() {
#if defined(__x86_64__) && defined(__GNUC__)
  static const Kernels* found = __builtin_cpu_supports("avx512f") ? &avx512
                                : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &avx2
                                                                                                  : nullptr;
  return found;
#else
  return nullptr;
#endif
}

// More channels would make a block's scratch large.
constexpr int64_t kMostChannels = 4096;

// G g Gᵀ for the 3 × 3 weights of one channel and filter.
void transform(const float* g, double (&to)[16]) {
  auto four = [](double a, double b, double c, double* out, int step) {
    out[0] = a;
    out[step] = (a + b + c) / 2;
    out[2 * step] = (a - b + c) / 2;
    out[3 * step] = c;
  };
  double half[12];
  for (int j = 0; j < 3; ++j) four(g[j], g[3 + j], g[6 + j], half + j, 3);
  for (int i = 0; i < 4; ++i) four(half[3 * i], half[3 * i + 1], half[3 * i + 2], to + 4 * i, 1);
}

// How the work is cut: into blocks of tiles, and where there are fewer of them than threads, each into
// stretches of filters, so that a thread reads its share of the weights only.
struct Plan {
  int64_t blocks, stretches, panel, workers;

  int64_t parts() const { return blocks * stretches; }
  int64_t most_tiles(const Convolution& shape) const { return (shape.tiles + blocks - 1) / blocks; }
  Part part(const Convolution& shape, int64_t i) const {
    const int64_t block = i / stretches, stretch = i % stretches, panels = shape.filters / panel;
    return {shape.tiles * block / blocks, shape.tiles * (block + 1) / blocks, panels * stretch / stretches * panel,
            panels * (stretch + 1) / stretches * panel};
  }
};

Plan plan_of(const Convolution& shape, int64_t panel, int64_t threads) {
  Plan plan{(shape.tiles + kBlock - 1) / kBlock, 1, panel, threads};
  if (plan.blocks >= threads)
    plan.blocks = std::min((plan.blocks + threads - 1) / threads * threads, shape.tiles);  // as many for each thread
  else
    plan.stretches = std::min((threads + plan.blocks - 1) / plan.blocks, shape.filters / panel);
  plan.workers = std::min(threads, plan.parts());
  return plan;
}

}  // namespace

bool supports(int64_t channels, int64_t filters) {
  const Kernels* with = kernels();
  return with && channels % with->lanes == 0 && filters % with->panel == 0 && channels <= kMostChannels;
}

Convolution shape_of(const std::vector<int64_t>& input, int64_t filters, int64_t pad_height, int64_t pad_width) {
  Convolution shape{input.at(0), input.at(2), input.at(3), input.at(1), filters, pad_height, pad_width, 0, 0, 0, 0, 0};
  shape.out_height = shape.height + 2 * pad_height - 2;
  shape.out_width = shape.width + 2 * pad_width - 2;
  shape.tile_rows = (shape.out_height + 1) / 2;
  shape.tile_columns = (shape.out_width + 1) / 2;
  shape.tiles = shape.images * shape.tile_rows * shape.tile_columns;
  return shape;
}

at::Tensor transform_weights(const at::Tensor& weights) {
  const int64_t filters = weights.size(0), channels = weights.size(1), panel = kernels()->panel;
  const at::Tensor plain = weights.contiguous();
  at::Tensor result = at::empty({16, filters / panel, channels, panel}, plain.options());
  const float* from = plain.const_data_ptr<float>();
  float* to = result.mutable_data_ptr<float>();
  in_parallel(filters, 1, [&](int64_t begin, int64_t end) {
    double values[16];
    for (int64_t filter = begin; filter < end; ++filter) {
      for (int64_t channel = 0; channel < channels; ++channel) {
        transform(from + (filter * channels + channel) * 9, values);
        for (int i = 0; i < 16; ++i)
          to[((i * filters + filter / panel * panel) * channels) + channel * panel + filter % panel] = static_cast<float>(values[i]);
      }
    }
  });
  return result;
}

at::Tensor run(Call call) {
  RECORD_FUNCTION("torchts::winograd_convolution", c10::ArrayRef<const c10::IValue>{});
  const auto last = at::MemoryFormat::ChannelsLast;
  TORCH_CHECK(call.input.dim() == 4 && call.input.scalar_type() == at::kFloat && call.input.is_cpu() &&
                  call.input.size(1) == call.weights.size(2),
              "expected a float32 tensor of 4 dimensions with ", call.weights.size(2), " channels on the CPU, got ", call.input.toString(),
              " of ", call.input.sizes());
  const int64_t filters = call.weights.size(1) * call.weights.size(3);
  const Convolution shape = shape_of(call.input.sizes().vec(), filters, call.pad_height, call.pad_width);
  TORCH_CHECK(shape.out_height > 0 && shape.out_width > 0, "the kernel of 3 x 3 is larger than the padded input of ", call.input.sizes());
  const at::Tensor input = call.input.contiguous(last);
  const std::vector<int64_t> sizes = {shape.images, filters, shape.out_height, shape.out_width};
  at::Tensor other;
  if (call.other) {
    TORCH_CHECK(call.other->scalar_type() == at::kFloat && call.other->sizes() == sizes, "expected an addend of ", sizes, ", got ",
                call.other->sizes());
    other = call.other->contiguous(last);
  }
  at::Tensor output = call.overwrite ? other : at::empty(sizes, call.input.options().memory_format(last));
  if (shape.tiles == 0) return output;

  const Finish finish{call.bias ? call.bias->const_data_ptr<float>() : nullptr, other.defined() ? other.const_data_ptr<float>() : nullptr,
                      call.low, call.high};
  const float* from = input.const_data_ptr<float>();
  const float* weights = call.weights.const_data_ptr<float>();
  float* to = output.mutable_data_ptr<float>();
  const Kernels& with = *kernels();
  const Plan plan = plan_of(shape, with.panel, at::get_num_threads());
  const int64_t floats = scratch_floats(plan.most_tiles(shape), shape.channels);
  const at::Tensor scratch = at::empty({plan.workers, floats}, input.options());
  float* space = scratch.mutable_data_ptr<float>();
  in_parallel(plan.workers, 1, [&](int64_t begin, int64_t end) {
    for (int64_t worker = begin; worker < end; ++worker)
      for (int64_t i = plan.parts() * worker / plan.workers; i < plan.parts() * (worker + 1) / plan.workers; ++i)
        with.run(shape, from, weights, finish, to, plan.part(shape, i), space + worker * floats);
  });
  return output;
}

}  // namespace torchts::winograd
