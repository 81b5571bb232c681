#include "core/formula.h"
#include "ops/floor/floor.h"
#include "ops/floor/formula.h"

namespace tilestack::TILESTACK_ISA {
constinit const UnaryMap floor = unary_map<Floor>;
}  // namespace tilestack::TILESTACK_ISA
