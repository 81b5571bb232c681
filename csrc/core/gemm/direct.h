#pragma once
// Products too small to pack.
#include "core/activate.h"
#include "core/gemm/gemm.h"
#include "core/parallel.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// Scratch that a small job takes from the stack.
template <class T>
struct Workspace {
  static constexpr std::int64_t kOnStack = 16384;
  alignas(64) unsigned char local[kOnStack];
  T* data;
  bool own;
  TILESTACK_INLINE explicit Workspace(std::int64_t n)
      : data(reinterpret_cast<T*>(local)), own(n * std::int64_t(sizeof(T)) > kOnStack) {
    if (own) data = static_cast<T*>(scratch_allocate(std::size_t(n) * sizeof(T)));
  }
  TILESTACK_INLINE ~Workspace() {
    if (own) scratch_free(data);
  }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
};

constexpr std::int64_t kDirectWork = 192;  // multiply-adds

template <class S, class T>
void multiply_directly(const Gemm& g) {
  const S* a = static_cast<const S*>(g.a.data);
  for (std::int64_t i = 0; i < g.m; ++i, a += g.a.row_stride) {
    const S* b = static_cast<const S*>(g.b.data);
    S* out = static_cast<S*>(g.c.data) + i * g.c.row_stride;
    const S* residual = g.c.residual ? static_cast<const S*>(g.c.residual) + i * g.c.row_stride : nullptr;
    S* pre = g.c.pre ? static_cast<S*>(g.c.pre) + i * g.c.row_stride : nullptr;
    for (std::int64_t j = 0; j < g.n; ++j, b += g.b.row_stride) {
      T sum = 0;
      for (std::int64_t k = 0; k < g.k; ++k)
        sum += convert<T>(a[k * g.a.depth_stride]) * convert<T>(b[k * g.b.depth_stride]);
      if (g.c.bias) sum += convert<T>(static_cast<const S*>(g.c.bias)[j]);
      if (pre) pre[j] = convert<S>(sum);
      if (g.c.activation != Activation::none) sum = activate(g.c.activation, splat(sum))[0];
      if (residual) sum += convert<T>(residual[j]);
      out[j] = convert<S>(sum);
    }
  }
}

// True if it did the product.
template <class T>
bool run_direct(const Gemm& g) {
  if (g.m * g.n * (g.k > 0 ? g.k : 1) > kDirectWork || g.a.windows || g.b.windows || g.c.grid_cols > 0) return false;
  if (g.a.dtype != g.c.dtype || g.b.dtype != g.c.dtype) return false;
  switch (g.c.dtype) {
    case DType::float64:
      multiply_directly<double, double>(g);
      break;
    case DType::bfloat16:
      multiply_directly<bfloat16, float>(g);
      break;
    case DType::float16:
      multiply_directly<float16, float>(g);
      break;
    default:
      multiply_directly<float, float>(g);
  }
  return true;
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
