// Tensors' bytes out of files, off the JavaScript thread. What lies where in a file is worked out in
// TypeScript (lib/serialization); here every offset is checked once more against the file before memory is
// taken.
#include <algorithm>
#include <atomic>

#include <sys/mman.h>
#include <sys/stat.h>

#include <ATen/ATen.h>

#include "serialize/crc32.h"
#include "serialize/file_io.h"
#include "support/background.h"

namespace torchts {
namespace {

constexpr uint64_t kLocalHeader = 30;
constexpr uint64_t kMapAlignment = 16;
// What a thread reads before it asks for more.
constexpr uint64_t kPiece = 1 << 21;

struct Mapping {
  Mapping(int fd, size_t length) : length(length) {
    data = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) system_failure();
  }
  ~Mapping() { ::munmap(data, length); }
  void* data;
  size_t length;
};

struct Region {
  uint64_t offset;  // of the zip header before the bytes, or of the bytes themselves
  uint64_t size;
  int64_t crc;     // negative: not checked
  uint64_t limit;  // the bytes end here at the latest
};

// A part of a region.
struct Piece {
  size_t region;
  uint64_t from;
  uint64_t length;
  uint32_t crc = 0;
};

struct ReadWork : BackgroundWork {
  int fd;
  bool headers;
  bool map;
  std::vector<Region> regions;
  std::vector<at::Tensor> tensors;
  std::vector<Piece> pieces;
  std::atomic<size_t> next{0};
  uint64_t file_size = 0;

  // On the JavaScript thread: memory that threads of the pool allocate stays with their arenas when it
  // is freed. Nothing is taken for more than the file can hold.
  void allocate(Env* env) {
    struct stat info;
    if (::fstat(fd, &info) != 0) system_failure();
    file_size = static_cast<uint64_t>(info.st_size);
    uint64_t total = 0;
    for (const Region& region : regions) {
      uint64_t limit = std::min(region.limit, file_size);
      if (region.offset > limit || region.size > limit - region.offset) broken("a record reaches beyond its end: it is truncated or broken");
      total += region.size;
    }
    if (map) {
      tensors.resize(regions.size());
      return;
    }
    env->handles->make_room(static_cast<int64_t>(std::min<uint64_t>(total, INT64_MAX)));
    for (size_t i = 0; i < regions.size(); ++i) {
      tensors.push_back(bytes_of(regions[i].size));
      add_pieces(i);
    }
  }

  static at::Tensor bytes_of(uint64_t size) {
    return at::empty({static_cast<int64_t>(size)}, at::TensorOptions().dtype(at::kByte));
  }

  void add_pieces(size_t i) {
    uint64_t from = 0;
    do {
      uint64_t length = std::min(kPiece, regions[i].size - from);
      pieces.push_back({i, from, length});
      from += length;
    } while (from < regions[i].size);
  }

  uint64_t begin_of(const Region& region) const {
    uint64_t begin = region.offset;
    uint64_t limit = std::min(region.limit, file_size);
    if (headers) {
      if (begin > limit || limit - begin < kLocalHeader) broken("a record lies beyond its end");
      unsigned char head[kLocalHeader];
      read_exactly(fd, head, kLocalHeader, begin);
      if (std::memcmp(head, "PK\3\4", 4) != 0) broken("a record does not begin with a zip header");
      begin += kLocalHeader + (head[26] | head[27] << 8) + (head[28] | head[29] << 8);
    }
    if (begin > limit || region.size > limit - begin) broken("a record reaches beyond its end: it is truncated or broken");
    return begin;
  }

  void read(Piece& piece) const {
    const Region& region = regions[piece.region];
    uint64_t begin = begin_of(region) + piece.from;
    auto* bytes = static_cast<char*>(tensors[piece.region].mutable_data_ptr()) + piece.from;
    for (uint64_t done = 0; done < piece.length;) {
      uint64_t length = std::min(kBlock, piece.length - done);
      read_exactly(fd, bytes + done, length, begin + done);
      if (region.crc >= 0) piece.crc = crc32(piece.crc, bytes + done, length);
      done += length;
    }
  }

  // Places every region whose bytes lie well in one mapping; the others are read.
  void map_regions() {
    std::shared_ptr<Mapping> mapping;
    for (size_t i = 0; i < regions.size(); ++i) {
      uint64_t begin = begin_of(regions[i]);
      if (regions[i].size == 0 || begin % kMapAlignment != 0) {
        tensors[i] = bytes_of(regions[i].size);
        add_pieces(i);
        continue;
      }
      if (!mapping) mapping = std::make_shared<Mapping>(fd, file_size);
      tensors[i] = at::from_blob(
          static_cast<char*>(mapping->data) + begin, {static_cast<int64_t>(regions[i].size)}, [mapping](void*) {},
          at::TensorOptions().dtype(at::kByte));
    }
  }

  void execute() override {
    if (map) map_regions();
    try {
      for (size_t i; (i = next++) < pieces.size();) read(pieces[i]);
    } catch (...) {
      next = pieces.size();  // the other threads need not go on
      throw;
    }
  }

  void check_sums() const {
    for (size_t i = 0; i < pieces.size();) {
      const Piece& first = pieces[i];
      uint32_t crc = first.crc;
      for (++i; i < pieces.size() && pieces[i].region == first.region; ++i) crc = crc32_of_both(crc, pieces[i].crc, pieces[i].length);
      int64_t wanted = regions[first.region].crc;
      if (wanted >= 0 && crc != static_cast<uint32_t>(wanted)) broken("the checksum of a record is wrong: it is damaged");
    }
  }

  napi_value result(Env* env) override {
    check_sums();
    napi_value array;
    check(env->env, napi_create_array_with_length(env->env, tensors.size(), &array));
    for (size_t i = 0; i < tensors.size(); ++i) {
      napi_value handle = map ? env->handles->wrap(std::move(tensors[i])) : env->handles->wrap_read(std::move(tensors[i]));
      check(env->env, napi_set_element(env->env, array, static_cast<uint32_t>(i), handle));
    }
    return array;
  }
};

// readRegions(fd, [offset, size, crc, limit]…, headers, map, threads?): Promise of uint8 tensors.
napi_value read_regions(Call& call) {
  auto work = std::make_unique<ReadWork>();
  work->fd = static_cast<int>(call.integer(0));
  std::vector<double> numbers = doubles_at(call, 1);
  work->headers = call.boolean(2);
  work->map = call.boolean_or(3, false);
  if (numbers.size() % 4 != 0) throw TypedError("type", "regions must be given as four numbers each");
  for (size_t i = 0; i < numbers.size(); i += 4) {
    if (numbers[i] < 0 || numbers[i + 1] < 0 || numbers[i + 3] < 0) throw TypedError("value", "a negative offset or size");
    work->regions.push_back({static_cast<uint64_t>(numbers[i]), static_cast<uint64_t>(numbers[i + 1]),
                             static_cast<int64_t>(numbers[i + 2]), static_cast<uint64_t>(numbers[i + 3])});
  }
  work->allocate(call.env);
  int64_t threads = work->map || call.missing(4) ? 1 : std::clamp<int64_t>(call.integer(4), 1, 64);
  return run_in_background(call, "torchts:readRegions", std::move(work), static_cast<int>(threads));
}

}  // namespace

void register_read_regions(Env* env, napi_value e) { define(env, e, "readRegions", entry<read_regions>); }

}  // namespace torchts
