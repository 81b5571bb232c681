#include "core/elementwise.h"
#include "ops/ne/ne.h"

namespace tilestack::TILESTACK_ISA {
namespace {

void forward(View a, View b, View y) {
  visit_all(narrower(a, b), [&]<class T>() { map<bool(T, T)>([](auto a, auto b) { return a != b; }, y, a, b); });
}

}  // namespace
constinit const BinaryMap ne = {forward};
}  // namespace tilestack::TILESTACK_ISA
