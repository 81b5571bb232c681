#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Round {
  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    return vround<0>(x);
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
