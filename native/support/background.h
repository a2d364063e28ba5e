// Work off the JavaScript thread that settles a promise.
#pragma once

#include <memory>
#include <optional>

#include "support/call.h"

namespace torchts {

struct BackgroundWork {
  virtual ~BackgroundWork() = default;
  // On a thread of the pool: no JavaScript.
  virtual void execute() = 0;
  // On the JavaScript thread, inside a handle scope: what the promise is fulfilled with.
  virtual napi_value result(Env* env) = 0;
};

// Queues the work and gives its promise. What it throws becomes a typed rejection.
napi_value run_in_background(Call& call, const char* name, std::unique_ptr<BackgroundWork> work);

}  // namespace torchts
