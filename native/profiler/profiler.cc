// The life of a recording: prepare, start, stop, save. LibTorch's callbacks belong to the thread that
// starts it, and Kineto knows one recording in a process, so a process has one at a time.
#include "profiler/profiler.h"

#include <cstdlib>
#include <mutex>
#include <set>

namespace torch::autograd::profiler {
// Declared by kineto_shim.h, which wants Kineto's own folder of headers.
TORCH_API void addMetadataJson(const std::string& key, const std::string& value);
TORCH_API bool isKinetoStopped();
}  // namespace torch::autograd::profiler

namespace torchts {
namespace {

namespace kineto = torch::autograd::profiler;
using torch::profiler::impl::ActivityType;
using torch::profiler::impl::ExperimentalConfig;
using torch::profiler::impl::ProfilerConfig;
using torch::profiler::impl::ProfilerState;

constexpr napi_type_tag kTraceTag = {0x746f726368747321ull, 0x70726f66696c6572ull};
// What an event costs in LibTorch's and Kineto's memory, measured; V8 is told, so that it collects traces.
constexpr int64_t kBytesPerEvent = 2000;
constexpr int64_t kBytesPerTrace = 1 << 16;

struct Session {
  ProfilerConfig config{ProfilerState::Disabled};
  std::set<ActivityType> activities;
  bool started = false;
};

std::mutex owner_mutex;
Env* owner = nullptr;  // who records in this process

struct ProfilerOfEnv {
  std::optional<Session> session;
  OpenLabels labels;
};

ProfilerOfEnv& state_of(Env* env) {
  if (!env->profiler) env->profiler = std::make_shared<ProfilerOfEnv>();
  return *static_cast<ProfilerOfEnv*>(env->profiler.get());
}

bool claim(Env* env) {
  std::lock_guard lock(owner_mutex);
  if (owner) return false;
  owner = env;
  return true;
}

std::unique_ptr<ProfilerResult> finish(Env* env);

// A worker that ends while it records gives the profiler back.
void at_exit(void* data) {
  try {
    finish(static_cast<Env*>(data));
  } catch (const std::exception&) {
    // The thread ends; there is nobody to tell.
  }
}

void give_up(Env* env) {
  state_of(env).session.reset();
  napi_remove_env_cleanup_hook(env->env, at_exit, env);
  std::lock_guard lock(owner_mutex);
  if (owner == env) owner = nullptr;
}

std::unique_ptr<ProfilerResult> finish(Env* env) {
  auto& state = state_of(env);
  if (!state.session) return nullptr;
  struct GiveUp {
    Env* env;
    ~GiveUp() { give_up(env); }
  } guard{env};
  // Labels that are still open end here: their events live in this recording and in no later one.
  state.labels.open.clear();
  if (!state.session->started) kineto::enableProfiler(state.session->config, state.session->activities);
  return kineto::disableProfiler();
}

std::set<ActivityType> activities_of(int64_t mask) {
  std::set<ActivityType> activities;
  if (mask & 1) activities.insert(ActivityType::CPU);
  if (mask & 2) activities.insert(ActivityType::CUDA);
  return activities;
}

// Kineto writes its start, its stop and a missing GPU to stderr. Who wants that sets the variable.
void quiet_kineto() {
  static const bool done = (setenv("KINETO_LOG_LEVEL", "6", /*overwrite=*/0), true);
  (void)done;
}

// profilerPrepare(activities, recordShapes, profileMemory, withFlops, traceId): false where someone records
napi_value prepare(Call& call) {
  auto& state = state_of(call.env);
  if (!claim(call.env)) return js_bool(call.napi, false);
  quiet_kineto();
  try {
    Session session;
    session.config = ProfilerConfig(ProfilerState::KINETO, call.boolean(1) || call.boolean(3), call.boolean(2),
                                    /*with_stack=*/false, call.boolean(3), /*with_modules=*/false,
                                    ExperimentalConfig(), call.string(4));
    session.activities = activities_of(call.integer(0));
    kineto::prepareProfiler(session.config, session.activities);
    state.session = std::move(session);
    check(call.napi, napi_add_env_cleanup_hook(call.napi, at_exit, call.env));
  } catch (...) {
    give_up(call.env);
    throw;
  }
  return js_bool(call.napi, true);
}

Session& session_of(Call& call) {
  auto& session = state_of(call.env).session;
  if (!session) throw TypedError("value", "no profiler is prepared on this thread");
  return *session;
}

// profilerStart()
napi_value start(Call& call) {
  Session& session = session_of(call);
  try {
    kineto::enableProfiler(session.config, session.activities);
    session.started = true;
  } catch (...) {
    give_up(call.env);
    throw;
  }
  return js_undefined(call.napi);
}

void release(ProfilerTrace& trace) {
  trace.result.reset();
  int64_t ignored;
  if (trace.reported_bytes) napi_adjust_external_memory(trace.env->env, -trace.reported_bytes, &ignored);
  trace.reported_bytes = 0;
}

void finalize(napi_env, void* data, void*) {
  auto* trace = static_cast<ProfilerTrace*>(data);
  Env* env = trace->env;
  release(*trace);
  delete trace;
  // As with handles: the state of a closed environment goes with the last external that names it.
  if (--env->live_handles == 0 && env->closing) delete env;
}

// profilerStop(): the trace
napi_value stop(Call& call) {
  session_of(call);
  auto result = finish(call.env);
  if (!result) throw TypedError("value", "the profiler left no result");
  auto trace = std::make_unique<ProfilerTrace>(ProfilerTrace{call.env, std::move(result), 0});
  napi_value external;
  check(call.napi, napi_create_external(call.napi, trace.get(), finalize, nullptr, &external));
  ++call.env->live_handles;
  ProfilerTrace* owned = trace.release();
  owned->reported_bytes = kBytesPerTrace + kBytesPerEvent * static_cast<int64_t>(owned->result->events().size());
  int64_t ignored;
  napi_adjust_external_memory(call.napi, owned->reported_bytes, &ignored);
  check(call.napi, napi_type_tag_object(call.napi, external, &kTraceTag));
  return external;
}

// profilerRelease(trace): gives its memory back before the collector does
napi_value release_trace(Call& call) {
  release(trace_at(call, 0));
  return js_undefined(call.napi);
}

// profilerSave(trace, path): Kineto's Chrome trace; once, as saving empties it
napi_value save(Call& call) {
  trace_at(call, 0).result->save(call.string(1));
  return js_undefined(call.napi);
}

// profilerMetadata(key, json)
napi_value metadata(Call& call) {
  kineto::addMetadataJson(call.string(0), call.string(1));
  return js_undefined(call.napi);
}

// profilerToggle(enable, activities)
napi_value toggle(Call& call) {
  session_of(call);
  kineto::toggleCollectionDynamic(call.boolean(0), activities_of(call.integer(1)));
  return js_undefined(call.napi);
}

// profilerStopped(): whether the device's side has stopped early
napi_value stopped(Call& call) { return js_bool(call.napi, kineto::isKinetoStopped()); }

}  // namespace

OpenLabels& OpenLabels::of(Env* env) { return state_of(env).labels; }

ProfilerTrace& trace_at(Call& call, size_t i) {
  void* data = call.external(i, kTraceTag);
  if (!data) throw TypedError("argument", "expected a trace of the profiler");
  auto& trace = *static_cast<ProfilerTrace*>(data);
  if (!trace.result) throw TypedError("disposed", "this trace has been given back: a later recording took its place");
  return trace;
}

void register_profiler(Env* env, napi_value e) {
  define(env, e, "profilerPrepare", entry<prepare>);
  define(env, e, "profilerStart", entry<start>);
  define(env, e, "profilerStop", entry<stop>);
  define(env, e, "profilerRelease", entry<release_trace>);
  define(env, e, "profilerSave", entry<save>);
  define(env, e, "profilerMetadata", entry<metadata>);
  define(env, e, "profilerToggle", entry<toggle>);
  define(env, e, "profilerStopped", entry<stopped>);
  register_profiler_events(env, e);
  register_labels(env, e);
}

}  // namespace torchts
