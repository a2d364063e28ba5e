// LibTorch takes the elements of every CPU tensor from `posix_memalign`. For a tensor of a few numbers that
// costs as much as the arithmetic, and more here than in Python: the collector gives back tensors by the
// thousand, which overflows malloc's fast lists. So small blocks come from lists of free blocks.
//
// The pool reserves addresses once and hands them out in chunks, each cut into blocks of one size. A block is
// told apart by its address. Blocks stay with the process, as much as the small tensors alive at one time
// needed. Where the addresses are spent, or cannot be had, the allocator of LibTorch serves as before.
#include "support/small_blocks.h"

#if defined(__linux__) || defined(__APPLE__)
#define TORCHTS_SMALL_BLOCKS 1
#include <sys/mman.h>
#endif

#include <bit>
#include <cstdint>
#include <mutex>

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include "support/large_blocks.h"

namespace torchts {

#ifdef TORCHTS_SMALL_BLOCKS

namespace {

constexpr size_t kReserved = size_t(1) << 30;
constexpr size_t kChunk = size_t(1) << 16;
constexpr size_t kSmallest = 64;  // also LibTorch's alignment
constexpr size_t kLargest = 1024;
constexpr int kClasses = 5;       // 64, 128, 256, 512, 1024
static_assert(kSmallest << (kClasses - 1) == kLargest);
// Blocks move between threads in batches, so that the lock is rarely taken.
constexpr uint32_t kBatch = 256;

struct Block {
  Block* next;
  Block* next_batch;  // of the first block of a batch
};

int class_of(size_t bytes) { return bytes <= kSmallest ? 0 : std::bit_width((bytes - 1) / kSmallest); }

// What all threads share.
char* reserved = nullptr;
size_t chunks_used = 0;
uint8_t chunk_class[kReserved / kChunk];
Block* batches[kClasses];
std::mutex shared_mutex;

struct Lists {
  Block* head[kClasses];
  uint32_t count[kClasses];
};
thread_local Lists lists;

void share(int k) {
  Block* batch = lists.head[k];
  lists.head[k] = nullptr;
  lists.count[k] = 0;
  std::lock_guard lock(shared_mutex);
  batch->next_batch = batches[k];
  batches[k] = batch;
}

// Gives the blocks of a thread that ends to the others.
struct AtThreadEnd {
  ~AtThreadEnd() {
    for (int k = 0; k < kClasses; ++k)
      if (lists.head[k]) share(k);
  }
};

void watch_thread_end() { thread_local AtThreadEnd at_end; (void)at_end; }

// Fills the list of this thread; false where the reserved addresses are spent.
bool refill(int k) {
  watch_thread_end();
  std::lock_guard lock(shared_mutex);
  if (Block* batch = batches[k]) {
    batches[k] = batch->next_batch;
    lists.head[k] = batch;
    // A batch of a thread that ended may be shorter: then this list is shared a little early.
    lists.count[k] = kBatch;
    return true;
  }
  if (chunks_used == kReserved / kChunk) return false;
  char* chunk = reserved + chunks_used * kChunk;
  if (mprotect(chunk, kChunk, PROT_READ | PROT_WRITE) != 0) return false;
  chunk_class[chunks_used++] = static_cast<uint8_t>(k);
  const size_t size = kSmallest << k;
  for (size_t offset = kChunk; offset >= size; offset -= size) {
    auto* block = reinterpret_cast<Block*>(chunk + offset - size);
    block->next = lists.head[k];
    lists.head[k] = block;
  }
  lists.count[k] = kBatch;
  return true;
}

void release(void* data) {
  const auto offset = static_cast<size_t>(static_cast<char*>(data) - reserved);
  if (offset >= kReserved) {
    if (is_large_block(data)) {
      c10::profiledCPUMemoryReporter().Delete(data);  // before another thread can take it
      keep_large_block(data);
    } else {
      c10::GetDefaultCPUAllocator()->raw_deleter()(data);
    }
    return;
  }
  c10::profiledCPUMemoryReporter().Delete(data);
  const int k = chunk_class[offset / kChunk];
  if (!lists.head[k]) watch_thread_end();
  if (lists.count[k] >= 2 * kBatch) share(k);
  auto* block = static_cast<Block*>(data);
  block->next = lists.head[k];
  lists.head[k] = block;
  ++lists.count[k];
}

struct SmallBlocks final : c10::Allocator {
  c10::DataPtr allocate(size_t bytes) override {
    const c10::Device cpu(c10::DeviceType::CPU);
    if (bytes == 0 || bytes > kLargest) return large(bytes);
    const int k = class_of(bytes);
    Block* block = lists.head[k];
    if (!block) {
      if (!refill(k)) return large(bytes);
      block = lists.head[k];
    }
    lists.head[k] = block->next;
    if (lists.count[k] > 0) --lists.count[k];
    c10::profiledCPUMemoryReporter().New(block, bytes);
    return {block, block, &release, cpu};
  }
  // Blocks of both kinds have one deleter, as the interface demands.
  static c10::DataPtr large(size_t bytes) {
    if (bytes >= kLargeBlock) {
      if (void* block = take_large_block(bytes)) {
        c10::profiledCPUMemoryReporter().New(block, bytes);
        return {block, block, &release, c10::Device(c10::DeviceType::CPU)};
      }
    }
    c10::DataPtr data = c10::GetDefaultCPUAllocator()->allocate(bytes);
    void* address = data.release_context();
    return {address, address, &release, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* to, const void* from, size_t bytes) const override { default_copy_data(to, from, bytes); }
};

}  // namespace

void install_small_blocks() {
  static const bool installed = [] {
    void* addresses = mmap(nullptr, kReserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (addresses == MAP_FAILED) return false;
    reserved = static_cast<char*>(addresses);
    c10::SetCPUAllocator(new SmallBlocks);  // for as long as the process
    return true;
  }();
  (void)installed;
}

#else

void install_small_blocks() {}

#endif

}  // namespace torchts
