#pragma once
// What linear and conv2d do with the gradient of their result before the products.
#include "core/gemm/gemm_cuda.h"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

// The gradient of what the activation was applied to: dy itself, or new memory. db gets the sums of its columns.
struct InnerGradient {
  gpu::Workspace<char> memory;
  void* data;
  InnerGradient(Activation activation, const View& dy, const View& saved, const View& db, std::int64_t rows,
                std::int64_t cols)
      : memory(activation == Activation::none ? 0 : rows * cols * std::int64_t(size_of(dy.dtype))),
        data(activation == Activation::none ? dy.pointer : memory.data) {
    if (activation != Activation::none || db.defined())
      bias_and_slope(activation, dy.dtype, dy.pointer, saved.pointer, memory.data, db.pointer, rows, cols);
  }
};

}  // namespace
}  // namespace tilestack::cuda
