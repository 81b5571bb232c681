#include "core/autocast.h"

#include "ops/copy/copy.h"

namespace tilestack {

constinit thread_local Autocast autocast;
std::atomic<bool> autocast_used;

void set_autocast(const Autocast& now) {
  if (now.on) autocast_used = true;
  autocast = now;
}

namespace {

Tensor cast_to(const Tensor& x, DType dtype) {
  const bool eligible = is_float(x.dtype()) && x.dtype() != DType::float64 && x.dtype() != dtype;
  return eligible ? to_dtype(x, dtype) : x;
}
bool applies(const Tensor& x) { return x.defined() && autocast.enabled[x.device().kind]; }

}  // namespace

Tensor cast_down(const Tensor& x) { return applies(x) ? cast_to(x, autocast.dtype[x.device().kind]) : x; }
Tensor cast_up(const Tensor& x) { return applies(x) ? cast_to(x, DType::float32) : x; }

}  // namespace tilestack
