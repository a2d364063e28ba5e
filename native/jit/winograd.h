// Convolutions of 3 × 3 by Winograd's method (winograd_kernels.h), as an operator of TorchScript.
#pragma once

#include "jit/match.h"

namespace torchts {

bool is_winograd(const torch::jit::Node* node);

// Puts one node in place of each convolution that this CPU has kernels for and that takes less time so, with
// the sum and the bounds behind it. Results have their channels last. False where there is none.
bool use_winograd(const std::shared_ptr<torch::jit::Graph>& graph, SeenValues& seen, TransformedWeights& weights);

}  // namespace torchts
