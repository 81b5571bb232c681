#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Log1p {
  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    return copy_sign(vlog1p(x), x);
  }
  template <class V>
  TILESTACK_FORMULA V backward(V x, V dy) const {
    return dy / (x + T(1));
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
