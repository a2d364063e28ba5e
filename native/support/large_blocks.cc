// The largest tensors of a training step are its first activations and their gradients. In one heap with all
// others they leave holes that nothing of their size fits into again: the peak of a ResNet-18 step swings by
// half a gigabyte. So malloc maps them (tune_malloc), and a few stay here, since fresh pages cost as much time
// as an operator that fills them: a step asks for the same sizes again and again.
#include "support/large_blocks.h"

#include <mutex>
#include <vector>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <c10/core/impl/alloc_cpu.h>

namespace torchts {

#ifdef __GLIBC__

namespace {

constexpr size_t kKept = size_t(128) << 20;
// malloc rounds a mapped block up to pages.
constexpr size_t kSlack = size_t(16) << 10;

struct Kept {
  void* block;
  size_t bytes;
};

// Blocks come back on any thread, until the process ends.
struct LargeBlocks {
  std::mutex mutex;
  std::vector<Kept> blocks;  // the oldest first
  size_t bytes = 0;
};

LargeBlocks& kept() {
  static auto* all = new LargeBlocks;
  return *all;
}

}  // namespace

void* take_large_block(size_t bytes) {
  LargeBlocks& all = kept();
  std::lock_guard lock(all.mutex);
  for (size_t i = all.blocks.size(); i-- > 0;) {
    const auto [block, has] = all.blocks[i];
    if (has < bytes || has > bytes + kSlack) continue;
    all.blocks.erase(all.blocks.begin() + static_cast<std::ptrdiff_t>(i));
    all.bytes -= has;
    return block;
  }
  return nullptr;
}

bool is_large_block(void* block) { return malloc_usable_size(block) >= kLargeBlock; }

void keep_large_block(void* block) {
  const size_t bytes = malloc_usable_size(block);
  std::vector<void*> old;
  {
    LargeBlocks& all = kept();
    std::lock_guard lock(all.mutex);
    all.blocks.push_back({block, bytes});
    all.bytes += bytes;
    // The oldest go first: a program that went on to other sizes must not find the room taken.
    while (all.bytes > kKept) {
      all.bytes -= all.blocks.front().bytes;
      old.push_back(all.blocks.front().block);
      all.blocks.erase(all.blocks.begin());
    }
  }
  for (void* gone : old) c10::free_cpu(gone);
}

void give_back_memory() {
  std::vector<Kept> old;
  {
    LargeBlocks& all = kept();
    std::lock_guard lock(all.mutex);
    old.swap(all.blocks);
    all.bytes = 0;
  }
  for (const Kept& gone : old) c10::free_cpu(gone.block);
  malloc_trim(0);
}

#else

void* take_large_block(size_t) { return nullptr; }
bool is_large_block(void*) { return false; }
void keep_large_block(void*) {}
void give_back_memory() {}

#endif

}  // namespace torchts
