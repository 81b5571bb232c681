#include "ops/matmul/matmul.h"

#include "core/gemm/gemm.h"
#include "core/parallel.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// Products from this size on are split over the threads themselves; of smaller ones the batch is.
constexpr std::int64_t kLarge = 1 << 21, kSmallTogether = 1 << 16;

template <class T>
void multiply_integers(const Gemm& g) {
  using U = std::make_unsigned_t<T>;
  parallel_for(g.m, 1 + kElementGrain / (1 + g.n * g.k), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const T* a = static_cast<const T*>(g.a.data) + i * g.a.row_stride;
      T* out = static_cast<T*>(g.c.data) + i * g.c.row_stride;
      for (std::int64_t j = 0; j < g.n; ++j) out[j] = 0;
      for (std::int64_t k = 0; k < g.k; ++k) {
        const T* b = static_cast<const T*>(g.b.data) + k * g.b.depth_stride;
        const U x = U(a[k * g.a.depth_stride]);
        if (g.b.row_stride == 1) {
          for (std::int64_t j = 0; j < g.n; ++j) out[j] = T(U(out[j]) + U(x * U(b[j])));
        } else {
          for (std::int64_t j = 0; j < g.n; ++j) out[j] = T(U(out[j]) + U(x * U(b[j * g.b.row_stride])));
        }
      }
    }
  });
}

void multiply(const Gemm& g) {
  if (is_float(g.c.dtype)) return gemm.run(g);
  switch (g.c.dtype) {
    case DType::int64:
      return multiply_integers<std::int64_t>(g);
    case DType::int32:
      return multiply_integers<std::int32_t>(g);
    case DType::int8:
      return multiply_integers<std::int8_t>(g);
    case DType::uint8:
      return multiply_integers<std::uint8_t>(g);
    default:
      return;
  }
}

// The matrix of a batch; `index` counts over the leading dimensions.
char* matrix_at(const View& x, std::int64_t index) {
  std::int64_t offset = 0;
  for (int d = x.ndim - 3; d >= 0; --d) {
    offset += index % x.shape[d] * x.strides[d];
    index /= x.shape[d];
  }
  return x.data<char>() + offset * std::int64_t(size_of(x.dtype));
}

void forward(View a, View b, View y) {
  const Gemm shape{.m = y.size(-2),
                   .n = y.size(-1),
                   .k = a.size(-1),
                   .a = {.dtype = a.dtype, .row_stride = a.stride(-2), .depth_stride = a.stride(-1)},
                   .b = {.dtype = b.dtype, .row_stride = b.stride(-1), .depth_stride = b.stride(-2)},
                   .c = {.dtype = y.dtype, .row_stride = y.size(-1)}};
  const std::int64_t work = shape.m * shape.n * (shape.k + 1);
  if (work == 0) return;
  const std::int64_t batch = y.numel() / (shape.m * shape.n);
  const auto run = [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      Gemm g = shape;
      g.a.data = matrix_at(a, i);
      g.b.data = matrix_at(b, i);
      g.c.data = matrix_at(y, i);
      multiply(g);
    }
  };
  if (work >= kLarge) return run(0, batch);
  parallel_for(batch, 1 + kSmallTogether / work, run);
}

}  // namespace
constinit const MatmulKernels matmul = {forward};
}  // namespace tilestack::TILESTACK_ISA
