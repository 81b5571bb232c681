#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Tan {
  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    return vtan(x);
  }
  template <class V>
  TILESTACK_FORMULA V backward(V y, V dy) const {
    return dy * (y * y + T(1));
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
