#if defined(__x86_64__) && defined(__GNUC__)
#define LANES 8
#define ROWS 6  // of a product at once: their sums, two vectors each, fill the registers
#include "jit/winograd_body.h"

namespace torchts::winograd {

const Kernels avx2 = {LANES, kPanel, run};

}  // namespace torchts::winograd
#endif
