// Images to tensors: one at once, or a whole batch on the threads of libuv's pool.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "data/batch_memory.h"
#include "data/image.h"
#include "data/jpeg.h"
#include "data/kernels.h"
#include "support/background.h"
#include "support/call.h"

namespace torchts {
namespace {

using image::Conversion;
using image::Pixels;
using image::Program;
using image::Size;

struct Bytes {
  const uint8_t* data;
  size_t length;
};

Bytes bytes_of(napi_env env, napi_value value, napi_typedarray_type wanted, const char* what) {
  bool is_array = false;
  check(env, napi_is_typedarray(env, value, &is_array));
  napi_typedarray_type type{};
  size_t length = 0;
  void* data = nullptr;
  if (is_array) check(env, napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr));
  if (wanted == napi_uint8_array && type == napi_uint8_clamped_array) type = napi_uint8_array;
  if (!is_array || type != wanted) throw TypedError("type", std::string(what) + " must be the right typed array");
  return {static_cast<const uint8_t*>(data), length};
}

Program program_of(napi_env env, napi_value value) {
  Bytes raw = bytes_of(env, value, napi_int32_array, "a program");
  auto* numbers = reinterpret_cast<const int32_t*>(raw.data);
  return Program(numbers, numbers + raw.length);
}

Size size_of(const int32_t* numbers, size_t bytes) {
  Size size{numbers[0], numbers[1], numbers[2]};
  bool known = size.channels == 1 || size.channels == 3 || size.channels == 4;
  if (!known || size.width < 1 || size.height < 1 || size.bytes() != bytes)
    throw TypedError("shape", "an image of " + std::to_string(size.width) + " × " + std::to_string(size.height) +
                                  " × " + std::to_string(size.channels) + " does not fit its " + std::to_string(bytes) +
                                  " bytes");
  return size;
}

// How bytes become elements: float32, each channel in its way, or as they are.
struct Target {
  at::Tensor batch;  // N × C × H × W
  std::vector<float> tables;
  std::vector<Conversion> conversions;  // one for each channel, with a table of `tables`; none for bytes
  bool channels_last = false;
  bool past_caches = false;
};

// Of a batch as large as this, nothing is left in a core's cache when it is asked for.
constexpr size_t kPastCaches = size_t(4) << 20;

Pixels planar_of(const Pixels& p) {
  Pixels out = Pixels::make(p.size, true);
  for (int32_t y = 0; y < p.size.height; ++y)
    image::split_channels(p.row(y), out.own_row(y), out.plane, p.size.width, p.size.channels);
  return out;
}

void write_floats(const Pixels& p, float* out, const Target& target) {
  // Rows that lie one behind the other are one long row.
  bool whole = p.stride == p.row_bytes();
  int32_t rows = whole ? 1 : p.size.height, depth = p.depth();
  size_t width = whole ? size_t(p.size.width) * p.size.height : p.size.width;
  for (int32_t k = 0; k < p.planes(); ++k)
    for (int32_t y = 0; y < rows; ++y, out += width * depth)
      image::to_floats(p.row(y, k), out, width, target.conversions.data() + k, depth, target.past_caches);
}

void write_bytes(const Pixels& p, uint8_t* out) {
  for (int32_t k = 0; k < p.planes(); ++k)
    for (int32_t y = 0; y < p.size.height; ++y, out += p.row_bytes()) std::memcpy(out, p.row(y, k), p.row_bytes());
}

void write_sample(const Pixels& pixels, const Target& target, int64_t index) {
  if (!pixels.planar && pixels.size.channels > 1 && !target.channels_last)
    return write_sample(planar_of(pixels), target, index);
  size_t offset = size_t(index) * pixels.size.bytes();
  if (target.conversions.empty())
    write_bytes(pixels, target.batch.data_ptr<uint8_t>() + offset);
  else
    write_floats(pixels, target.batch.data_ptr<float>() + offset, target);
}

Target make_target(Call& call, int64_t count, Size size, size_t tables_at, size_t format_at) {
  Target target;
  target.channels_last = call.boolean_or(format_at, false);
  if (!call.missing(tables_at)) {
    Bytes raw = bytes_of(call.napi, call.at(tables_at), napi_float32_array, "the tables");
    size_t channels = size.channels, tabled = channels * 256;
    if (raw.length != tabled && raw.length != tabled + 2 * channels)
      throw TypedError("shape", "expected a table of 256 values for each of " + std::to_string(channels) +
                                    " channels, and perhaps their means and deviations");
    auto* values = reinterpret_cast<const float*>(raw.data);
    target.tables.assign(values, values + raw.length);
    for (size_t c = 0; c < channels; ++c) {
      const float* table = target.tables.data() + 256 * c;
      const float* mean = target.tables.data() + tabled + c;
      target.conversions.push_back(raw.length > tabled ? image::conversion_of(table, mean[0], mean[channels])
                                                       : Conversion{table});
    }
  }
  c10::InferenceMode normal(false);
  target.batch = empty_batch({count, size.channels, size.height, size.width},
                             target.conversions.empty() ? at::kByte : at::kFloat,
                             target.channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
  target.past_caches = target.batch.nbytes() >= kPastCaches;
  return target;
}

// runImage(bytes, [width, height, channels], program): bytes
napi_value run_image(Call& call) {
  Bytes raw = bytes_of(call.napi, call.at(0), napi_uint8_array, "an image");
  Bytes dims = bytes_of(call.napi, call.at(1), napi_int32_array, "the size");
  if (dims.length != 3) throw TypedError("shape", "the size has three numbers");
  Size size = size_of(reinterpret_cast<const int32_t*>(dims.data), raw.length);
  Pixels out = image::run(Pixels::view(raw.data, size), program_of(call.napi, call.at(2)));
  void* data = nullptr;
  napi_value buffer, array;
  check(call.napi, napi_create_arraybuffer(call.napi, out.size.bytes(), &data, &buffer));
  for (int32_t y = 0; y < out.size.height; ++y)
    std::memcpy(static_cast<uint8_t*>(data) + y * out.row_bytes(), out.row(y), out.row_bytes());
  check(call.napi, napi_create_typedarray(call.napi, napi_uint8_array, out.size.bytes(), buffer, 0, &array));
  return array;
}

// imageTensor(bytes, [width, height, channels], program, tables | null, channelsLast): C × H × W
napi_value image_tensor(Call& call) {
  Bytes raw = bytes_of(call.napi, call.at(0), napi_uint8_array, "an image");
  Bytes dims = bytes_of(call.napi, call.at(1), napi_int32_array, "the size");
  if (dims.length != 3) throw TypedError("shape", "the size has three numbers");
  Size size = size_of(reinterpret_cast<const int32_t*>(dims.data), raw.length);
  Pixels out = image::run(Pixels::view(raw.data, size), program_of(call.napi, call.at(2)), !call.boolean_or(4, false));
  Target target = make_target(call, 1, out.size, 3, 4);
  write_sample(out, target, 0);
  return call.env->handles->wrap(target.batch.squeeze(0));
}

// jpegSize(bytes): [width, height] where decodeJpeg and assembleBatch can decode the file, else null
napi_value jpeg_size(Call& call) {
  Bytes raw = bytes_of(call.napi, call.at(0), napi_uint8_array, "a file");
  std::optional<Size> size = image::jpeg_size(raw.data, raw.length);
  return size ? js_integers(call.napi, {size->width, size->height}) : js_null(call.napi);
}

struct DecodeJpeg final : BackgroundWork {
  std::vector<uint8_t> bytes;  // a copy: JavaScript may do what it likes with its own meanwhile
  std::optional<Pixels> pixels;

  void execute() override { pixels = image::decode_jpeg(bytes.data(), bytes.size(), {}, false); }

  napi_value result(Env* env) override {
    if (!pixels) return js_null(env->env);
    Size size = pixels->size;
    napi_value buffer, list = js_integers(env->env, {size.width, size.height}), array;
    uint8_t* data = pixels->own.release();
    auto free = [](napi_env, void* bytes, void*) { delete[] static_cast<uint8_t*>(bytes); };
    if (napi_create_external_arraybuffer(env->env, data, size.bytes(), free, nullptr, &buffer) != napi_ok) {
      // An engine that keeps all memory of JavaScript to itself.
      std::unique_ptr<uint8_t[]> own(data);
      void* copy = nullptr;
      check(env->env, napi_create_arraybuffer(env->env, size.bytes(), &copy, &buffer));
      std::memcpy(copy, data, size.bytes());
    }
    check(env->env, napi_create_typedarray(env->env, napi_uint8_array, size.bytes(), buffer, 0, &array));
    check(env->env, napi_set_element(env->env, list, 2, array));
    return list;
  }
};

// decodeJpeg(bytes): Promise of [width, height, RGB], or of null where jpegSize gives null or the file is broken
napi_value decode_jpeg(Call& call) {
  Bytes raw = bytes_of(call.napi, call.at(0), napi_uint8_array, "a file");
  auto work = std::make_unique<DecodeJpeg>();
  work->bytes.assign(raw.data, raw.data + raw.length);
  return run_in_background(call, "torchts.decodeJpeg", std::move(work));
}

// How a file says so among the sizes of images: in the place of its channels.
constexpr int32_t kJpegFile = -3;

// A batch in the making, shared by the chunks that work on it.
struct Job {
  Env* env;
  napi_deferred deferred;
  std::vector<uint8_t> bytes;  // a copy: JavaScript may do what it likes with its buffers meanwhile
  std::vector<size_t> offsets;
  std::vector<Size> sizes;
  std::vector<size_t> file_bytes;  // of an image in a file; 0 for pixels
  std::vector<Program> programs;  // one for all, or one each
  Size result;
  Target target;

  std::mutex mutex;
  std::optional<Failure> failure;
  std::atomic<bool> failed{false};
  int open_chunks = 0;  // touched by the JavaScript thread only

  void run(size_t i) {
    const Program& program = programs[programs.size() == 1 ? 0 : i];
    const uint8_t* data = bytes.data() + offsets[i];
    bool planar = !target.channels_last;
    Pixels out = file_bytes[i] > 0 ? image::run_jpeg(data, file_bytes[i], sizes[i], program, planar)
                                   : image::run(Pixels::view(data, sizes[i]), program, planar);
    if (out.size.width != result.width || out.size.height != result.height || out.size.channels != result.channels)
      throw TypedError("shape", "stack expects each tensor to be equal size, but got [" +
                                    std::to_string(result.channels) + ", " + std::to_string(result.height) + ", " +
                                    std::to_string(result.width) + "] at entry 0 and [" +
                                    std::to_string(out.size.channels) + ", " + std::to_string(out.size.height) + ", " +
                                    std::to_string(out.size.width) + "] at entry " + std::to_string(i));
    write_sample(out, target, static_cast<int64_t>(i));
  }
};

struct Chunk {
  std::shared_ptr<Job> job;
  size_t begin, end;
  napi_async_work work = nullptr;
};

void execute(napi_env, void* data) {
  auto* chunk = static_cast<Chunk*>(data);
  Job& job = *chunk->job;
  try {
    for (size_t i = chunk->begin; i < chunk->end && !job.failed; ++i) job.run(i);
  } catch (...) {
    std::lock_guard lock(job.mutex);
    if (!job.failure) job.failure = describe_current();
    job.failed = true;
  }
}

// A batch that is ready, before it is asked for.
struct Ready {
  Env* env;
  at::Tensor batch;
};

napi_value take_batch(napi_env napi, napi_callback_info info) {
  void* data = nullptr;
  if (napi_get_cb_info(napi, info, nullptr, nullptr, nullptr, &data) != napi_ok) return nullptr;
  auto* ready = static_cast<Ready*>(data);
  try {
    if (!ready->batch.defined()) throw TypedError("torch", "this batch was taken already");
    return ready->env->handles->wrap_batch(std::move(ready->batch));
  } catch (...) {
    raise_current(ready->env);
    return nullptr;
  }
}

// The function that gives the batch's handle, once. Wrappers made in advance would be old when they are
// dropped, and only collections of the whole heap free what is old.
napi_value taker(Env* env, const at::Tensor& batch) {
  auto ready = std::make_unique<Ready>(Ready{env, batch});
  napi_value function;
  check(env->env, napi_create_function(env->env, "takeBatch", NAPI_AUTO_LENGTH, take_batch, ready.get(), &function));
  auto finalize = [](napi_env, void* data, void*) { delete static_cast<Ready*>(data); };
  check(env->env, napi_add_finalizer(env->env, function, ready.get(), finalize, nullptr, nullptr));
  ready.release();
  return function;
}

void complete(napi_env env, napi_status status, void* data) {
  std::unique_ptr<Chunk> chunk(static_cast<Chunk*>(data));
  napi_delete_async_work(env, chunk->work);
  Job& job = *chunk->job;
  if (status != napi_ok && !job.failure) job.failure = Failure{"torch", "the batch was cancelled: the thread is ending"};
  if (--job.open_chunks > 0) return;
  try {
    if (job.failure) {
      napi_value error = make_js_error(job.env, *job.failure);
      if (error) napi_reject_deferred(env, job.deferred, error);
      return;
    }
    napi_resolve_deferred(env, job.deferred, taker(job.env, job.target.batch));
  } catch (...) {
    // The environment is being torn down; nobody waits any more.
  }
}

// An image is its pixels, or a JPEG file with −3 for its channels.
// assembleBatch(images, sizes, programs, tables | null, channelsLast, chunks): Promise of a function that
// gives N × C × H × W
napi_value assemble_batch(Call& call) {
  napi_env env = call.napi;
  auto images = read_elements(env, call.at(0));
  Bytes dims = bytes_of(env, call.at(1), napi_int32_array, "the sizes");
  auto programs = read_elements(env, call.at(2));
  if (images.empty() || dims.length != images.size() * 3 || (programs.size() != 1 && programs.size() != images.size()))
    throw TypedError("shape", "a batch needs images, a size for each, and a program for all or for each");
  auto job = std::make_shared<Job>();
  job->env = call.env;
  std::vector<Bytes> raws;
  size_t total = 0;
  for (napi_value value : images) {
    raws.push_back(bytes_of(env, value, napi_uint8_array, "an image"));
    job->offsets.push_back(total);
    total += raws.back().length;
  }
  job->bytes.resize(total);
  auto* numbers = reinterpret_cast<const int32_t*>(dims.data);
  for (size_t i = 0; i < raws.size(); ++i) {
    bool file = numbers[3 * i + 2] == kJpegFile;
    job->file_bytes.push_back(file ? raws[i].length : 0);
    job->sizes.push_back(file ? Size{numbers[3 * i], numbers[3 * i + 1], 3} : size_of(numbers + 3 * i, raws[i].length));
    std::memcpy(job->bytes.data() + job->offsets[i], raws[i].data, raws[i].length);
  }
  for (napi_value value : programs) job->programs.push_back(program_of(env, value));
  job->result = image::result_size(job->sizes[0], job->programs[0]);
  job->target = make_target(call, static_cast<int64_t>(images.size()), job->result, 3, 4);

  napi_value promise, name;
  check(env, napi_create_promise(env, &job->deferred, &promise));
  check(env, napi_create_string_utf8(env, "torchts.assembleBatch", NAPI_AUTO_LENGTH, &name));
  size_t count = std::clamp<size_t>(static_cast<size_t>(std::max<int64_t>(call.integer(5), 1)), 1, images.size());
  std::vector<std::unique_ptr<Chunk>> chunks;
  for (size_t k = 0; k < count; ++k) {
    auto chunk = std::make_unique<Chunk>();
    chunk->job = job;
    chunk->begin = images.size() * k / count;
    chunk->end = images.size() * (k + 1) / count;
    check(env, napi_create_async_work(env, nullptr, name, execute, complete, chunk.get(), &chunk->work));
    chunks.push_back(std::move(chunk));
  }
  job->open_chunks = static_cast<int>(count);
  for (auto& chunk : chunks) {
    check(env, napi_queue_async_work(env, chunk->work));
    chunk.release();
  }
  return promise;
}

}  // namespace

void register_data(Env* env, napi_value e) {
  define(env, e, "runImage", entry<run_image>);
  define(env, e, "imageTensor", entry<image_tensor>);
  define(env, e, "jpegSize", entry<jpeg_size>);
  define(env, e, "decodeJpeg", entry<decode_jpeg>);
  define(env, e, "assembleBatch", entry<assemble_batch>);
}

}  // namespace torchts
