#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Ceil {
  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    return vround<2>(x);
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
