#include "core/formula.h"
#include "ops/logaddexp/formula.h"
#include "ops/logaddexp/logaddexp.h"

namespace tilestack::TILESTACK_ISA {
constinit const BinaryKernels logaddexp = binary_kernels<LogAddExp>;
}  // namespace tilestack::TILESTACK_ISA
