#include "core/formula.h"
#include "core/vec_libm.h"
#include "ops/hypot/formula.h"
#include "ops/hypot/hypot.h"

namespace tilestack::TILESTACK_ISA {
constinit const BinaryKernels hypot = binary_kernels<Hypot>;
}  // namespace tilestack::TILESTACK_ISA
