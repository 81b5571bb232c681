#include "ops/sgd/sgd.h"

#include "core/update_each.h"
#include "ops/sgd/formula.h"

namespace tilestack::TILESTACK_ISA {
constinit const UpdateKernels<SgdOptions> sgd = {step};
}  // namespace tilestack::TILESTACK_ISA
