#include "core/softmax.h"

#include "ops/softmax/softmax.h"

namespace tilestack::TILESTACK_ISA {
constinit const SoftmaxKernels softmax = {softmax_forward<false>, softmax_backward<false>};
}  // namespace tilestack::TILESTACK_ISA
