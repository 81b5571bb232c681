#include "ops/lion/lion.h"

#include "core/update_each.h"
#include "ops/lion/formula.h"

namespace tilestack::TILESTACK_ISA {
constinit const UpdateKernels<LionOptions> lion = {step};
}  // namespace tilestack::TILESTACK_ISA
