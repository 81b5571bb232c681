#include "ops/copy/copy.h"

#include "cuda/elementwise.cuh"
#include "cuda/runtime.h"
#include "cuda/transpose.cuh"

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
  if (gpu::transpose(x, y)) return;
  visit_size(y.dtype, [&]<class T>() { gpu::map<T(T)>(Itself(), y, x); });
}

bool convert_flat(const View& x, const View& y) {
  bool flat = false;
  visit_all(x.dtype, [&]<class From>() {
    visit_all(y.dtype, [&]<class To>() { flat = gpu::map_if_flat<To(From)>(Converted<To>(), y, x); });
  });
  return flat;
}

// In one run of memory that vectors can begin at.
bool is_dense(const View& x) {
  const View* const views[] = {&x};
  return gpu::MapPlan(views, 1, 16 / int(size_of(x.dtype))).access[0] == gpu::Access::dense;
}

// A view of `like`'s shape and memory order, in memory of its own; contiguous if `like` is not dense.
View dense_like(const View& like, DType dtype, void* memory) {
  View view = like;
  view.pointer = memory;
  view.dtype = dtype;
  std::int64_t stride = 1;
  for (int d = view.ndim - 1; d >= 0 && !is_dense(like); --d) {
    view.strides[d] = stride;
    stride *= view.shape[d];
  }
  return view;
}

// 81 conversions are enough in one form: what is not dense in the order of the other is moved before or after.
void forward(View x, View y) {
  if (x.dtype == y.dtype && !x.on_host) return move(x, y);
  if (convert_flat(x, y)) return;
  const bool into_y = is_dense(y), from_x = x.on_host || (!into_y && is_dense(x));
  const View& like = into_y || x.on_host ? y : x;
  const std::int64_t n = y.numel();
  const gpu::Workspace<char> before(from_x ? 0 : n * std::int64_t(size_of(x.dtype))),
      after(into_y ? 0 : n * std::int64_t(size_of(y.dtype)));
  const View dense_x = from_x ? x : dense_like(like, x.dtype, before.data),
             dense_y = into_y ? y : dense_like(like, y.dtype, after.data);
  if (!from_x) move(x, dense_x);
  convert_flat(dense_x, dense_y);
  if (!into_y) move(dense_y, y);
}

}  // namespace
const CopyKernels copy = {forward};
TILESTACK_CUDA_TABLE(copy)
}  // namespace tilestack::cuda
