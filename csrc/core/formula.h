#pragma once
// CPU kernels of functions of each element of which the formula stands once, for vectors and for the numbers of a GPU
// (cuda/formula.cuh is the twin): ops/<op>/formula.h defines a template of the compute type T,
//   template <class T> struct Formula { forward(x), backward(saved, dy) }, or of two inputs
//   template <class T> struct Formula { forward(a, b), backward_a(a, b, dy), backward_b(a, b, dy) },
// with members marked TILESTACK_FORMULA, on the functions of core/vec_math.h and core/vec_trig.h. One with parameters
// has a constructor that takes them.
#include "core/elementwise.h"
#include "core/parametric.h"
#include "core/vec_trig.h"

#define TILESTACK_FORMULA TILESTACK_INLINE

namespace tilestack::TILESTACK_ISA {
namespace {

template <template <class> class Formula, class... P>
void formula_forward(View x, View y, P... p) {
  visit_float(x.dtype, [&]<class S>() {
    const Formula<Compute<S>> f(p...);
    map<S(S)>([=](auto x) { return f.forward(x); }, y, x);
  });
}
template <template <class> class Formula, class... P>
void formula_backward(View saved, View dy, View dx, P... p) {
  visit_float(dy.dtype, [&]<class S>() {
    const Formula<Compute<S>> f(p...);
    map<S(S, S)>([=](auto saved, auto dy) { return f.backward(saved, dy); }, dx, saved, dy);
  });
}

template <template <class> class Formula>
void formula_forward2(View a, View b, View y) {
  visit_float(y.dtype, [&]<class S>() {
    map<S(S, S)>([](auto a, auto b) { return Formula<Compute<S>>().forward(a, b); }, y, a, b);
  });
}
template <template <class> class Formula>
void formula_backward_a(View a, View b, View dy, View da) {
  visit_float(dy.dtype, [&]<class S>() {
    map<S(S, S, S)>([](auto a, auto b, auto dy) { return Formula<Compute<S>>().backward_a(a, b, dy); }, da, a, b, dy);
  });
}
template <template <class> class Formula>
void formula_backward_b(View a, View b, View dy, View db) {
  visit_float(dy.dtype, [&]<class S>() {
    map<S(S, S, S)>([](auto a, auto b, auto dy) { return Formula<Compute<S>>().backward_b(a, b, dy); }, db, a, b, dy);
  });
}

template <template <class> class Formula>
constexpr UnaryKernels unary_kernels = {formula_forward<Formula>, formula_backward<Formula>};
template <template <class> class Formula>
constexpr UnaryMap unary_map = {formula_forward<Formula>};
template <template <class> class Formula>
constexpr ParametricKernels parametric_kernels = {formula_forward<Formula, Parameters>,
                                                  formula_backward<Formula, Parameters>};
template <template <class> class Formula>
constexpr BinaryKernels binary_kernels = {formula_forward2<Formula>, formula_backward_a<Formula>,
                                          formula_backward_b<Formula>};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
