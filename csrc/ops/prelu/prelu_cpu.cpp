#include "core/formula.h"
#include "ops/prelu/formula.h"
#include "ops/prelu/prelu.h"

namespace tilestack::TILESTACK_ISA {
constinit const BinaryKernels prelu = binary_kernels<Prelu>;
}  // namespace tilestack::TILESTACK_ISA
