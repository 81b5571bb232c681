#include "core/formula.h"
#include "ops/round/formula.h"
#include "ops/round/round.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryMap round = unary_map<Round>;
}  // namespace tilestack::TILESTACK_ISA
