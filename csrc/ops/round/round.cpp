#include "ops/round/round.h"

#include <cmath>

#include "core/unary_op.h"
#include "ops/div/div.h"
#include "ops/mul/mul.h"

namespace tilestack {

Tensor round(const Tensor& x) { return is_float(x.dtype()) ? step_op<round_on>("round", x) : clone_number("round", x); }

Tensor round(const Tensor& x, std::int64_t decimals) {
  if (decimals == 0 || !is_float(x.dtype())) {
    check<TypeError>(decimals >= 0, "round: integers have no negative decimals, got {} for {}", decimals, x.dtype());
    return round(x);
  }
  const Scalar power{Scalar::real, std::pow(10.0, double(std::abs(decimals))), 0};
  return decimals > 0 ? div(round(mul(x, power)), power) : mul(round(div(x, power)), power);
}

}  // namespace tilestack
