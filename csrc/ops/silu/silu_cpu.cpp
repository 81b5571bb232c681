#include "core/formula.h"
#include "ops/silu/formula.h"
#include "ops/silu/silu.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryKernels silu = unary_kernels<Silu>;
}  // namespace tilestack::TILESTACK_ISA
