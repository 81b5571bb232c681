#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Cos {
  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    return vcos(x);
  }
  template <class V>
  TILESTACK_FORMULA V backward(V x, V dy) const {
    return -dy * vsin(x);
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
