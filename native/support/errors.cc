#include "support/errors.h"

#include <new>

#include <c10/util/Exception.h>

namespace torchts {

void check(napi_env env, napi_status status) {
  if (status == napi_ok) return;
  if (status == napi_pending_exception) throw JsPending{};
  const napi_extended_error_info* info = nullptr;
  napi_get_last_error_info(env, &info);
  throw std::runtime_error(info && info->error_message ? info->error_message : "Node-API call failed");
}

Failure describe_current() noexcept {
  try {
    throw;
  } catch (const TypedError& e) {
    return {e.kind, e.what()};
  } catch (const c10::OutOfMemoryError& e) {
    return {"memory", e.what_without_backtrace()};
  } catch (const c10::IndexError& e) {
    return {"index", e.what_without_backtrace()};
  } catch (const c10::ValueError& e) {
    return {"value", e.what_without_backtrace()};
  } catch (const c10::TypeError& e) {
    return {"type", e.what_without_backtrace()};
  } catch (const c10::NotImplementedError& e) {
    return {"not_implemented", e.what_without_backtrace()};
  } catch (const c10::Error& e) {
    return {"torch", e.what_without_backtrace()};
  } catch (const std::bad_alloc&) {
    return {"memory", "out of memory: the host could not give the bytes asked for"};
  } catch (const std::exception& e) {
    return {"torch", e.what()};
  } catch (...) {
    return {"torch", "unknown native error"};
  }
}

napi_value make_js_error(Env* env, const Failure& failure) {
  napi_env e = env->env;
  napi_value message, error = nullptr;
  if (napi_create_string_utf8(e, failure.message.data(), failure.message.size(), &message) != napi_ok) return nullptr;
  napi_value factory = nullptr;
  if (env->make_error) napi_get_reference_value(e, env->make_error, &factory);
  if (factory) {
    napi_value kind, undefined;
    napi_create_string_utf8(e, failure.kind.data(), failure.kind.size(), &kind);
    napi_get_undefined(e, &undefined);
    napi_value args[] = {kind, message};
    if (napi_call_function(e, undefined, factory, 2, args, &error) == napi_ok) return error;
    return nullptr;
  }
  napi_create_error(e, nullptr, message, &error);
  return error;
}

void raise_current(Env* env) noexcept {
  try {
    throw;
  } catch (const JsPending&) {
    return;
  } catch (...) {
    bool pending = false;
    napi_is_exception_pending(env->env, &pending);
    if (pending) return;
    napi_value error = make_js_error(env, describe_current());
    if (error) napi_throw(env->env, error);
  }
}

}  // namespace torchts
