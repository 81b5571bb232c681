#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Floor {
  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    return vround<1>(x);
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
