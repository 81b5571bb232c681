#include "ops/adagrad/adagrad.h"

#include "core/update_each.h"
#include "ops/adagrad/formula.h"

namespace tilestack::TILESTACK_ISA {
constinit const UpdateKernels<AdagradOptions> adagrad = {step};
}  // namespace tilestack::TILESTACK_ISA
