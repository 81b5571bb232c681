#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Sin {
  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    return vsin(x);
  }
  template <class V>
  TILESTACK_FORMULA V backward(V x, V dy) const {
    return dy * vcos(x);
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
