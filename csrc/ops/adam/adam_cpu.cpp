#include "ops/adam/adam.h"

#include "core/update_each.h"
#include "ops/adam/formula.h"

namespace tilestack::TILESTACK_ISA {
constinit const UpdateKernels<MomentOptions> adam = {step};
}  // namespace tilestack::TILESTACK_ISA
