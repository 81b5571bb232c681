#pragma once

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
struct Trunc {
  template <class V>
  TILESTACK_FORMULA V forward(V x) const {
    return vround<3>(x);
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
