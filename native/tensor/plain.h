// Tensors that are no more than their bytes in memory, which loops of our own may walk.
#pragma once

#include <ATen/ATen.h>

namespace torchts {

// On the CPU and strided: no subclass, no lazy conjugate or negation, no quantizer, no wrapper of a
// transform, no inference tensor.
inline bool is_plain(const at::Tensor& t) {
  auto keys = t.key_set() - c10::autograd_dispatch_keyset_with_ADInplaceOrView - c10::autocast_dispatch_keyset;
  return keys == c10::DispatchKeySet(c10::DispatchKey::CPU) && t.layout() == at::kStrided && !t.is_inference();
}

}  // namespace torchts
