#include "core/formula.h"
#include "ops/swiglu/formula.h"
#include "ops/swiglu/swiglu.h"

namespace tilestack::TILESTACK_ISA {
constinit const BinaryKernels swiglu = binary_kernels<Swiglu>;
}  // namespace tilestack::TILESTACK_ISA
