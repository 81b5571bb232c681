#include "core/tensor_list.h"

#include "ops/copy/copy.h"

namespace tilestack {

std::vector<View> views_of(const TensorList& xs) {
  std::vector<View> views;
  views.reserve(xs.size());
  for (const Tensor& x : xs) views.push_back(x);
  return views;
}

void check_parameters(const char* op, const TensorList& params) {
  NoGrad guard;
  for (const Tensor& p : params) {
    check<TypeError>(p.defined(), "{}: wanted tensors, got None", op);
    check_float(op, p);
    check_in_place(op, p);
    check(p.is_contiguous() || is_dense(p), "{}: memory must be dense, got shape {} with strides {}", op, p.shape(),
          p.strides());
    check(p.device() == params[0].device(), "{}: all tensors must be on one device, got {} and {}", op,
          params[0].device(), p.device());
  }
}

namespace {

// Sizes of 1 may have any stride, and so may a tensor without elements.
bool same_order(const View& a, const View& b) {
  if (a.numel() == 0) return true;
  for (int d = 0; d < a.ndim; ++d)
    if (a.shape[d] != 1 && a.strides[d] != b.strides[d]) return false;
  return true;
}

void check_companion(const char* op, const char* name, std::size_t i, const Tensor& p, const Tensor& x, DType dtype) {
  check<TypeError>(x.defined(), "{}: {}[{}] is None", op, name, i);
  check(x.shape() == p.shape(), "{}: {}[{}] must have the parameter's shape {}, got {}", op, name, i, p.shape(),
        x.shape());
  check<TypeError>(x.dtype() == dtype, "{}: {}[{}] must be {} for a {} parameter, got {}", op, name, i, dtype,
                   p.dtype(), x.dtype());
  check(x.device() == p.device(), "{}: {}[{}] must be on {}, got {}", op, name, i, p.device(), x.device());
}

void check_state(const char* op, const char* name, std::size_t i, const Tensor& p, const Tensor& x) {
  check_companion(op, name, i, p, x, compute_dtype(p.dtype()));
  const NoGrad guard;
  check_in_place(op, x);
  check(same_order(x, p), "{}: {}[{}] must have the parameter's strides {}, got {}", op, name, i, p.strides(),
        x.strides());
}

void check_count(const char* op, const char* name, const TensorList& params, const TensorList& xs) {
  check(xs.size() == params.size(), "{}: wanted {} {}, one a parameter, got {}", op, params.size(), name, xs.size());
}

}  // namespace

Companions Companions::gradients(const char* op, const TensorList& params, const TensorList& xs) {
  check_count(op, "grads", params, xs);
  Companions out;
  out.views_.reserve(xs.size());
  for (std::size_t i = 0; i < xs.size(); ++i) {
    check_companion(op, "grads", i, params[i], xs[i], params[i].dtype());
    if (same_order(xs[i], params[i])) {
      out.views_.push_back(xs[i]);
    } else {
      const Tensor copy = empty_strided(params[i].shape(), params[i].strides(), xs[i].dtype(), xs[i].device());
      copy_into(copy, xs[i]);
      out.copies_.push_back(copy);
      out.views_.push_back(copy);
    }
  }
  return out;
}

Companions Companions::state(const char* op, const char* name, const TensorList& params, const TensorList& xs) {
  Companions out;
  if (xs.empty()) return out;
  check_count(op, name, params, xs);
  for (std::size_t i = 0; i < xs.size(); ++i) check_state(op, name, i, params[i], xs[i]);
  out.views_ = views_of(xs);
  for (const Tensor& x : xs) x.bump_version();
  return out;
}

Companions Companions::masters(const char* op, const TensorList& params, const TensorList& xs) {
  Companions out;
  if (xs.empty()) return out;
  check_count(op, "master_params", params, xs);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const bool used = size_of(params[i].dtype()) == 2;
    if (used) check_state(op, "master_params", i, params[i], xs[i]);
    out.views_.push_back(used ? xs[i].view() : View{});
  }
  for (const Tensor& x : xs)
    if (x.defined()) x.bump_version();
  return out;
}

}  // namespace tilestack
