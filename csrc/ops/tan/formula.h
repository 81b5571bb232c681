#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Tan {
  static constexpr int kCopies = 4;  // on a GPU: eight at a time spill

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
