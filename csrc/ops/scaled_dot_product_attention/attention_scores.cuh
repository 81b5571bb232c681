#pragma once
// What tensor-core kernels do with scores between two products, in the registers that hold them (see fragments.cuh).
#include "cuda/fragments.cuh"
#include "ops/scaled_dot_product_attention/attention.cuh"

namespace tilestack::cuda {
namespace {

constexpr float kLog2E = 1.44269504f;

// Softmax of a thread's two rows, of which four lanes have a part each, over columns that come step by step.
struct RowSoftmax {
  float top[2] = {-__builtin_inff(), -__builtin_inff()};  // the largest score yet
  float total[2] = {};                                    // of exp(scale (score - top)) in the thread's own columns

  // Scores become exp(scale (score - top)); what was summed before it must shrink by these factors. scale > 0.
  template <int kCount>
  __device__ __forceinline__ void step(float (&s)[kCount], float scale, float (&shrink)[2]) {
    const float factor = scale * kLog2E;
    float high[2] = {top[0], top[1]}, base[2];
    each_element<2 * kCount>([&](int i, int h, int, int) { high[h] = fmaxf(high[h], s[i]); });
#pragma unroll
    for (int h = 0; h < 2; ++h) {
      high[h] = gpu::warp_reduce<4>(high[h], [](float a, float b) { return fmaxf(a, b); });
      base[h] = high[h] == -__builtin_inff() ? 0 : high[h] * factor;
      shrink[h] = ptx::exp2_approx(top[h] * factor - base[h]);
      top[h] = high[h];
      total[h] *= shrink[h];
    }
    each_element<2 * kCount>([&](int i, int h, int, int) {
      s[i] = ptx::exp2_approx(s[i] * factor - base[h]);
      total[h] += s[i];
    });
  }

  // 1 / the sums over whole rows, and f(row of the warp's 16, log of the sum of exp(scale score)) in one lane of each.
  template <class F>
  __device__ __forceinline__ void finish(float scale, float (&inverse)[2], F&& f) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
#pragma unroll
    for (int h = 0; h < 2; ++h) {
      const float sum = warp_sum<4>(total[h]);
      inverse[h] = sum == 0 ? 0.0f : 1 / sum;
      if (lane % 4 == 0) f(lane / 4 + h * 8, sum == 0 ? __builtin_inff() : top[h] * scale + std::log(sum));
    }
  }
};

// Each element times a factor for its row.
template <int kCount>
__device__ __forceinline__ void scale_rows(float (&x)[kCount], const float (&factor)[2]) {
  each_element<2 * kCount>([&](int i, int h, int, int) { x[i] *= factor[h]; });
}

}  // namespace
}  // namespace tilestack::cuda
