#pragma once
// What linear and conv2d do with the gradient of their result before the products.
#include "core/activate.h"
#include "core/gemm/gemm.h"
#include "core/parallel.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// dz = dy * slope(saved) and db = the sums of dz's columns, in one pass.   dy, saved, dz: (rows, cols)   db: (cols)
// Without an activation dz is dy and not written; db may be null. Rows are summed in chunks, the chunks in order.
template <class S>
void bias_and_slope(Activation activation, const S* dy, const S* saved, S* dz, S* db, std::int64_t rows,
                    std::int64_t cols) {
  using T = Compute<S>;
  constexpr int L = kLanes<T>;
  const std::int64_t grain = cols >= kElementGrain ? 1 : kElementGrain / (cols > 0 ? cols : 1);
  const std::int64_t chunks = (rows + grain - 1) / grain, stride = (cols + L - 1) / L * L;
  Scratch<T> sums(db ? (chunks > 0 ? chunks : 1) * stride : 1);
  parallel_for(rows, grain, [&](std::int64_t begin, std::int64_t end) {
    T* const sum = sums + begin / grain * stride;
    for (std::int64_t j = 0; j < cols; j += L) {
      const std::int64_t n = cols - j;
      Vec<T> total{};
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t at = i * cols + j;
        Vec<T> v = n >= L ? load(dy + at) : load_partial(dy + at, n);
        if (activation != Activation::none) {
          v *= activation_slope(activation, n >= L ? load(saved + at) : load_partial(saved + at, n));
          n >= L ? store(dz + at, v) : store_partial(dz + at, v, n);
        }
        total += v;
      }
      if (db) store(sum + j, total);
    }
  });
  if (!db) return;
  for (std::int64_t j = 0; j < cols; ++j) {
    T total = 0;
    for (std::int64_t c = 0; c < chunks; ++c) total += sums[c * stride + j];
    db[j] = convert<S>(total);
  }
}

// The gradient of what the activation was applied to: dy itself, or new memory.
template <class S>
struct InnerGradient {
  Scratch<S> memory;
  const S* data;
  InnerGradient(Activation activation, View dy, View saved, View db, std::int64_t rows, std::int64_t cols)
      : memory(activation == Activation::none ? 1 : rows * cols),
        data(activation == Activation::none ? dy.data<S>() : memory.data) {
    if (activation != Activation::none || db.defined())
      bias_and_slope(activation, dy.data<S>(), saved.data<S>(), memory.data, db.data<S>(), rows, cols);
  }
};

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
