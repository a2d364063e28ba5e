#include "data/batch_memory.h"

#include <cstddef>
#include <cstring>
#include <memory>
#include <mutex>
#include <vector>

#include <ATen/EmptyTensor.h>
#include <c10/core/CPUAllocator.h>

namespace torchts {
namespace {

constexpr size_t kLarge = size_t(1) << 20;
constexpr size_t kKept = size_t(256) << 20;

struct Block {
  c10::DataPtr memory;
  size_t bytes;
};

// Blocks may come back on any thread, and after every environment is gone: it lives as long as the process.
class BatchMemory final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    if (bytes < kLarge) return c10::GetCPUAllocator()->allocate(bytes);
    auto block = take(bytes);
    if (!block) block = std::make_unique<Block>(Block{c10::GetCPUAllocator()->allocate(bytes), bytes});
    void* data = block->memory.get();
    return {data, block.release(), &BatchMemory::give_back, at::kCPU};
  }

  void copy_data(void* to, const void* from, size_t count) const override { std::memcpy(to, from, count); }

  static BatchMemory& instance() {
    static auto* memory = new BatchMemory;
    return *memory;
  }

 private:
  std::unique_ptr<Block> take(size_t bytes) {
    std::lock_guard lock(mutex_);
    for (size_t i = free_.size(); i-- > 0;) {
      if (free_[i]->bytes != bytes) continue;
      auto block = std::move(free_[i]);
      free_.erase(free_.begin() + static_cast<std::ptrdiff_t>(i));
      kept_ -= bytes;
      return block;
    }
    return nullptr;
  }

  static void give_back(void* context) {
    std::unique_ptr<Block> block(static_cast<Block*>(context));
    BatchMemory& memory = instance();
    std::vector<std::unique_ptr<Block>> old;  // freed after the lock
    std::lock_guard lock(memory.mutex_);
    memory.kept_ += block->bytes;
    memory.free_.push_back(std::move(block));
    // The oldest go first: a loader with another size of batch must not find the room taken.
    while (memory.kept_ > kKept) {
      memory.kept_ -= memory.free_.front()->bytes;
      old.push_back(std::move(memory.free_.front()));
      memory.free_.erase(memory.free_.begin());
    }
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<Block>> free_;  // the oldest first
  size_t kept_ = 0;
};

}  // namespace

at::Tensor empty_batch(at::IntArrayRef sizes, at::ScalarType dtype, at::MemoryFormat format) {
  return at::Tensor(at::detail::empty_generic(sizes, &BatchMemory::instance(), c10::DispatchKeySet(c10::DispatchKey::CPU),
                                              dtype, format));
}

}  // namespace torchts
