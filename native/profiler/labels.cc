// Labels of the user in a recording: what Python's record_function opens and closes.
#include "profiler/profiler.h"

namespace torchts {
namespace {

// labelEnter(name, args): its number, or 0 where nobody listens
napi_value enter(Call& call) {
  auto callbacks = at::getStepCallbacksUnlessEmpty(at::RecordScope::USER_SCOPE);
  if (!callbacks) return js_number(call.napi, 0);
  auto label = std::make_unique<at::RecordFunction>(std::move(*callbacks));
  if (call.missing(1)) {
    label->before(call.string(0));
  } else {
    std::vector<c10::IValue> inputs{call.string(1)};
    label->before(call.string(0), c10::ArrayRef<const c10::IValue>(inputs.data(), inputs.size()));
  }
  auto& labels = OpenLabels::of(call.env);
  int64_t number = labels.next++;
  labels.open.emplace(number, std::move(label));
  return js_number(call.napi, static_cast<double>(number));
}

// labelExit(number): nothing where the recording has ended in between and closed it
napi_value exit(Call& call) {
  OpenLabels::of(call.env).open.erase(call.integer(0));
  return js_undefined(call.napi);
}

}  // namespace

void register_labels(Env* env, napi_value e) {
  define(env, e, "labelEnter", entry<enter>);
  define(env, e, "labelExit", entry<exit>);
}

}  // namespace torchts
