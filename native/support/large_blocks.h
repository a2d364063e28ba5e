// Blocks for the elements of very large tensors, kept for the next tensor of their size.
#pragma once

#include <cstddef>

namespace torchts {

// From here on malloc gives a block pages of its own, and LibTorch's CPU allocator asks here.
constexpr size_t kLargeBlock = size_t(32) << 20;

// A block of this size that was given back, or null where there is none.
void* take_large_block(size_t bytes);

// Whether a block that LibTorch's allocator made is one of these.
bool is_large_block(void* block);

// Keeps such a block, which is no longer used, or frees it.
void keep_large_block(void* block);

// Gives the kept blocks, and what else malloc holds without use, back to the system: after work that a program
// does once and that takes more memory than what follows.
void give_back_memory();

}  // namespace torchts
