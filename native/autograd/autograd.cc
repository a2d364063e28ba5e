// backward, grad and tensor hooks.
#include <algorithm>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>
#include <ATen/ThreadLocalState.h>

#include "support/call.h"

namespace torchts {
namespace {

// Hooks call JavaScript, which only its own thread may do. On the CPU the engine runs backward on the
// calling thread. A graph on another device runs on that device's thread: then the engine gets a thread
// of its own and the JavaScript thread serves the hooks until it is done.
struct HookQueue {
  std::mutex mutex;
  std::condition_variable ready;
  std::deque<std::function<void()>> jobs;
  bool finished = false;

  void serve() {
    std::unique_lock lock(mutex);
    while (true) {
      ready.wait(lock, [&] { return finished || !jobs.empty(); });
      if (jobs.empty()) return;
      auto job = std::move(jobs.front());
      jobs.pop_front();
      lock.unlock();
      job();
      lock.lock();
    }
  }
  void post(std::function<void()> job) {
    std::lock_guard lock(mutex);
    jobs.push_back(std::move(job));
    ready.notify_one();
  }
  void finish() {
    std::lock_guard lock(mutex);
    finished = true;
    ready.notify_one();
  }
};

// The queue of the backward pass in progress, for hooks that land on another thread.
std::mutex active_mutex;
std::unordered_map<Env*, HookQueue*> active_queues;

template <typename F>
void run_engine(Call& call, const std::vector<at::Tensor>& roots, F&& work) {
  bool other_device = std::any_of(roots.begin(), roots.end(), [](const at::Tensor& t) { return t.defined() && !t.device().is_cpu(); });
  if (!other_device) {
    work();
    return;
  }
  HookQueue queue;
  {
    std::lock_guard lock(active_mutex);
    active_queues[call.env] = &queue;
  }
  std::exception_ptr failure;
  at::ThreadLocalState state;
  std::thread engine([&] {
    at::ThreadLocalStateGuard guard(state);
    try {
      work();
    } catch (...) {
      failure = std::current_exception();
    }
    queue.finish();
  });
  queue.serve();
  engine.join();
  {
    std::lock_guard lock(active_mutex);
    active_queues.erase(call.env);
  }
  if (failure) std::rethrow_exception(failure);
}

// A JavaScript function held by a graph. The graph may be freed inside a collection or on another
// thread, so the reference is only handed over for deletion.
struct HookFunction {
  Env* env;
  napi_ref reference;
  std::thread::id thread;
  ~HookFunction() {
    if (std::this_thread::get_id() == thread && !env->closing) env->dead_references.push_back(reference);
  }

  at::Tensor call_here(const at::Tensor& gradient) const {
    napi_env napi = env->env;
    napi_handle_scope scope;
    check(napi, napi_open_handle_scope(napi, &scope));
    struct Close {
      napi_env napi;
      napi_handle_scope scope;
      ~Close() { napi_close_handle_scope(napi, scope); }
    } close{napi, scope};
    napi_value function, undefined, result;
    check(napi, napi_get_reference_value(napi, reference, &function));
    check(napi, napi_get_undefined(napi, &undefined));
    napi_value argument = env->handles->wrap(gradient);
    check(napi, napi_call_function(napi, undefined, function, 1, &argument, &result));
    napi_valuetype type;
    check(napi, napi_typeof(napi, result, &type));
    if (type == napi_undefined || type == napi_null) return {};
    const at::Tensor* replaced = env->handles->tensor(napi, result);
    if (!replaced) throw TypedError("type", "a hook must return a Tensor or nothing");
    return *replaced;
  }

  at::Tensor operator()(const at::Tensor& gradient) const {
    if (std::this_thread::get_id() == thread) return call_here(gradient);
    std::promise<at::Tensor> done;
    {
      std::lock_guard lock(active_mutex);
      auto found = active_queues.find(env);
      if (found == active_queues.end()) throw TypedError("autograd", "a tensor hook was reached outside of backward()");
      found->second->post([&] {
        try {
          done.set_value(call_here(gradient));
        } catch (...) {
          done.set_exception(std::current_exception());
        }
      });
    }
    return done.get_future().get();
  }
};

std::vector<at::Tensor> optional_list(Call& call, size_t i) {
  return call.missing(i) ? std::vector<at::Tensor>() : call.tensors(i, true);
}

// backward(tensors, gradients|null, retainGraph|null, createGraph, inputs|null)
napi_value backward(Call& call) {
  auto roots = call.tensors(0);
  auto gradients = optional_list(call, 1);
  bool create = call.boolean_or(3, false);
  bool retain = call.boolean_or(2, create);
  auto inputs = optional_list(call, 4);
  for (size_t i = 0; i < roots.size(); ++i) {
    if (!roots[i].requires_grad())
      throw TypedError("autograd", "element " + std::to_string(i) + " of tensors does not require grad and does not have a grad_fn");
  }
  call.env->handles->relieve_before_backward();
  run_engine(call, roots, [&] { torch::autograd::backward(roots, gradients, retain, create, inputs); });
  return js_undefined(call.napi);
}

// grad(outputs, inputs, gradOutputs|null, retainGraph|null, createGraph, allowUnused)
napi_value gradients(Call& call) {
  auto outputs = call.tensors(0);
  auto inputs = call.tensors(1);
  auto seeds = optional_list(call, 2);
  bool create = call.boolean_or(4, false);
  bool retain = call.boolean_or(3, create);
  bool allow_unused = call.boolean_or(5, false);
  std::vector<at::Tensor> result;
  call.env->handles->relieve_before_backward();
  run_engine(call, outputs, [&] { result = torch::autograd::grad(outputs, inputs, seeds, retain, create, allow_unused); });
  napi_value array;
  check(call.napi, napi_create_array_with_length(call.napi, result.size(), &array));
  for (size_t i = 0; i < result.size(); ++i)
    check(call.napi, napi_set_element(call.napi, array, i, call.env->handles->wrap(std::move(result[i]))));
  return array;
}

// registerHook(tensor, function): number
napi_value register_hook(Call& call) {
  const at::Tensor& t = call.tensor(0);
  if (!t.requires_grad()) throw TypedError("autograd", "cannot register a hook on a tensor that doesn't require gradient");
  if (call.type(1) != napi_function) throw TypedError("type", "a hook must be a function");
  auto hook = std::make_shared<HookFunction>();
  hook->env = call.env;
  hook->thread = std::this_thread::get_id();
  check(call.napi, napi_create_reference(call.napi, call.at(1), 1, &hook->reference));
  unsigned id = t.register_hook([hook](const at::Tensor& gradient) { return (*hook)(gradient); });
  return js_number(call.napi, id);
}

napi_value remove_hook(Call& call) {
  call.tensor(0).remove_hook(static_cast<unsigned>(call.integer(1)));
  return js_undefined(call.napi);
}

}  // namespace

void register_autograd(Env* env, napi_value e) {
  define(env, e, "backward", entry<backward>);
  define(env, e, "gradients", entry<gradients>);
  define(env, e, "registerHook", entry<register_hook>);
  define(env, e, "removeHook", entry<remove_hook>);
}

}  // namespace torchts
