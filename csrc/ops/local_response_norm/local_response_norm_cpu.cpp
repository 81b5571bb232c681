#include "ops/local_response_norm/local_response_norm.h"

#include "core/rows.h"
#include "core/vec_math.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// A row of `channels` numbers among zeros, so that windows need no bounds.
template <class C>
struct Padded {
  Scratch<C> memory;
  C* row;
  Padded(std::int64_t channels, std::int64_t size)
      : memory(channels + 2 * (size + kLanes<C>)), row(memory + size + kLanes<C>) {
    for (std::int64_t i = -size - kLanes<C>; i < channels + size + kLanes<C>; ++i) row[i] = 0;
  }
  // The sum of row[i + begin] to row[i + end - 1], for each lane i.
  TILESTACK_INLINE Vec<C> window(std::int64_t i, std::int64_t begin, std::int64_t end) const {
    Vec<C> sum{};
    for (std::int64_t j = begin; j < end; ++j) sum += load(row + i + j);
    return sum;
  }
};

template <class C>
struct Response {
  C k, scale, beta;
  std::int64_t before, after;  // a window is [c - before, c + after]
  explicit Response(const ResponseNorm& norm)
      : k(C(norm.k)),
        scale(C(norm.alpha / double(norm.size))),
        beta(C(norm.beta)),
        before(norm.size / 2),
        after((norm.size - 1) / 2) {}
  TILESTACK_INLINE Vec<C> base(const Padded<C>& squares, std::int64_t i) const {
    return squares.window(i, -before, after + 1) * scale + k;
  }
  TILESTACK_INLINE Vec<C> power(Vec<C> s) const { return vexp(vlog(s) * -beta); }
};

// f(row, scratch rows) for all rows.
template <class T, class F>
void for_rows(const View& x, std::int64_t size, F&& f) {
  using C = Compute<T>;
  const std::int64_t channels = x.shape[1], work = channels * (size + 8);
  parallel_for(x.shape[0], grain_of(x.shape[0], work), [&](std::int64_t begin, std::int64_t end) {
    Padded<C> squares(channels, size), slopes(channels, size);
    for (std::int64_t row = begin; row < end; ++row) {
      const T* in = x.row<T>(row);
      for_vectors<T>(channels, [&](std::int64_t i, auto part) {
        const auto v = part.load(in + i);
        part.store(squares.row + i, v * v);
      });
      f(row, squares, slopes);
    }
  });
}

void forward(View x, View y, ResponseNorm norm) {
  visit_float(x.dtype, [&]<class T>() {
    using C = Compute<T>;
    const Response<C> response(norm);
    for_rows<T>(x, norm.size, [&](std::int64_t row, const Padded<C>& squares, const Padded<C>&) {
      const T* in = x.row<T>(row);
      T* out = y.row<T>(row);
      for_vectors<T>(x.shape[1], [&](std::int64_t i, auto part) {
        part.store(out + i, part.load(in + i) * response.power(response.base(squares, i)));
      });
    });
  });
}

void backward(View x, View dy, View dx, ResponseNorm norm) {
  visit_float(x.dtype, [&]<class T>() {
    using C = Compute<T>;
    const Response<C> response(norm);
    const C factor = -2 * response.scale * response.beta;
    for_rows<T>(x, norm.size, [&](std::int64_t row, const Padded<C>& squares, const Padded<C>& slopes) {
      const T *in = x.row<T>(row), *up = dy.row<T>(row);
      T* out = dx.row<T>(row);
      for_vectors<T>(x.shape[1], [&](std::int64_t i, auto part) {
        const Vec<C> s = response.base(squares, i);
        part.store(slopes.row + i, part.load(up + i) * part.load(in + i) * response.power(s) / s);
      });
      for_vectors<T>(x.shape[1], [&](std::int64_t i, auto part) {
        const Vec<C> power = response.power(response.base(squares, i));
        const Vec<C> spread = slopes.window(i, -response.after, response.before + 1);
        part.store(out + i, part.load(up + i) * power + part.load(in + i) * spread * factor);
      });
    });
  });
}

}  // namespace
constinit const LocalResponseNormKernels local_response_norm = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA
