#include "core/formula.h"
#include "core/vec_libm.h"
#include "ops/atan2/atan2.h"
#include "ops/atan2/formula.h"

namespace tilestack::TILESTACK_ISA {
constinit const BinaryKernels atan2 = binary_kernels<Atan2>;
}  // namespace tilestack::TILESTACK_ISA
