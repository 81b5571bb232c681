#include "core/formula.h"
#include "ops/ceil/ceil.h"
#include "ops/ceil/formula.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryMap ceil = unary_map<Ceil>;
}  // namespace tilestack::TILESTACK_ISA
