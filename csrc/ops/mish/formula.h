#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Mish {
  static constexpr int kCopies = 4;  // on a GPU: eight at a time spill

  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    const V e = vexp(at_most(x, T(20))), n = e * (e + T(2));
    return x * (n / (n + T(2)));
  }
  template <class V>
  TILESTACK_FORMULA V backward(V x, V dy) const {
    const V near = at_most(x, T(20)), e = vexp(near), n = e * (e + T(2)), d = n + T(2);
    return dy * (n / d + near * (T(4) * e / d) * ((e + T(1)) / d));
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
