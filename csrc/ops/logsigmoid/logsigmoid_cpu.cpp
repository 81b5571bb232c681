#include "core/formula.h"
#include "ops/logsigmoid/formula.h"
#include "ops/logsigmoid/logsigmoid.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryKernels logsigmoid = unary_kernels<LogSigmoid>;
}  // namespace tilestack::TILESTACK_ISA
