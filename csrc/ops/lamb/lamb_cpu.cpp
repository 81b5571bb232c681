#include "ops/lamb/lamb.h"

#include "core/update_each.h"
#include "ops/lamb/formula.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// The squares of a tensor's part in a chunk stand at chunk + tensor, which no two parts share.
struct Squares {
  double param, direction;
};

template <class T>
Squares move_moments(const UpdateLists& lists, std::int64_t k, std::int64_t begin, std::int64_t end,
                     const LambStep& step) {
  using A = Compute<T>;
  const Lamb<A> lamb(step);
  const Updated<T> param(lists, k, begin);
  const T* grad = lists.grads[k].data<T>() + begin;
  A *m_at = lists.states[0][k].data<A>() + begin, *v_at = lists.states[1][k].data<A>() + begin;
  const auto sums = sum_row<T>(end - begin, [&](std::int64_t i, auto part) {
    const Vec<A> p = param.load(i, part);
    Vec<A> m = part.load(m_at + i), v = part.load(v_at + i);
    lamb.move_moments(part.load(grad + i), m, v);
    part.store(m_at + i, m);
    part.store(v_at + i, v);
    const Vec<A> d = part.keep(lamb.direction(p, m, v));
    return Pair<Vec<A>>{p * p, d * d};
  });
  return {double(sums.first), double(sums.second)};
}

template <class T>
void move_params(const UpdateLists& lists, std::int64_t k, std::int64_t begin, std::int64_t end, const LambStep& step,
                 double ratio) {
  using A = Compute<T>;
  const Lamb<A> lamb(step);
  const A lr = A(step.lr * ratio);
  const Updated<T> param(lists, k, begin);
  const A *m_at = lists.states[0][k].data<A>() + begin, *v_at = lists.states[1][k].data<A>() + begin;
  for_vectors<T>(end - begin, [&](std::int64_t i, auto part) {
    const Vec<A> p = param.load(i, part);
    param.store(i, p - lr * lamb.direction(p, part.load(m_at + i), part.load(v_at + i)), part);
  });
}

void step(const UpdateLists& lists, LambStep options) {
  const std::int64_t chunks = span_chunks(lists.params, lists.count);
  Scratch<Squares> squares(chunks + lists.count);
  for_each_span(lists.params, lists.count,
                [&](std::int64_t chunk, std::int64_t k, std::int64_t begin, std::int64_t end) {
                  visit_float(lists.params[k].dtype,
                              [&]<class T>() { squares[chunk + k] = move_moments<T>(lists, k, begin, end, options); });
                });
  Scratch<double> ratios(lists.count);
  for (std::int64_t k = 0, start = 0; k < lists.count; ++k) {
    const std::int64_t end = start + lists.params[k].numel();
    Squares total = {};
    for (std::int64_t chunk = start / kSpanGrain; chunk * kSpanGrain < end && start < end; ++chunk) {
      total.param += squares[chunk + k].param;
      total.direction += squares[chunk + k].direction;
    }
    ratios[k] = total.param > 0 && total.direction > 0 ? __builtin_sqrt(total.param / total.direction) : 1;
    start = end;
  }
  for_each_span(lists.params, lists.count, [&](std::int64_t, std::int64_t k, std::int64_t begin, std::int64_t end) {
    visit_float(lists.params[k].dtype, [&]<class T>() { move_params<T>(lists, k, begin, end, options, ratios[k]); });
  });
}

}  // namespace
constinit const UpdateKernels<LambStep> lamb = {step};
}  // namespace tilestack::TILESTACK_ISA
