// TorchScript archives: written and read off the JavaScript thread.
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <sstream>

#include <torch/csrc/jit/serialization/import.h>

#include "jit/script.h"
#include "support/background.h"

namespace torchts {
namespace {

struct Load : BackgroundWork {
  std::string path;
  std::optional<c10::Device> device;
  std::unique_ptr<Script> script = std::make_unique<Script>();

  void execute() override { script->module = torch::jit::load(path, device); }
  napi_value result(Env* env) override { return wrap_script(env, std::move(script)); }
};

// jitLoad(path, device | null)
napi_value load(Call& call) {
  auto work = std::make_unique<Load>();
  work->path = call.string(0);
  if (!call.missing(1)) work->device = c10::Device(call.string(1));
  return run_in_background(call, "torchts.jit.load", std::move(work));
}

struct Save : BackgroundWork {
  torch::jit::Module module;
  int fd = -1;

  void execute() override {
    std::ostringstream archive;
    module.save(archive);
    auto bytes = archive.view();
    while (!bytes.empty()) {
      ssize_t written = ::write(fd, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) throw TypedError("file", std::string("the archive could not be written: ") + std::strerror(errno));
      bytes.remove_prefix(static_cast<size_t>(written));
    }
  }
  napi_value result(Env* env) override { return js_undefined(env->env); }
};

// jitSave(script, fd)
napi_value save(Call& call) {
  auto work = std::make_unique<Save>();
  work->module = script_at(call, 0).module;
  work->fd = static_cast<int>(call.integer(1));
  return run_in_background(call, "torchts.jit.save", std::move(work));
}

}  // namespace

void register_jit_files(Env* env, napi_value exports) {
  define(env, exports, "jitLoad", entry<load>);
  define(env, exports, "jitSave", entry<save>);
}

}  // namespace torchts
