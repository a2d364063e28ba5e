// packet(name, …) and invoke(packet, keywords, ...values): the door to every operator.
#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>

#include "dispatch/convert.h"
#include "dispatch/direct.h"
#include "dispatch/plan.h"
#include "support/call.h"

#include <c10/util/SmallVector.h>

namespace torchts {

void apply_pending_deletes(Env* env);

namespace {

// Base name → overloads. The registry is asked once for a process: it holds some 3,500 names.
const std::map<std::string, std::vector<std::string>>& registry() {
  static const auto* names = [] {
    auto* map = new std::map<std::string, std::vector<std::string>>();
    for (const auto& name : c10::Dispatcher::singleton().getAllOpNames()) (*map)[name.name].push_back(name.overload_name);
    for (auto& [base, overloads] : *map) std::sort(overloads.begin(), overloads.end());
    return map;
  }();
  return *names;
}

using Sources = c10::SmallVector<napi_value, 16>;

struct Given {
  size_t count;             // positional
  const napi_value* values;
  std::vector<std::pair<std::string, napi_value>> keywords;
};

// How the options object names an argument. Python calls the first argument of a function `input`, the
// schema `self`.
const std::string& key_of(const Packet& packet, const ArgPlan& plan) {
  static const std::string input = "input";
  if (!packet.camel_keys) return plan.name;
  return !packet.method && plan.name == "self" ? input : plan.camel;
}

bool key_matches(const Packet& packet, const ArgPlan& plan, const std::string& key) { return key == key_of(packet, plan); }

// Several outputs come as one list, `out: [values, indices]`, and the schema has a name for each.
bool takes_out_list(const Packet& packet, const OverloadPlan& overload, const std::string& key) {
  return packet.camel_keys && overload.outs > 1 && key == "out";
}

bool knows_key(const Packet& packet, const OverloadPlan& overload, const std::string& key) {
  return takes_out_list(packet, overload, key) ||
         std::any_of(overload.args.begin(), overload.args.end(), [&](const ArgPlan& plan) { return key_matches(packet, plan, key); });
}

// Output `index` of the list; null where `list` is no list of that many.
napi_value out_of_list(napi_env env, napi_value list, int index, int outs) {
  bool is_array = false;
  napi_is_array(env, list, &is_array);
  uint32_t length = 0;
  if (!is_array || napi_get_array_length(env, list, &length) != napi_ok || length != static_cast<uint32_t>(outs)) return nullptr;
  napi_value element;
  check(env, napi_get_element(env, list, index, &element));
  return element;
}

// Argument `i` onto the stack, where the arguments before it are already.
bool push(Env* env, const Packet& packet, const OverloadPlan& overload, size_t i, napi_value value, Strictness strictness,
          std::vector<c10::IValue>& stack) {
  stack.emplace_back();
  if (convert(env, overload.args[i], value, strictness, stack.back())) return true;
  if (overload.args[i].kind != ArgKind::Tensor || i > 1 || packet.numbers == Numbers::None) return false;
  const at::Tensor* like = i == 1 && stack[0].isTensor() ? &stack[0].toTensor() : nullptr;
  at::Tensor number;
  if (!number_operand(env, packet.numbers, value, like, number)) return false;
  stack.back() = std::move(number);
  return true;
}

constexpr const char* kDoubled = "got multiple values for argument ";

// Fills `stack` or says why not. `reason` is only wanted when an error is being written.
bool bind_arguments(Env* env, const Packet& packet, const OverloadPlan& overload, const Given& given, Strictness strictness,
          std::vector<c10::IValue>& stack, Sources* sources, std::string* reason) {
  napi_env napi = env->env;
  stack.clear();
  if (sources) sources->clear();
  if (overload.refused) {
    if (reason) *reason = "dimension names are not supported by torchts";
    return false;
  }
  const size_t first = overload.self_args;
  bool spread = false;
  size_t count = given.count;
  // A positional list of numbers stands for one int[], as in Python.
  const bool may_spread = overload.spreads;
  if (count > overload.positional && !may_spread) {
    if (reason) *reason = "takes at most " + std::to_string(overload.positional) + " positional arguments, got " + std::to_string(count);
    return false;
  }
  if (may_spread && count > first) {
    napi_valuetype t;
    check(napi, napi_typeof(napi, given.values[first], &t));
    if (count > first + 1 || t == napi_number || t == napi_bigint) {
      spread = true;
      count = first + 1;
    }
  } else if (may_spread && count == first && given.keywords.empty() && first == 1 && !overload.args[first].has_default) {
    spread = true;  // x.view()
    count = first + 1;
  }
  size_t used = 0;
  int next_out = 0;
  for (size_t i = 0; i < overload.args.size(); ++i) {
    const ArgPlan& plan = overload.args[i];
    napi_value value = nullptr;
    const bool spread_here = spread && i == first;
    if (i < count && !spread_here) value = given.values[i];
    bool doubled = false;
    for (const auto& [key, keyword] : given.keywords) {
      if (plan.is_out && takes_out_list(packet, overload, key)) {
        value = out_of_list(napi, keyword, next_out, overload.outs);
        if (!value) {
          if (reason) *reason = "argument 'out' must be a list of " + std::to_string(overload.outs) + " Tensors, got " + describe(env, keyword);
          return false;
        }
        if (next_out++ == 0) ++used;
        break;
      }
      if (!key_matches(packet, plan, key)) continue;
      doubled = value != nullptr || spread_here;
      if (!doubled) value = keyword;
      ++used;
      break;
    }
    bool absent = value == nullptr && !spread_here;
    if (value && plan.kind != ArgKind::Tensor) {
      napi_valuetype t;
      check(napi, napi_typeof(napi, value, &t));
      absent = t == napi_undefined;
    }
    if (absent) {
      if (!plan.has_default) {
        if (reason) *reason = "missing required argument '" + key_of(packet, plan) + "'";
        return false;
      }
      stack.push_back(plan.default_value);
      if (sources) sources->push_back(nullptr);
      continue;
    }
    bool fits;
    if (spread_here) {
      stack.emplace_back();
      fits = convert_spread(env, given.values + first, given.count - first, strictness, stack.back());
    } else {
      fits = push(env, packet, overload, i, value, strictness, stack);
    }
    if (!fits) {
      if (reason && spread_here) {
        *reason = "argument '" + key_of(packet, plan) + "' must be " + plan.type_text;
      } else if (reason) {
        *reason = "argument '" + key_of(packet, plan) + "' must be " + plan.type_text + ", got " + describe(env, value);
        if (plan.kind == ArgKind::Unsupported) *reason += " (this kind is not supported by torchts)";
      }
      return false;
    }
    if (doubled) {
      if (reason) *reason = std::string(kDoubled) + "'" + key_of(packet, plan) + "'";
      return false;
    }
    if (sources) sources->push_back(value);
  }
  if (used != given.keywords.size()) {
    if (reason) {
      for (const auto& [key, keyword] : given.keywords) {
        if (!knows_key(packet, overload, key)) *reason = "got an unexpected keyword argument '" + key + "'";
      }
    }
    return false;
  }
  return true;
}

// The usual call, positional arguments alone, without the bookkeeping of names. False also where the
// general way would fit: it is asked next.
bool bind_positional(Env* env, const Packet& packet, const OverloadPlan& overload, const Given& given,
                     std::vector<c10::IValue>& stack, Sources& sources) {
  stack.clear();
  sources.clear();
  if (overload.refused || overload.is_out) return false;
  if (given.count > overload.positional && !overload.spreads) return false;
  size_t i = 0;
  for (; i < given.count && i < overload.positional; ++i) {
    if (overload.spreads && i == overload.self_args) {
      std::vector<int64_t> numbers;
      numbers.reserve(given.count - i);
      double number;
      for (size_t k = i; k < given.count; ++k) {
        if (napi_get_value_double(env->env, given.values[k], &number) != napi_ok || std::trunc(number) != number) break;
        numbers.push_back(static_cast<int64_t>(number));
      }
      if (numbers.size() == given.count - i) {
        stack.emplace_back(std::move(numbers));
        sources.push_back(nullptr);
        ++i;
        break;
      }
      if (given.count > overload.positional) return false;
    }
    if (!push(env, packet, overload, i, given.values[i], Strictness::Strict, stack)) return false;
    sources.push_back(given.values[i]);
  }
  for (; i < overload.args.size(); ++i) {
    if (!overload.args[i].has_default) return false;
    stack.push_back(overload.args[i].default_value);
    sources.push_back(nullptr);
  }
  return true;
}

std::string signature(const Packet& packet, const OverloadPlan& overload) {
  std::string text = "(";
  bool star = false;
  for (size_t i = 0; i < overload.args.size(); ++i) {
    const ArgPlan& plan = overload.args[i];
    if (i) text += ", ";
    if (plan.kwarg_only && !star) {
      text += "*, ";
      star = true;
    }
    if (plan.is_out && takes_out_list(packet, overload, "out")) return text + "Tensor[" + std::to_string(overload.outs) + "] out)";
    text += plan.type_text + " " + key_of(packet, plan);
    if (plan.has_default) text += "=…";
  }
  return text + ")";
}

[[noreturn]] void refuse(Env* env, const Packet& packet, const Given& given) {
  std::string got;
  for (size_t i = 0; i < given.count; ++i) got += (i ? ", " : "") + describe(env, given.values[i]);
  for (const auto& [key, value] : given.keywords) got += (got.empty() ? "" : ", ") + key + "=" + describe(env, value);
  std::vector<std::pair<const OverloadPlan*, std::string>> reasons;
  std::vector<c10::IValue> scratch;
  bool out_given = std::any_of(given.keywords.begin(), given.keywords.end(), [](const auto& k) { return k.first == "out"; });
  for (const auto& overload : packet.overloads) {
    if (overload.refused && packet.overloads.size() > 1) continue;
    if (overload.is_out && !out_given && packet.camel_keys) continue;
    std::string reason;
    if (!bind_arguments(env, packet, overload, given, Strictness::Lenient, scratch, nullptr, &reason)) reasons.emplace_back(&overload, reason);
  }
  // A keyword that no overload knows is the caller's slip: name it first.
  for (const auto& [key, value] : given.keywords) {
    bool known = false;
    for (const auto& overload : packet.overloads) known = known || knows_key(packet, overload, key);
    if (!known) {
      std::string keys;
      for (const auto& [overload, reason] : reasons)
        for (const auto& plan : overload->args)
          if (keys.find("'" + key_of(packet, plan) + "'") == std::string::npos && plan.name != "self")
            keys += (keys.empty() ? "'" : ", '") + key_of(packet, plan) + "'";
      throw TypedError("argument", packet.shown + "() got an unexpected keyword argument '" + key + "'; known: " + keys);
    }
  }
  // The other overloads may take the keyword; the one that the positions fit says what is wrong.
  for (const auto& [overload, reason] : reasons)
    if (reason.rfind(kDoubled, 0) == 0) throw TypedError("argument", packet.shown + "(): " + reason);
  std::string message = packet.shown + "(): received an invalid combination of arguments: got (" + got + ")";
  if (reasons.size() == 1) {
    message = packet.shown + "(): " + reasons[0].second + "; got (" + got + "), expected " + signature(packet, *reasons[0].first);
  } else {
    message += ", expected one of:";
    for (const auto& [overload, reason] : reasons)
      message += "\n * " + signature(packet, *overload) + "\n     " + reason;
  }
  throw TypedError("argument", message);
}

napi_value names_of(Env* env, OverloadPlan& overload) {
  napi_env napi = env->env;
  napi_value names;
  if (overload.names_ref) {
    check(napi, napi_get_reference_value(napi, overload.names_ref, &names));
    return names;
  }
  check(napi, napi_create_array_with_length(napi, overload.return_names.size(), &names));
  for (size_t i = 0; i < overload.return_names.size(); ++i)
    check(napi, napi_set_element(napi, names, i, js_string(napi, camel_case(overload.return_names[i]))));
  check(napi, napi_create_reference(napi, names, 1, &overload.names_ref));
  return names;
}

napi_value run(Env* env, OverloadPlan& overload, std::vector<c10::IValue>& stack, const Sources& sources) {
  napi_env napi = env->env;
  overload.op.callBoxed(&stack);
  if (stack.empty()) return js_undefined(napi);
  auto result_of = [&](size_t i) {
    int source = i < overload.returned_argument.size() ? overload.returned_argument[i] : -1;
    if (source >= 0 && sources[source]) {
      napi_valuetype t;
      napi_typeof(napi, sources[source], &t);
      if (t == napi_external) return sources[source];
    }
    return to_js(env, stack[i]);
  };
  if (stack.size() == 1) return result_of(0);
  napi_value array;
  check(napi, napi_create_array_with_length(napi, stack.size() + 1, &array));
  check(napi, napi_set_element(napi, array, 0, names_of(env, overload)));
  for (size_t i = 0; i < stack.size(); ++i) check(napi, napi_set_element(napi, array, i + 1, result_of(i)));
  return array;
}

// packet(name, overload | null, shown, camelKeys, method, numbers): number, -1 if unknown
napi_value make_packet(Call& call) {
  std::string name = call.string(0);
  auto found = registry().find(name);
  if (found == registry().end()) return js_number(call.napi, -1);
  auto packet = std::make_unique<Packet>();
  packet->name = name;
  packet->shown = call.string(2);
  packet->camel_keys = call.boolean(3);
  packet->method = call.boolean(4);
  packet->numbers = static_cast<Numbers>(call.integer(5));
  for (const auto& overload : found->second) {
    if (!call.missing(1) && overload != call.string(1)) continue;
    auto op = c10::Dispatcher::singleton().findSchema({name, overload});
    if (op) packet->overloads.emplace_back(*op);
  }
  if (packet->overloads.empty()) return js_number(call.napi, -1);
  // Plain before `out`, more tensors before fewer, shorter before longer, a number before a list of them.
  std::stable_sort(packet->overloads.begin(), packet->overloads.end(), [](const OverloadPlan& a, const OverloadPlan& b) {
    if (a.is_out != b.is_out) return !a.is_out;
    if (a.tensor_args != b.tensor_args) return a.tensor_args > b.tensor_args;
    if (a.args.size() != b.args.size()) return a.args.size() < b.args.size();
    return a.int_lists < b.int_lists;
  });
  for (OverloadPlan& overload : packet->overloads)
    for (ArgPlan& plan : overload.args) plan.key = call.env->key(key_of(*packet, plan));
  call.env->packets.push_back(std::move(packet));
  return js_number(call.napi, static_cast<double>(call.env->packets.size() - 1));
}

// A call whose arguments become IValues; made for the first overload that is not called directly.
class BoxedCall {
 public:
  BoxedCall(Env* env, Packet& packet, const Arguments& arguments)
      : env_(env), packet_(packet), given_{arguments.count, arguments.values, {}}, stack_(std::move(env->spare_stack)) {
    for (size_t k = 0; k < arguments.keys.size(); ++k)
      given_.keywords.emplace_back(env->keys[arguments.keys[k]], arguments.keyword(k));
  }
  ~BoxedCall() {
    stack_.clear();
    env_->spare_stack = std::move(stack_);
  }

  // The result; null where the arguments do not fit without the looser conversions.
  napi_value strictly(OverloadPlan& overload) {
    if (given_.keywords.empty() ? bind_positional(env_, packet_, overload, given_, stack_, sources_)
                                : bind_arguments(env_, packet_, overload, given_, Strictness::Strict, stack_, &sources_, nullptr))
      return run(env_, overload, stack_, sources_);
    return nullptr;
  }

  // The result of the first overload that fits after all. Throws what is wrong where none does.
  napi_value at_last(bool out_given) {
    for (Strictness strictness : {Strictness::Strict, Strictness::Lenient}) {
      for (OverloadPlan& overload : packet_.overloads) {
        if (overload.is_out && !out_given && packet_.camel_keys) continue;
        if (bind_arguments(env_, packet_, overload, given_, strictness, stack_, &sources_, nullptr))
          return run(env_, overload, stack_, sources_);
      }
    }
    refuse(env_, packet_, given_);
  }

 private:
  Env* env_;
  Packet& packet_;
  Given given_;
  std::vector<c10::IValue> stack_;
  Sources sources_;
};

// keywords(names): the number of a call's keywords
napi_value number_keywords(Call& call) {
  Env::KeywordNames names;
  for (napi_value name : read_elements(call.napi, call.at(0))) {
    names.keys.push_back(call.env->key(read_string(call.napi, name)));
    names.out = names.out || call.env->keys[names.keys.back()] == "out";
  }
  call.env->keyword_names.push_back(std::move(names));
  return js_number(call.napi, static_cast<double>(call.env->keyword_names.size() - 1));
}

// An index into a list of what was registered.
template <typename List>
auto& registered(Call& call, size_t i, List& list) {
  int32_t number = -1;
  if (i >= call.argc || napi_get_value_int32(call.napi, call.argv[i], &number) != napi_ok || number < 0 ||
      static_cast<size_t>(number) >= list.size())
    throw TypedError("argument", "unknown operator or keywords");
  return list[number];
}

napi_value invoke(Call& call) {
  Env* env = call.env;
  apply_pending_deletes(env);
  Packet& packet = *registered(call, 0, env->packets);
  const Env::KeywordNames& names = registered(call, 1, env->keyword_names);
  const size_t values = call.argc - 2;
  if (values < names.keys.size()) throw TypedError("argument", "a keyword without a value");
  const Arguments arguments{call.argv + 2, values - names.keys.size(), names.keys};

  std::optional<BoxedCall> boxed;
  for (OverloadPlan& overload : packet.overloads) {
    if (names.out) break;
    if (overload.refused || overload.is_out) continue;
    napi_value result;
    if (overload.direct) {
      result = overload.direct->call(env, packet, overload, arguments);
    } else {
      if (!boxed) boxed.emplace(env, packet, arguments);
      result = boxed->strictly(overload);
    }
    if (result) return result;
  }
  if (!boxed) boxed.emplace(env, packet, arguments);
  return boxed->at_last(names.out);
}

// operators(): every "namespace::name.overload" with its schema
napi_value operators(Call& call) {
  napi_value array;
  check(call.napi, napi_create_array(call.napi, &array));
  uint32_t next = 0;
  for (const auto& [name, overloads] : registry())
    for (const auto& overload : overloads) {
      auto op = c10::Dispatcher::singleton().findSchema({name, overload});
      if (!op) continue;
      std::ostringstream text;
      text << op->schema();
      check(call.napi, napi_set_element(call.napi, array, next++, js_string(call.napi, text.str())));
    }
  return array;
}

}  // namespace

void apply_pending_deletes(Env* env) {
  if (env->dead_references.empty()) return;
  std::vector<napi_ref> dead = std::move(env->dead_references);
  env->dead_references.clear();
  for (napi_ref reference : dead) napi_delete_reference(env->env, reference);
}

void register_dispatch(Env* env, napi_value exports) {
  define(env, exports, "packet", entry<make_packet>);
  define(env, exports, "keywords", entry<number_keywords>);
  define(env, exports, "invoke", entry<invoke>);
  define(env, exports, "operators", entry<operators>);
}

}  // namespace torchts
