#pragma once
// Mixed precision by a policy: while it is on, functions called from Python convert what they are given. Ops that call
// each other, and the backward pass, do not ask.
#include "core/tensor.h"

namespace tilestack {

struct Autocast {
  bool on = false;       // on any device
  bool enabled[2] = {};  // by Device::Kind
  DType dtype[2] = {DType::bfloat16, DType::float16};
  bool operator==(const Autocast&) const = default;
};
extern constinit thread_local Autocast autocast;

struct NoAutocast {
  Autocast before = autocast;
  NoAutocast() { autocast = {}; }
  ~NoAutocast() { autocast = before; }
};

// x in the dtype of products, or in float32, where the policy is on for its device and x is a float of at most 32 bits.
// Recorded; undefined stays undefined.
Tensor cast_down(const Tensor& x);
Tensor cast_up(const Tensor& x);

}  // namespace tilestack
