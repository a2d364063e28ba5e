// Adam's step over all parameters in one pass through memory, equal to the bit to ATen's operators one
// after another (lib/optim/adam.ts): the same operations, in the same order, rounded alike.
#include <ATen/ATen.h>
#include <ATen/ops/sqrt_cpu_dispatch.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

#include "optim/adam_kernels.h"
#include "support/call.h"
#include "support/parallel.h"
#include "tensor/plain.h"

namespace torchts {
namespace {

using adam::Rounding;

// Elements of a block: its arrays stay in the second-level cache between the passes over them.
constexpr int64_t kBlock = 8192;

struct Scalars {
  double lr, beta1, beta2, eps, weight_decay;
  bool decoupled;
};

struct Lists {
  std::vector<at::Tensor> params, grads, avgs, squares;
};

template <typename T>
adam::Rates<T> rates_of(const Scalars& s) {
  return {.decay = static_cast<T>(s.weight_decay),
          .adds = s.weight_decay != 0 && !s.decoupled,
          .shrink = s.decoupled && s.weight_decay != 0 ? static_cast<T>(1 - s.lr * s.weight_decay) : T(1),
          .weight = static_cast<T>(1 - s.beta1),
          .beta2 = static_cast<T>(s.beta2),
          .rest = static_cast<T>(1 - s.beta2),
          .eps = static_cast<T>(s.eps)};
}

template <typename T>
void step_block(adam::Block<T> block, const adam::Rates<T>& rates, Rounding rounding, T correction, T scale,
                const at::Tensor& scratch) {
  block.root = scratch.mutable_data_ptr<T>();
  adam::moments(block, rates, rounding);
  // ATen's square root comes from a vector library whose last bit is its own, so it is asked.
  at::Tensor roots = block.n == kBlock ? scratch : scratch.narrow(0, 0, block.n);
  at::cpu::sqrt_(roots);
  adam::move(block, rates, correction, scale);
}

// corrections and scales: per parameter, what divides the roots and what multiplies the averages.
template <typename T>
void step_lists(const Lists& lists, const Scalars& scalars, Rounding rounding, const double* corrections,
                const double* scales) {
  const auto rates = rates_of<T>(scalars);
  struct Work {
    adam::Block<T> block;
    T correction, scale;
  };
  std::vector<Work> work;
  for (size_t i = 0; i < lists.params.size(); ++i) {
    T* param = lists.params[i].mutable_data_ptr<T>();
    const T* grad = lists.grads[i].const_data_ptr<T>();
    T* avg = lists.avgs[i].mutable_data_ptr<T>();
    T* square = lists.squares[i].mutable_data_ptr<T>();
    const int64_t n = lists.params[i].numel();
    for (int64_t at = 0; at < n; at += kBlock)
      work.push_back({{param + at, grad + at, avg + at, square + at, nullptr, std::min(kBlock, n - at)},
                      static_cast<T>(corrections[i]),
                      static_cast<T>(scales[i])});
  }
  in_parallel(static_cast<int64_t>(work.size()), 1, [&](int64_t begin, int64_t end) {
    // Worker threads begin with their own modes: nothing here is for autograd or a Python-style mode.
    at::AutoDispatchBelowADInplaceOrView below;
    at::Tensor scratch = at::empty({kBlock}, c10::CppTypeToScalarType<T>::value);
    for (int64_t i = begin; i < end; ++i)
      step_block(work[i].block, rates, rounding, work[i].correction, work[i].scale, scratch);
  });
}

// One step by ATen's own operators: what the step above must equal.
void reference_step(const Lists& x, const Scalars& s, double correction, double scale) {
  const at::Tensor &param = x.params[0], &avg = x.avgs[0], &square = x.squares[0];
  at::Tensor grad = x.grads[0];
  if (s.weight_decay != 0) {
    if (s.decoupled)
      param.mul_(1 - s.lr * s.weight_decay);
    else
      grad = grad.add(param, s.weight_decay);
  }
  avg.lerp_(grad, 1 - s.beta1);
  square.mul_(s.beta2).addcmul_(grad, grad, 1 - s.beta2);
  param.addcdiv_(avg, square.sqrt().div_(correction).add_(s.eps), scale);
}

// Which rounding this machine's ATen has, found by trying: its kernels differ between processors. None where
// neither equals it on both the vectorised part of a tensor and its tail.
template <typename T>
std::optional<Rounding> find_rounding() {
  at::AutoDispatchBelowADInplaceOrView below;
  auto noise = [state = uint64_t{88172645463325252}](bool positive) mutable {
    at::Tensor x = at::empty({1003}, c10::CppTypeToScalarType<T>::value);
    T* data = x.mutable_data_ptr<T>();
    for (int64_t i = 0; i < x.numel(); ++i) {
      state ^= state << 13, state ^= state >> 7, state ^= state << 17;
      double unit = static_cast<double>(state >> 11) / 9007199254740992.0;
      data[i] = static_cast<T>(positive ? unit : 2 * unit - 1);
    }
    return x;
  };
  const double correction = std::sqrt(1 - 0.98), scale = -0.07;
  for (Rounding rounding : {Rounding::fused, Rounding::separate}) {
    if (!adam::supported(rounding)) continue;
    bool equal = true;
    for (double beta1 : {0.9, 0.3})
      for (bool decoupled : {false, true})
        for (int64_t n : {1003, 7}) {
          Scalars scalars{.01, beta1, .98, 1e-8, .1, decoupled};
          Lists ours{{noise(false).narrow(0, 0, n)},
                     {noise(false).narrow(0, 0, n)},
                     {noise(false).narrow(0, 0, n)},
                     {noise(true).narrow(0, 0, n)}};
          Lists theirs{{ours.params[0].clone()}, ours.grads, {ours.avgs[0].clone()}, {ours.squares[0].clone()}};
          reference_step(theirs, scalars, correction, scale);
          step_lists<T>(ours, scalars, rounding, &correction, &scale);
          equal = equal && ours.params[0].equal(theirs.params[0]) && ours.avgs[0].equal(theirs.avgs[0]) &&
                  ours.squares[0].equal(theirs.squares[0]);
        }
    if (equal) return rounding;
  }
  return std::nullopt;
}

std::optional<Rounding> rounding_for(at::ScalarType dtype) {
  if (dtype == at::kFloat) {
    static const auto rounding = find_rounding<float>();
    return rounding;
  }
  if (dtype == at::kDouble) {
    static const auto rounding = find_rounding<double>();
    return rounding;
  }
  return std::nullopt;
}

// Same places in memory for the same elements; the stride of a dimension of one says nothing.
bool same_layout(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes() || a.scalar_type() != b.scalar_type()) return false;
  for (int64_t d = 0; d < a.dim(); ++d)
    if (a.size(d) != 1 && a.stride(d) != b.stride(d)) return false;
  return true;
}

// Whether no written array overlaps another array: order between parameters then means nothing.
bool apart(const Lists& lists) {
  struct Span {
    const char *begin, *end;
    bool written;
  };
  std::vector<Span> spans;
  auto add = [&](const std::vector<at::Tensor>& tensors, bool written) {
    for (const at::Tensor& x : tensors)
      if (x.numel()) {
        auto* begin = static_cast<const char*>(x.const_data_ptr());
        spans.push_back({begin, begin + x.nbytes(), written});
      }
  };
  add(lists.params, true);
  add(lists.grads, false);
  add(lists.avgs, true);
  add(lists.squares, true);
  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
  const char *written_end = nullptr, *any_end = nullptr;
  for (const Span& span : spans) {
    if (span.begin < written_end || (span.written && span.begin < any_end)) return false;
    any_end = std::max(any_end, span.end);
    if (span.written) written_end = std::max(written_end, span.end);
  }
  return true;
}

bool fits(const Lists& x, const std::vector<at::Tensor>& steps) {
  const size_t n = x.params.size();
  if (n == 0 || x.grads.size() != n || x.avgs.size() != n || x.squares.size() != n || steps.size() != n) return false;
  for (size_t i = 0; i < n; ++i) {
    const at::Tensor& p = x.params[i];
    if (!is_plain(p) || p.scalar_type() != x.params[0].scalar_type() || !p.is_non_overlapping_and_dense()) return false;
    for (const at::Tensor* other : {&x.grads[i], &x.avgs[i], &x.squares[i]})
      if (!is_plain(*other) || !same_layout(p, *other)) return false;
    if (!is_plain(steps[i]) || steps[i].scalar_type() != at::kFloat || steps[i].numel() != 1) return false;
  }
  return apart(x) && rounding_for(x.params[0].scalar_type());
}

void touch(const std::vector<at::Tensor>& tensors) {
  for (const at::Tensor& x : tensors) x.unsafeGetTensorImpl()->bump_version();
}

// The numbers of a Float64Array.
std::span<double> doubles(Call& call, size_t i) {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  check(call.napi, napi_get_typedarray_info(call.napi, call.at(i), &type, &length, &data, nullptr, nullptr));
  TORCH_CHECK(type == napi_float64_array, "a Float64Array was expected");
  return {static_cast<double*>(data), length};
}

Lists lists_of(Call& call) { return {call.tensors(0), call.tensors(1), call.tensors(2), call.tensors(3)}; }

// adamBegin(params, grads, avgs, squares, steps, counts): whether adamStep may follow. If so, the steps are
// one higher and counts (Float64Array) holds them; if not, nothing has changed.
napi_value adam_begin(Call& call) {
  Lists lists = lists_of(call);
  auto steps = call.tensors(4);
  auto counts = doubles(call, 5);
  if (counts.size() != steps.size() || !fits(lists, steps)) return js_bool(call.napi, false);
  for (const at::Tensor& step : steps) *step.mutable_data_ptr<float>() += 1;
  for (size_t i = 0; i < steps.size(); ++i) counts[i] = *steps[i].const_data_ptr<float>();
  touch(steps);
  return js_bool(call.napi, true);
}

// adamStep(params, grads, avgs, squares, corrections, scales, [lr, beta1, beta2, eps, weightDecay], decoupled)
napi_value adam_step(Call& call) {
  Lists lists = lists_of(call);
  auto corrections = doubles(call, 4), scales = doubles(call, 5), rates = doubles(call, 6);
  TORCH_CHECK(corrections.size() == lists.params.size() && scales.size() == lists.params.size() && rates.size() == 5,
              "adamStep: one correction and one scale per parameter, and five rates");
  Scalars scalars{rates[0], rates[1], rates[2], rates[3], rates[4], call.boolean(7)};
  auto dtype = lists.params.at(0).scalar_type();
  auto rounding = rounding_for(dtype);
  TORCH_CHECK(rounding, "adamStep: float32 and float64 only, got ", dtype);
  if (dtype == at::kFloat)
    step_lists<float>(lists, scalars, *rounding, corrections.data(), scales.data());
  else
    step_lists<double>(lists, scalars, *rounding, corrections.data(), scales.data());
  touch(lists.params);
  touch(lists.avgs);
  touch(lists.squares);
  return js_undefined(call.napi);
}

}  // namespace

void register_adam(Env* env, napi_value e) {
  define(env, e, "adamBegin", entry<adam_begin>);
  define(env, e, "adamStep", entry<adam_step>);
}

}  // namespace torchts
