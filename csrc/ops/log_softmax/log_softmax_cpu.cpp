#include "ops/log_softmax/log_softmax.h"

#include "core/softmax.h"

namespace tilestack::TILESTACK_ISA {
constinit const SoftmaxKernels log_softmax = {softmax_forward<true>, softmax_backward<true>};
}  // namespace tilestack::TILESTACK_ISA
