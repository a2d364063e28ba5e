#include "support/background.h"

namespace torchts {
namespace {

struct Job {
  Env* env;
  std::unique_ptr<BackgroundWork> work;
  napi_async_work handle = nullptr;
  napi_deferred deferred = nullptr;
  std::optional<Failure> failure;
};

void execute(napi_env, void* data) {
  auto* job = static_cast<Job*>(data);
  try {
    job->work->execute();
  } catch (...) {
    job->failure = describe_current();
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
  std::unique_ptr<Job> job(static_cast<Job*>(data));
  // A thread of JavaScript that is being ended cancels its work; nobody waits for the promise then.
  if (status != napi_cancelled) settle(napi, *job);
  napi_delete_async_work(napi, job->handle);
}

}  // namespace

napi_value run_in_background(Call& call, const char* name, std::unique_ptr<BackgroundWork> work) {
  auto job = std::make_unique<Job>();
  job->env = call.env;
  job->work = std::move(work);
  napi_value promise, resource;
  check(call.napi, napi_create_string_utf8(call.napi, name, NAPI_AUTO_LENGTH, &resource));
  check(call.napi, napi_create_async_work(call.napi, nullptr, resource, execute, complete, job.get(), &job->handle));
  check(call.napi, napi_create_promise(call.napi, &job->deferred, &promise));
  if (napi_queue_async_work(call.napi, job->handle) != napi_ok) {
    napi_delete_async_work(call.napi, job->handle);
    throw TypedError("torch", "the background work could not be started");
  }
  job.release();
  return promise;
}

}  // namespace torchts
