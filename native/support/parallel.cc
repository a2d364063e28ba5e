#include "support/parallel.h"

#include <ATen/EmptyTensor.h>
#include <ATen/TensorIterator.h>

namespace torchts {

// ATen's loops are parallel inside LibTorch only (OpenMP is compiled in there, not here): an iterator over one
// byte per item shares the items out between its threads.
void in_parallel(int64_t n, int64_t grain, c10::function_ref<void(int64_t, int64_t)> body) {
  if (n <= grain) {
    if (n > 0) body(0, n);
    return;
  }
  at::Tensor ticket(at::detail::empty_cpu({n}, at::kByte));
  const char* first = static_cast<const char*>(ticket.const_data_ptr());
  auto iterator = at::TensorIteratorConfig()
                      .check_all_same_dtype(false)
                      .resize_outputs(false)
                      .declare_static_shape(ticket.sizes())
                      .add_output(ticket)
                      .build();
  iterator.for_each(
      [&](char** data, const int64_t*, int64_t count, int64_t) {  // one row
        const int64_t begin = data[0] - first;
        body(begin, begin + count);
      },
      grain);
}

}  // namespace torchts
