#include "core/reduction.h"

namespace tilestack {

Reduction::Reduction(const char* op, const Tensor& x, const std::optional<Dims>& dims, bool keepdim) : kept(x.shape()) {
  bool reduced[kMaxDims] = {};
  const int ndim = x.dim();
  if (!dims || dims->empty()) {
    for (bool& r : reduced) r = true;
  } else {
    for (std::int64_t d : *dims) {
      const int dim = wrap_dim(op, d, ndim > 0 ? ndim : 1);
      check(!reduced[dim], "{}: dim {} appears more than once in {}", op, dim, *dims);
      reduced[dim] = true;
    }
  }
  for (int d = 0; d < ndim; ++d) {
    if (reduced[d]) {
      count *= kept[d];
      kept[d] = 1;
    }
    if (keepdim || !reduced[d]) result.push_back(kept[d]);
  }
}

View Reduction::kept_view(const Tensor& y, const Dims& kept) {
  View view = y;
  view.ndim = std::int8_t(kept.size());
  std::int64_t stride = 1;
  for (int d = kept.size() - 1; d >= 0; --d) {
    view.shape[d] = kept[d];
    view.strides[d] = stride;
    stride *= kept[d];
  }
  return view;
}

Tensor as_reducible(const Tensor& x) {
  const View& v = x;
  bool unit = false, single = true;
  for (int d = 0; d < v.ndim; ++d) {
    if (v.shape[d] == 1) continue;
    if (v.strides[d] < 1 && v.shape[d] > 1) return as_contiguous(x);
    single = false;
    unit |= v.strides[d] == 1 || v.shape[d] == 0;
  }
  return unit || single ? x : as_contiguous(x);
}

Blueprint::Blueprint(const Tensor& x)
    : shape(x.shape()),
      dtype(x.dtype()),
      device(x.device()),
      channels_last(x.view().is_channels_last() && !x.is_contiguous()) {}

Tensor Blueprint::make() const {
  return channels_last ? empty_channels_last(shape, dtype, device) : empty(shape, dtype, device);
}

}  // namespace tilestack
