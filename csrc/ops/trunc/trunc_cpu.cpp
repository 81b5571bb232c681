#include "core/formula.h"
#include "ops/trunc/formula.h"
#include "ops/trunc/trunc.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryMap trunc = unary_map<Trunc>;
}  // namespace tilestack::TILESTACK_ISA
