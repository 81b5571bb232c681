#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Log2 {
  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    return vlog2(x);
  }
  template <class V>
  TILESTACK_FORMULA V backward(V x, V dy) const {
    return dy / (x * T(0.69314718055994530942));
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
