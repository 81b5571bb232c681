#include "core/elementwise.h"
#include "ops/lt/lt.h"

namespace tilestack::TILESTACK_ISA {
namespace {

void forward(View a, View b, View y) {
  visit_all(narrower(a, b), [&]<class T>() { map<bool(T, T)>([](auto a, auto b) { return a < b; }, y, a, b); });
}

}  // namespace
constinit const BinaryMap lt = {forward};
}  // namespace tilestack::TILESTACK_ISA
