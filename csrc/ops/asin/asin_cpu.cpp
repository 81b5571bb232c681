#include "core/formula.h"
#include "core/vec_libm.h"
#include "ops/asin/asin.h"
#include "ops/asin/formula.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryKernels asin = unary_kernels<Asin>;
}  // namespace tilestack::TILESTACK_ISA
