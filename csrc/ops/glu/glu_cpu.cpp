#include "core/formula.h"
#include "ops/glu/formula.h"
#include "ops/glu/glu.h"

namespace tilestack::TILESTACK_ISA {
constinit const BinaryKernels glu = binary_kernels<Glu>;
}  // namespace tilestack::TILESTACK_ISA
