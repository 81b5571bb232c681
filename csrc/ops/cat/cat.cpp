#include "ops/cat/cat.h"

#include "core/op.h"
#include "ops/copy/copy.h"

namespace tilestack {
namespace {

// A shape (0,) joins anything, as in torch.
bool is_nothing(const Tensor& x) { return x.dim() == 1 && x.size(0) == 0; }

bool is_channels_last_only(const Tensor& x) { return x.view().is_channels_last() && !x.is_contiguous(); }

// x's elements [begin, begin + size) along dim.
Tensor part(const Tensor& x, int dim, std::int64_t begin, std::int64_t size) {
  Dims shape = x.shape();
  shape[dim] = size;
  return view_of(x, shape, x.strides(), begin * x.view().strides[dim]);
}

}  // namespace

Tensor cat(const std::vector<Tensor>& tensors, std::int64_t dim) {
  check(!tensors.empty(), "cat: wanted at least one tensor");
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    check<TypeError>(tensors[i].defined(), "cat: tensor {} is None", i);
    check(tensors[i].dim() > 0, "cat: tensor {} has no dimensions; stack joins such tensors", i);
  }
  std::size_t like = 0;
  while (like + 1 < tensors.size() && is_nothing(tensors[like])) ++like;
  Dims shape = tensors[like].shape();
  const int at = wrap_dim("cat", dim, shape.size());
  DType dtype = tensors[0].dtype();
  bool channels_last = true;
  shape[at] = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const Tensor& x = tensors[i];
    check_same_device("cat", {tensors[0], x});
    dtype = promote(dtype, x.dtype());
    if (is_nothing(x)) continue;
    bool fits = x.dim() == shape.size();
    for (int d = 0; fits && d < shape.size(); ++d) fits = d == at || x.size(d) == shape[d];
    check(fits, "cat: sizes must agree but in dimension {}: tensor {} has shape {}, tensor {} has {}", at, like,
          tensors[like].shape(), i, x.shape());
    shape[at] += x.size(at);
    channels_last = channels_last && is_channels_last_only(x);
  }

  const Device device = tensors[0].device();
  const Tensor y =
      channels_last && shape.size() == 4 ? empty_channels_last(shape, dtype, device) : empty(shape, dtype, device);
  std::int64_t begin = 0;
  for (const Tensor& x : tensors) {
    if (is_nothing(x)) continue;
    copy_into(part(y, at, begin, x.size(at)), x);
    begin += x.size(at);
  }
  return record_many("cat", {y}, tensors, [tensors, at](const Gradients& dys) -> Gradients {
    Gradients dxs;
    std::int64_t begin = 0;
    for (const Tensor& x : tensors) {
      const bool nothing = is_nothing(x);
      if (!x.requires_grad()) {
        dxs.emplace_back();
      } else {
        dxs.push_back(nothing ? empty(x.shape(), x.dtype(), x.device())
                              : as_dtype(part(dys[0], at, begin, x.size(at)), x.dtype()));
      }
      if (!nothing) begin += x.size(at);
    }
    return dxs;
  })[0];
}

}  // namespace tilestack
