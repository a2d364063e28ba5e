// Work off the JavaScript thread that settles a promise.
#pragma once

#include <memory>
#include <optional>

#include "support/call.h"

namespace torchts {

struct BackgroundWork {
  virtual ~BackgroundWork() = default;
  // On a thread of the pool: no JavaScript. With several threads, on each of them at the same time.
  virtual void execute() = 0;
  // On the JavaScript thread, inside a handle scope: what the promise is fulfilled with.
  virtual napi_value result(Env* env) = 0;
};

// Queues the work and gives its promise, which settles when `execute` has ended on each of the threads. What
// it throws, on any of them, becomes a typed rejection.
napi_value run_in_background(Call& call, const char* name, std::unique_ptr<BackgroundWork> work, int threads = 1);

}  // namespace torchts
