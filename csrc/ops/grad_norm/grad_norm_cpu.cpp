#include "ops/grad_norm/grad_norm.h"

#include "core/multi_tensor.h"

namespace tilestack::TILESTACK_ISA {
namespace {

template <class T>
double sum_of_squares(const T* x, std::int64_t n) {
  return double(sum_row<T>(n, [&](std::int64_t i, auto part) {
    const auto v = part.load(x + i);
    return v * v;
  }));
}

template <class T>
double largest(const T* x, std::int64_t n) {
  Vec<Compute<T>> most = {};
  for_vectors<T>(n, [&](std::int64_t i, auto part) { most = maximum(most, vabs(part.load(x + i))); });
  double out = 0;
  for (int i = 0; i < kLanes<Compute<T>>; ++i) out = maximum(out, double(most[i]));
  return out;
}

template <class T>
double sum_of_powers(const T* x, std::int64_t n, double p) {
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += __builtin_pow(__builtin_fabs(convert<double>(x[i])), p);
  return sum;
}

void forward(const View* xs, std::int64_t count, View y, double p) {
  const bool infinite = __builtin_isinf(p);
  const std::int64_t chunks = span_chunks(xs, count);
  Scratch<double> partial(chunks);
  for (std::int64_t i = 0; i < chunks; ++i) partial[i] = 0;
  for_each_span(xs, count, [&](std::int64_t chunk, std::int64_t k, std::int64_t begin, std::int64_t end) {
    visit_float(xs[k].dtype, [&]<class T>() {
      const T* x = xs[k].data<T>() + begin;
      const std::int64_t n = end - begin;
      if (infinite) {
        partial[chunk] = maximum(partial[chunk], largest(x, n));
      } else {
        partial[chunk] += p == 2 ? sum_of_squares(x, n) : sum_of_powers(x, n, p);
      }
    });
  });
  double total = 0;
  for (std::int64_t i = 0; i < chunks; ++i) total = infinite ? maximum(total, partial[i]) : total + partial[i];
  if (!infinite) total = p == 2 ? __builtin_sqrt(total) : __builtin_pow(total, 1 / p);
  visit_float(y.dtype, [&]<class T>() { *y.data<T>() = convert<T>(total); });
}

}  // namespace
constinit const GradNormKernels grad_norm = {forward};
}  // namespace tilestack::TILESTACK_ISA
