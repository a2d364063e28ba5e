#include "support/threads.h"

#include <ATen/TensorIterator.h>

namespace torchts {

void share_out(int64_t count, c10::function_ref<void(int64_t, int64_t)> work) {
  if (count == 0) return;
  // ATen's loops are parallel inside LibTorch only (OpenMP is compiled in there, not here): an iterator over
  // one byte for each item shares the items out between its threads.
  at::Tensor ticket = at::empty({count}, at::kByte);
  const char* first = static_cast<const char*>(ticket.const_data_ptr());
  auto iterator = at::TensorIteratorConfig()
                      .check_all_same_dtype(false)
                      .resize_outputs(false)
                      .declare_static_shape(ticket.sizes())
                      .add_output(ticket)
                      .build();
  iterator.for_each(
      [&](char** data, const int64_t*, int64_t n, int64_t) {  // one row
        const int64_t begin = data[0] - first;
        work(begin, begin + n);
      },
      1);
}

}  // namespace torchts
