#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct LogSigmoid {
  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    const V below = x < T(0) ? x : V{};
    return below - vlog1p(vexp(-vabs(x)));
  }
  template <class V>
  TILESTACK_FORMULA V backward(V x, V dy) const {
    return dy * vsigmoid(-x);
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
