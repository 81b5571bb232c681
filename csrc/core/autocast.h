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
// Until a thread of this process has switched it on no one needs to look: reading a thread's variable costs a call.
extern std::atomic<bool> autocast_used;
inline bool autocast_on() { return autocast_used.load(std::memory_order_relaxed) && autocast.on; }
void set_autocast(const Autocast& now);

struct NoAutocast {
  Autocast before = autocast;
  NoAutocast() { set_autocast({}); }
  ~NoAutocast() { set_autocast(before); }
};

// x in the dtype of products, or in float32, where the policy is on for its device and x is a float of at most 32 bits.
// Recorded; undefined stays undefined.
Tensor cast_down(const Tensor& x);
Tensor cast_up(const Tensor& x);

}  // namespace tilestack
