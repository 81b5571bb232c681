#include "ops/rmsprop/rmsprop.h"

#include "core/update_each.h"
#include "ops/rmsprop/formula.h"

namespace tilestack::TILESTACK_ISA {
constinit const UpdateKernels<RmspropOptions> rmsprop = {step};
}  // namespace tilestack::TILESTACK_ISA
