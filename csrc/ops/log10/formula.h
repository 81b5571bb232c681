#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Log10 {
  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    return vlog10(x);
  }
  template <class V>
  TILESTACK_FORMULA V backward(V x, V dy) const {
    return dy / (x * T(2.30258509299404568402));
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
