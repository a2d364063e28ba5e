#include "support/background.h"

#include <mutex>

namespace torchts {
namespace {

struct Job {
  Env* env;
  std::unique_ptr<BackgroundWork> work;
  napi_deferred deferred = nullptr;
  int running = 0;  // of the JavaScript thread
  bool cancelled = false;
  std::mutex mutex;
  std::optional<Failure> failure;
};

// What one thread of the pool does for a job.
struct Share {
  std::shared_ptr<Job> job;
  napi_async_work handle = nullptr;
};

void execute(napi_env, void* data) {
  Job& job = *static_cast<Share*>(data)->job;
  try {
    job.work->execute();
  } catch (...) {
    Failure failure = describe_current();
    std::lock_guard lock(job.mutex);
    if (!job.failure) job.failure = std::move(failure);
  }
}

void settle(napi_env napi, Job& job) {
  if (!job.failure) {
    try {
      napi_resolve_deferred(napi, job.deferred, job.work->result(job.env));
      return;
    } catch (const JsPending&) {
      napi_value error = nullptr;
      if (napi_get_and_clear_last_exception(napi, &error) == napi_ok && error) napi_reject_deferred(napi, job.deferred, error);
      return;
    } catch (...) {
      job.failure = describe_current();
    }
  }
  if (napi_value error = make_js_error(job.env, *job.failure)) napi_reject_deferred(napi, job.deferred, error);
}

void complete(napi_env napi, napi_status status, void* data) {
  std::unique_ptr<Share> share(static_cast<Share*>(data));
  Job& job = *share->job;
  // A thread of JavaScript that is being ended cancels its work; nobody waits for the promise then.
  job.cancelled = job.cancelled || status == napi_cancelled;
  if (--job.running == 0 && !job.cancelled) settle(napi, job);
  napi_delete_async_work(napi, share->handle);
}

bool queue(napi_env napi, napi_value resource, std::shared_ptr<Job> job) {
  auto share = std::make_unique<Share>(Share{std::move(job)});
  check(napi, napi_create_async_work(napi, nullptr, resource, execute, complete, share.get(), &share->handle));
  if (napi_queue_async_work(napi, share->handle) != napi_ok) {
    napi_delete_async_work(napi, share->handle);
    return false;
  }
  ++share->job->running;
  share.release();
  return true;
}

}  // namespace

napi_value run_in_background(Call& call, const char* name, std::unique_ptr<BackgroundWork> work, int threads) {
  auto job = std::make_shared<Job>();
  job->env = call.env;
  job->work = std::move(work);
  napi_value promise, resource;
  check(call.napi, napi_create_string_utf8(call.napi, name, NAPI_AUTO_LENGTH, &resource));
  check(call.napi, napi_create_promise(call.napi, &job->deferred, &promise));
  // One thread does for all of the work where no more can be had.
  for (int i = 0; i < threads; ++i)
    if (!queue(call.napi, resource, job) && i == 0)
      throw TypedError("torch", "the background work could not be started");
  return promise;
}

}  // namespace torchts
