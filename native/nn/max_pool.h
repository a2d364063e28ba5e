#pragma once

namespace torchts {

// Makes LibTorch's max pooling on the CPU use the loops of this room. Once for the process.
void install_max_pool();

}  // namespace torchts
