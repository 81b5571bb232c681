#include "ops/group_norm/group_norm.h"

#include "core/row_moments.h"

namespace tilestack::TILESTACK_ISA {
namespace {

void forward(View x, View w, View b, View y, View mean, View r, double eps, ChannelGroups g) {
  visit_float(x.dtype, [&]<class T>() {
    using C = Compute<T>;
    parallel_rows(x.rows(), x.cols(), [&](std::int64_t row) {
      const T* in = x.row<T>(row);
      T* out = y.row<T>(row);
      const auto moments = row_moments(in, x.cols(), eps);
      const std::int64_t first = row % g.groups * g.channels;
      for (std::int64_t c = 0; c < g.channels; ++c, in += g.inside, out += g.inside) {
        const C scale = w.defined() ? moments.r * convert<C>(w.data<T>()[first + c]) : moments.r;
        const C shift = b.defined() ? convert<C>(b.data<T>()[first + c]) : C(0);
        for_vectors<T>(g.inside, [&](std::int64_t i, auto part) {
          part.store(out + i, (part.load(in + i) - moments.mean) * scale + shift);
        });
      }
      mean.data<C>()[row] = moments.mean;
      r.data<C>()[row] = moments.r;
    });
  });
}

// With h = (x - mean) r:   dx = r (w dy - mean(w dy) - h mean(h w dy)),   dw = sum of h dy,   db = of dy, so that the
// sums over a row follow from its channels'.
template <class T>
void backward_row(const T* x, const T* w, Compute<T> mean, Compute<T> r, const T* dy, T* dx, Compute<T>* dw,
                  Compute<T>* db, const ChannelGroups& g) {
  using V = Vec<Compute<T>>;
  Pair<Compute<T>> sums{};
  for (std::int64_t c = 0; c < g.channels; ++c) {
    const T *in = x + c * g.inside, *slope = dy + c * g.inside;
    const auto of_channel = sum_row<T>(g.inside, [&](std::int64_t i, auto part) {
      const V d = part.load(slope + i);
      return Pair<V>{d, d * (part.load(in + i) - mean)};
    });
    const Compute<T> factor = w ? convert<Compute<T>>(w[c]) : 1;
    sums += {factor * of_channel.first, factor * of_channel.second};
    if (dw) dw[c] = of_channel.second * r;
    if (db) db[c] = of_channel.first;
  }
  if (!dx) return;
  const auto n = Compute<T>(g.channels * g.inside);
  const Compute<T> level = sums.first / n, slope = sums.second / n * r * r;
  for (std::int64_t c = 0; c < g.channels; ++c) {
    const std::int64_t at = c * g.inside;
    const Compute<T> factor = w ? convert<Compute<T>>(w[c]) : 1;
    for_vectors<T>(g.inside, [&](std::int64_t i, auto part) {
      const V d = part.load(x + at + i) - mean;
      part.store(dx + at + i, (part.load(dy + at + i) * factor - level - d * slope) * r);
    });
  }
}

void backward(View x, View w, View mean, View r, View dy, View dx, View dw, View db, ChannelGroups g) {
  visit_float(x.dtype, [&]<class T>() {
    using C = Compute<T>;
    parallel_rows(x.rows(), 2 * x.cols(), [&](std::int64_t row) {
      const T* weights = w.defined() ? w.data<T>() + row % g.groups * g.channels : nullptr;
      backward_row(x.row<T>(row), weights, mean.data<C>()[row], r.data<C>()[row], dy.row<T>(row),
                   dx.defined() ? dx.row<T>(row) : nullptr, dw.defined() ? dw.data<C>() + row * g.channels : nullptr,
                   db.defined() ? db.data<C>() + row * g.channels : nullptr, g);
    });
  });
}

}  // namespace
constinit const GroupNormKernels group_norm = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA
