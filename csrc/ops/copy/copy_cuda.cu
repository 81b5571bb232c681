#include "ops/copy/copy.h"

#include "cuda/elementwise.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

struct Itself {
  template <class T>
  __device__ T operator()(T x) const {
    return x;
  }
};

// Through int64, so that negative numbers wrap as integers do.
template <class To>
struct Converted {
  template <class From>
  __device__ Compute<To> operator()(From x) const {
    if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To> && !std::is_same_v<To, bool>) {
      return static_cast<To>(static_cast<std::int64_t>(x));
    } else {
      return convert<Compute<To>>(x);
    }
  }
};

void move(const View& x, const View& y) {
  visit_size(y.dtype, [&]<class T>() { gpu::map<T(T)>(Itself(), y, x); });
}

bool convert_flat(const View& x, const View& y) {
  bool flat = false;
  visit_all(x.dtype, [&]<class From>() {
    visit_all(y.dtype, [&]<class To>() { flat = gpu::map_if_flat<To(From)>(Converted<To>(), y, x); });
  });
  return flat;
}

// The view's shape in contiguous memory of its own.
View dense_like(View view, DType dtype, void* memory) {
  view.pointer = memory;
  view.dtype = dtype;
  std::int64_t stride = 1;
  for (int d = view.ndim - 1; d >= 0; --d) {
    view.strides[d] = stride;
    stride *= view.shape[d];
  }
  return view;
}

// Memory that is not dense is moved before and after: 81 conversions are enough in one form.
void forward(View x, View y) {
  if (x.dtype == y.dtype && !x.on_host) return move(x, y);
  if (convert_flat(x, y)) return;
  const std::int64_t n = y.numel();
  const gpu::Workspace<char> from(x.on_host ? 0 : n * std::int64_t(size_of(x.dtype))),
      to(n * std::int64_t(size_of(y.dtype)));
  const View dense_x = x.on_host ? x : dense_like(x, x.dtype, from.data), dense_y = dense_like(y, y.dtype, to.data);
  if (!x.on_host) move(x, dense_x);
  convert_flat(dense_x, dense_y);
  move(dense_y, y);
}

}  // namespace
const CopyKernels copy = {forward};
TILESTACK_CUDA_TABLE(copy)
}  // namespace tilestack::cuda
