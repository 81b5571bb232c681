#include "core/extremes.h"
#include "ops/argmax/argmax.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// The first of n elements that is c; n if none is.
template <class T>
std::int64_t find_in_row(const T* x, std::int64_t n, Accumulator<T> c) {
  using A = Accumulator<T>;
  constexpr int L = kLanes<A>;
  const Vec<A> wanted = splat(c);
  std::int64_t i = 0;
  for (; i + 4 * L <= n; i += 4 * L) {
    Vec<LaneInt<A>> hits = {};
    for (int k = 0; k < 4; ++k) hits |= same(load_as<A>(x + i + k * L), wanted);
    std::int64_t words[kVectorBytes / 8], any = 0;
    __builtin_memcpy(words, &hits, sizeof hits);
    for (std::int64_t word : words) any |= word;
    if (any) break;
  }
  while (i < n && !same(convert<A>(x[i]), c)) ++i;
  return i;
}

// Where each output's value is first found: rows of one output are searched in pieces, whose results are taken in
// order.
template <class T>
void find_rows(const ReducePlan& plan, const T* x, const Accumulator<T>* wanted, const View& indices) {
  const std::int64_t outputs = plan.kept.count(), n = plan.length, pieces = (n + kElementGrain - 1) / kElementGrain;
  Scratch<std::int64_t> found(outputs * pieces);
  parallel_for(outputs * pieces, kElementGrain / least(n, kElementGrain), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      const std::int64_t output = i / pieces, start = (i - output * pieces) * kElementGrain;
      const std::int64_t size = least(n - start, kElementGrain);
      const std::int64_t at = find_in_row(x + plan.kept.offset(plan.kept.x, output) + start, size, wanted[output]);
      found[i] = at < size ? start + at : -1;
    }
  });
  for_each_output(plan, [&](std::int64_t output, std::int64_t at) {
    const std::int64_t* piece = found + output * pieces;
    while (*piece < 0) ++piece;
    indices.data<std::int64_t>()[at] = *piece;
  });
}

constexpr std::int64_t kFindRows = 1024;

template <class T>
void find_columns(const ReducePlan& plan, const T* x, const Accumulator<T>* wanted, const View& indices) {
  using A = Accumulator<T>;
  using I = LaneInt<A>;
  const std::int64_t outer = plan.kept.count(), rows = plan.reduced.count(), cols = plan.length;
  const std::int64_t segments = (rows + kFindRows - 1) / kFindRows;
  Scratch<I> found(outer * segments * cols);
  parallel_for(outer * segments, kElementGrain / (least(rows, kFindRows) * cols) + 1,
               [&](std::int64_t first, std::int64_t last) {
                 for (std::int64_t os = first; os < last; ++os) {
                   const std::int64_t o = os / segments, begin = (os - o * segments) * kFindRows;
                   I* at = found + os * cols;
                   for (std::int64_t j = 0; j < cols; ++j) at[j] = -1;
                   for (std::int64_t r = begin; r < least(begin + kFindRows, rows); ++r) {
                     const T* row = x + plan.kept.offset(plan.kept.x, o) + plan.reduced.offset(plan.reduced.x, r);
                     const Vec<I> here = splat(I(r - begin));
                     for (std::int64_t j = 0; j < cols; j += kLanes<A>) {
                       const std::int64_t left = cols - j;
                       if (left >= kLanes<A>) {
                         const Vec<I> before = load_raw<Vec<I>>(at + j);
                         const Vec<A> value = load_as<A>(row + j), best = load_raw<Vec<A>>(wanted + o * cols + j);
                         store(at + j, (same(value, best) & (before < 0)) ? here : before);
                       } else {
                         for (std::int64_t k = j; k < cols; ++k)
                           if (at[k] < 0 && same(convert<A>(row[k]), wanted[o * cols + k])) at[k] = I(r - begin);
                       }
                     }
                   }
                 }
               });
  for_each_output(plan, [&](std::int64_t output, std::int64_t at) {
    const std::int64_t o = output / cols;
    std::int64_t s = 0;
    const I* column = found + o * segments * cols + (output - o * cols);
    while (column[s * cols] < 0) ++s;
    indices.data<std::int64_t>()[at] = s * kFindRows + column[s * cols];
  });
}

void forward(View x, View values, View indices, bool smallest) {
  const ReducePlan plan(x, values);
  if (plan.outputs() == 0) return;
  visit_all(x.dtype, [&]<class S>() {
    using T = Stored<S>;
    using A = Accumulator<T>;
    Scratch<A> wanted(plan.outputs());
    auto keep = [&](std::int64_t output, std::int64_t at, A total) {
      wanted[output] = unflip(total, smallest);
      values.data<T>()[at] = convert<T>(wanted[output]);
    };
    reduce<Larger<A>>(plan, x.pointer, kRowKernels<Larger<A>, Flipped, T>, {nullptr, flip<A>(smallest)},
                      emit_each<A>(keep));
    if (plan.rows) {
      find_rows(plan, x.data<T>(), wanted, indices);
    } else {
      find_columns(plan, x.data<T>(), wanted, indices);
    }
  });
}

void backward(View indices, View dy, View dx, int dim) {
  const ReducePlan plan(dx, dy);
  const std::int64_t stride = dx.ndim ? dx.strides[dim] : 0, cols = plan.rows ? 1 : plan.length;
  visit_size(dx.dtype, [&]<class T>() {
    parallel_for(dx.numel(), grain_of(dx.numel(), 1), [&](std::int64_t first, std::int64_t last) {
      __builtin_memset(dx.data<T>() + first, 0, std::size_t(last - first) * sizeof(T));
    });
    for_each_output(plan, [&](std::int64_t output, std::int64_t at) {
      const std::int64_t o = output / cols;
      T* column = dx.data<T>() + plan.kept.offset(plan.kept.x, o) + (output - o * cols);
      column[indices.data<std::int64_t>()[at] * stride] = dy.data<T>()[at];
    });
  });
}

}  // namespace
constinit const ArgmaxKernels argmax = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA
