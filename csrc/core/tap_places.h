#pragma once
// From which of a window's positions won to where in the image that is.
#include "core/device.h"
#include "core/views.h"
#include "ops/add/add.h"
#include "ops/floor_divide/floor_divide.h"
#include "ops/mul/mul.h"
#include "ops/remainder/remainder.h"

namespace tilestack {

// The int64 positions row * width + column of taps u * taps_wide + v of windows that start at row_of(i), column_of(j).
// tap: (batch, channels, rows, columns)
template <class Row, class Column>
Tensor tap_places(const Tensor& tap, std::int64_t taps_wide, const std::int64_t (&dilation)[2], std::int64_t width,
                  const Row& row_of, const Column& column_of) {
  const NoGrad no_grad;
  const auto whole = [](std::int64_t value) { return Scalar{Scalar::integer, double(value), value}; };
  const auto starts = [&](std::int64_t n, std::int64_t factor, const auto& of, const Dims& shape) {
    const Tensor line = empty({n}, DType::int64);
    for (std::int64_t i = 0; i < n; ++i) line.data<std::int64_t>()[i] = factor * of(i);
    return reshape(to_device(line, tap.device()), shape);
  };
  const std::int64_t high = tap.size(2), wide = tap.size(3);
  const Tensor taps = as_dtype(tap, DType::int64);
  const Tensor u = floor_divide(taps, whole(taps_wide)), v = remainder(taps, whole(taps_wide));
  const Tensor inside = add(mul(u, whole(dilation[0] * width)), mul(v, whole(dilation[1])));
  return add(inside, add(starts(high, width, row_of, {high, 1}), starts(wide, 1, column_of, {wide})));
}

}  // namespace tilestack
