// LibTorch's threads.
#pragma once

#include <cstdint>

#include <c10/util/FunctionRef.h>

namespace torchts {

// Calls `work(begin, end)` for parts of 0 … count on LibTorch's threads, as many as a call of its own would
// take here. Worker threads begin with their own modes.
void share_out(int64_t count, c10::function_ref<void(int64_t, int64_t)> work);

}  // namespace torchts
