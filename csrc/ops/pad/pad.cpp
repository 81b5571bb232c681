#include "ops/pad/pad.h"

#include <algorithm>

#include "core/op.h"
#include "core/views.h"
#include "ops/copy/copy.h"
#include "ops/fill/fill.h"
#include "ops/index/index.h"

namespace tilestack {
namespace {

using Amounts = std::vector<std::int64_t>;

// The part of x that `amounts` of padding lies around: what remains of the other tensor if they are negative.
Tensor inner(const Tensor& x, const Amounts& amounts) {
  Dims shape = x.shape();
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < amounts.size() / 2; ++i) {
    const int dim = x.dim() - 1 - int(i);
    const std::int64_t before = std::max<std::int64_t>(amounts[2 * i], 0),
                       after = std::max<std::int64_t>(amounts[2 * i + 1], 0);
    shape[dim] -= before + after;
    if (shape[dim] > 0) offset += before * x.view().strides[dim];
  }
  return view_of(x, shape, x.strides(), offset);
}

Amounts negative(Amounts amounts) {
  for (std::int64_t& amount : amounts) amount = -amount;
  return amounts;
}

Tensor empty_in_order_of(const Tensor& x, const Dims& shape) {
  const bool channels_last = x.view().is_channels_last() && !x.is_contiguous();
  return channels_last ? empty_channels_last(shape, x.dtype(), x.device()) : empty(shape, x.dtype(), x.device());
}

Tensor constant_pad(const Tensor& x, const Amounts& amounts, const Scalar& value) {
  Dims shape = x.shape();
  for (std::size_t i = 0; i < amounts.size() / 2; ++i) {
    std::int64_t& size = shape[shape.size() - 1 - int(i)];
    const std::int64_t before = amounts[2 * i], after = amounts[2 * i + 1];
    check(
        size + std::min<std::int64_t>(before, 0) + std::min<std::int64_t>(after, 0) >= 0 && size + before + after >= 0,
        "pad: {} and {} cut more than there is of shape {}", before, after, x.shape());
    size += before + after;
  }
  const Tensor y = empty_in_order_of(x, shape);
  fill_into(y, value);
  copy_into(inner(y, amounts), inner(x, negative(amounts)));
  return record("pad", y, {x}, [x, amounts](const Tensor& dy) -> Gradients {
    const bool cuts = std::any_of(amounts.begin(), amounts.end(), [](std::int64_t amount) { return amount < 0; });
    if (!cuts) return {inner(dy, amounts)};
    const Tensor dx = empty_in_order_of(x, x.shape());
    fill_into(dx, Scalar{});
    copy_into(inner(dx, negative(amounts)), inner(dy, amounts));
    return {dx};
  });
}

// Which element of a dimension stands at `position`, counted from its first.
std::int64_t source_of(const std::string& mode, std::int64_t position, std::int64_t size) {
  if (mode == "replicate") return std::clamp<std::int64_t>(position, 0, size - 1);
  if (mode == "circular") return (position + size) % size;
  const std::int64_t reflected = position < 0 ? -position : position;
  return reflected < size ? reflected : 2 * (size - 1) - reflected;
}

// Negative pads cut, in circular mode before the ends meet.
Tensor mapped_pad(const Tensor& x, int dim, std::int64_t before, std::int64_t after, const std::string& mode) {
  const std::int64_t size = x.size(dim), most = mode == "reflect" ? size - 1 : mode == "circular" ? size : INT64_MAX;
  check(size > 0 && before <= most && after <= most && size + before + after > 0,
        "pad: mode {} takes pads of at most {} that leave something of dimension {} of shape {}, got {} and {}", mode,
        mode == "replicate" ? std::string("any size") : text(std::max<std::int64_t>(most, 0)), dim, x.shape(), before,
        after);
  if (mode == "circular" && (before < 0 || after < 0)) {
    const std::int64_t first = std::max<std::int64_t>(-before, 0), last = size - std::max<std::int64_t>(-after, 0);
    check(first < last, "pad: {} and {} cut more than there is of shape {}", before, after, x.shape());
    return mapped_pad(slice(x, dim, first, last, 1), dim, std::max<std::int64_t>(before, 0),
                      std::max<std::int64_t>(after, 0), mode);
  }
  const Tensor map = empty({before + size + after}, DType::int64);
  for (std::int64_t i = 0; i < map.size(0); ++i) map.data<std::int64_t>()[i] = source_of(mode, i - before, size);
  return index_select(x, dim, map);
}

}  // namespace

Tensor pad(const Tensor& x, const std::vector<std::int64_t>& pad, const std::string& mode, const Scalar& value) {
  check(pad.size() % 2 == 0 && int(pad.size()) <= 2 * x.dim(),
        "pad: wanted two numbers for each of the last dimensions of shape {}, got {} numbers", x.shape(), pad.size());
  if (mode == "constant") return constant_pad(x, pad, value);
  check(mode == "reflect" || mode == "replicate" || mode == "circular",
        "pad: mode must be constant, reflect, replicate or circular, got {}", mode);
  Tensor y = x;
  for (std::size_t i = 0; i < pad.size() / 2; ++i)
    if (pad[2 * i] || pad[2 * i + 1]) y = mapped_pad(y, x.dim() - 1 - int(i), pad[2 * i], pad[2 * i + 1], mode);
  return y;
}

}  // namespace tilestack
