#pragma once
// How a reduction over any set of axes runs through memory, and what it accumulates in; for kernels of any device.
#include <type_traits>

#include "core/view.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// Merged axes, outermost first, with the strides of x and y.
struct Axes {
  int n = 0;
  std::int64_t shape[kMaxDims], x[kMaxDims], y[kMaxDims];

  std::int64_t count() const {
    std::int64_t total = 1;
    for (int i = 0; i < n; ++i) total *= shape[i];
    return total;
  }
  std::int64_t offset(const std::int64_t* strides, std::int64_t index) const {
    if (n == 0) return 0;
    std::int64_t sum = 0;
    for (int i = n - 1; i > 0; --i) {
      const std::int64_t rest = index / shape[i];
      sum += (index - rest * shape[i]) * strides[i];
      index = rest;
    }
    return sum + index * strides[0];
  }
};

// Offsets of one position after the other: a division only where the innermost axis ends.
class Walk {
 public:
  Walk(const Axes& axes, const std::int64_t* strides, std::int64_t first)
      : axes_(&axes), strides_(strides), index_(first) {
    locate();
  }
  std::int64_t offset() const { return offset_; }
  // Positions from here on that are step() apart.
  std::int64_t left() const { return left_; }
  std::int64_t step() const { return axes_->n ? strides_[axes_->n - 1] : 0; }
  void advance(std::int64_t n) {  // n <= left()
    index_ += n;
    left_ -= n;
    offset_ += n * step();
    if (left_ == 0) locate();
  }

 private:
  void locate() {
    const std::int64_t inner = axes_->n ? axes_->shape[axes_->n - 1] : 1;
    left_ = inner - index_ % inner;
    offset_ = axes_->offset(strides_, index_);
  }

  const Axes* axes_;
  const std::int64_t* strides_;
  std::int64_t index_, offset_, left_;
};

// x has an axis of stride 1 or a single element, and no stride below 1; y has size 1 where x is reduced.
// Outputs are counted in plan order: kept positions, and within each (if !rows) the `length` columns.
struct ReducePlan {
  Axes kept, reduced;                    // without the innermost axis
  bool rows = true;                      // the innermost axis is reduced
  std::int64_t length = 1, inner_y = 1;  // of the innermost axis

  ReducePlan(const View& x, const View& y) {
    int order[kMaxDims], n = 0;
    for (int d = 0; d < x.ndim; ++d) {
      if (x.shape[d] == 1) continue;
      int at = n++;
      for (; at > 0 && x.strides[order[at - 1]] < x.strides[d]; --at) order[at] = order[at - 1];
      order[at] = d;
    }
    for (int i = 0; i < n; ++i)
      add(x.shape[order[i]], x.strides[order[i]], y.strides[order[i]], y.shape[order[i]] == 1);
    if (n == 0) return;
    Axes& inner = rows ? reduced : kept;
    --inner.n;
    length = inner.shape[inner.n];
    inner_y = inner.y[inner.n];
  }

  std::int64_t outputs() const { return kept.count() * (rows ? 1 : length); }

 private:
  void add(std::int64_t shape, std::int64_t x_stride, std::int64_t y_stride, bool is_reduced) {
    Axes& to = is_reduced ? reduced : kept;
    const bool neighbour = to.n > 0 && rows == is_reduced;  // `rows` tells the kind of the axis before
    rows = is_reduced;
    if (neighbour && to.x[to.n - 1] == shape * x_stride && (is_reduced || to.y[to.n - 1] == shape * y_stride)) {
      to.shape[to.n - 1] *= shape;
      to.x[to.n - 1] = x_stride;
      to.y[to.n - 1] = y_stride;
    } else {
      to.shape[to.n] = shape;
      to.x[to.n] = x_stride;
      to.y[to.n++] = y_stride;
    }
  }
};

template <class T>
constexpr bool kIsFloat = is_float(dtype_of<T>);
// bool is read as uint8.
template <class T>
using Stored = std::conditional_t<std::is_same_v<T, bool>, std::uint8_t, T>;

// The type that a row of T is accumulated in.
template <class T>
using Accumulator = std::conditional_t<kIsFloat<T>, Compute<T>, std::int64_t>;

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
