// The events of a recording as one table of numbers: an object for each of a hundred thousand events
// is made in JavaScript, and only when somebody looks at them.
#include <kineto/ActivityType.h>

#include "profiler/profiler.h"

namespace torchts {
namespace {

using torch::autograd::profiler::KinetoEvent;
using torch::profiler::impl::shape;

// One row of the table; lib/profiler/parse.ts reads the columns in this order.
enum Column {
  kName,
  kStart,
  kEnd,
  kThread,
  kEndThread,
  kForwardThread,
  kCorrelation,
  kLinkedCorrelation,
  kScope,
  kActivity,
  kDeviceType,
  kDeviceIndex,
  kDeviceResource,
  kSequence,
  kFlops,
  kBytes,
  kFlags,
  kColumns
};
constexpr int kAsync = 1, kHidden = 2;

struct Names {
  std::unordered_map<std::string, size_t> index;
  std::vector<std::string> list;
  size_t of(const std::string& name) {
    auto [entry, fresh] = index.try_emplace(name, list.size());
    if (fresh) list.push_back(name);
    return entry->second;
  }
};

void fill_row(double* row, const KinetoEvent& event, int64_t origin, Names& names) {
  row[kName] = static_cast<double>(names.of(event.name()));
  row[kStart] = static_cast<double>(static_cast<int64_t>(event.startNs()) - origin);
  row[kEnd] = static_cast<double>(static_cast<int64_t>(event.endNs()) - origin);
  row[kThread] = static_cast<double>(event.startThreadId());
  row[kEndThread] = static_cast<double>(event.endThreadId());
  row[kForwardThread] = static_cast<double>(event.fwdThreadId());
  row[kCorrelation] = static_cast<double>(event.correlationId());
  row[kLinkedCorrelation] = static_cast<double>(event.linkedCorrelationId());
  row[kScope] = event.scope();
  row[kActivity] =
      static_cast<double>(names.of(libkineto::toString(static_cast<libkineto::ActivityType>(event.activityType()))));
  row[kDeviceType] = static_cast<double>(event.deviceType());
  row[kDeviceIndex] = event.deviceIndex();
  row[kDeviceResource] = static_cast<double>(event.deviceResourceId());
  row[kSequence] = static_cast<double>(event.sequenceNr());
  row[kFlops] = static_cast<double>(event.flops());
  row[kBytes] = static_cast<double>(event.nBytes());
  row[kFlags] = (event.isAsync() ? kAsync : 0) | (event.isHiddenEvent() ? kHidden : 0);
}

template <typename List, typename Convert>
napi_value js_list(napi_env napi, const List& list, Convert convert) {
  napi_value array;
  check(napi, napi_create_array_with_length(napi, list.size(), &array));
  uint32_t i = 0;
  for (const auto& each : list) check(napi, napi_set_element(napi, array, i++, convert(each)));
  return array;
}

napi_value js_shape(napi_env napi, const shape& value) {
  if (const auto* sizes = std::get_if<std::vector<int64_t>>(&value)) return js_integers(napi, *sizes);
  return js_list(napi, std::get<std::vector<std::vector<int64_t>>>(value),
                 [napi](const std::vector<int64_t>& sizes) { return js_integers(napi, sizes); });
}

// Arguments that are values; a tensor, or what has no form in JavaScript, is null as in Python.
napi_value js_argument(napi_env napi, const c10::IValue& value) {
  if (value.isBool()) return js_bool(napi, value.toBool());
  if (value.isInt()) return js_int64(napi, value.toInt());
  if (value.isDouble()) return js_number(napi, value.toDouble());
  if (value.isString()) return js_string(napi, value.toStringRef());
  if (value.isList())
    return js_list(napi, value.toListRef(), [napi](const c10::IValue& each) { return js_argument(napi, each); });
  return js_null(napi);
}

void set(napi_env napi, napi_value object, const char* key, napi_value value) {
  check(napi, napi_set_named_property(napi, object, key, value));
}

// One list for each event, made under a scope of its own so that handles do not pile up.
template <typename Make>
napi_value per_event(napi_env napi, const std::vector<KinetoEvent>& events, Make make) {
  napi_value all;
  check(napi, napi_create_array_with_length(napi, events.size(), &all));
  for (size_t i = 0; i < events.size(); ++i) {
    napi_handle_scope scope;
    check(napi, napi_open_handle_scope(napi, &scope));
    napi_status status = napi_set_element(napi, all, static_cast<uint32_t>(i), make(events[i]));
    napi_close_handle_scope(napi, scope);
    check(napi, status);
  }
  return all;
}

// profilerEvents(trace, withArguments): { startNs, names, rows, shapes, dtypes, values }
napi_value events(Call& call) {
  napi_env napi = call.napi;
  const auto& result = *trace_at(call, 0).result;
  const auto& all = result.events();
  int64_t origin = static_cast<int64_t>(result.trace_start_ns());
  void* data = nullptr;
  napi_value buffer, rows, object;
  check(napi, napi_create_arraybuffer(napi, all.size() * kColumns * sizeof(double), &data, &buffer));
  Names names;
  auto* row = static_cast<double*>(data);
  for (const auto& event : all) {
    fill_row(row, event, origin, names);
    row += kColumns;
  }
  check(napi, napi_create_typedarray(napi, napi_float64_array, all.size() * kColumns, buffer, 0, &rows));
  check(napi, napi_create_object(napi, &object));
  set(napi, object, "startNs", js_int64(napi, origin));
  set(napi, object, "names", js_list(napi, names.list, [napi](const std::string& s) { return js_string(napi, s); }));
  set(napi, object, "rows", rows);
  if (!call.boolean(1)) return object;
  set(napi, object, "shapes", per_event(napi, all, [napi](const KinetoEvent& event) {
        return js_list(napi, event.structuredInputShapes(), [napi](const shape& s) { return js_shape(napi, s); });
      }));
  set(napi, object, "dtypes", per_event(napi, all, [napi](const KinetoEvent& event) {
        return js_list(napi, event.dtypes(), [napi](const std::string& s) { return js_string(napi, s); });
      }));
  set(napi, object, "values", per_event(napi, all, [napi](const KinetoEvent& event) {
        return js_list(napi, event.concreteInputs(), [napi](const c10::IValue& v) { return js_argument(napi, v); });
      }));
  return object;
}

}  // namespace

void register_profiler_events(Env* env, napi_value e) { define(env, e, "profilerEvents", entry<events>); }

}  // namespace torchts
