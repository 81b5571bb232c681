#include "core/formula.h"
#include "core/vec_libm.h"
#include "ops/acosh/acosh.h"
#include "ops/acosh/formula.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryKernels acosh = unary_kernels<Acosh>;
}  // namespace tilestack::TILESTACK_ISA
