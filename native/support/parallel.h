// Loops over LibTorch's own threads.
#pragma once

#include <ATen/ATen.h>

#include <c10/util/FunctionRef.h>

namespace torchts {

// Calls body(begin, end) for parts of 0 … n that together are the whole, each of `grain` or more but the last:
// on as many threads as operators use. The other threads begin with their own modes.
void in_parallel(int64_t n, int64_t grain, c10::function_ref<void(int64_t, int64_t)> body);

}  // namespace torchts
