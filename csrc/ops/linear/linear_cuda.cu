#include "ops/linear/linear.h"

#include "core/gemm/gradient.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

GemmOutput output(const View& y) { return {.data = y.pointer, .dtype = y.dtype, .row_stride = y.size(1)}; }

// A 2-D view as an operand: `rows` is the dimension that C has, the other one is summed over.
GemmOperand operand(const View& x, int rows) {
  return {.data = x.pointer, .dtype = x.dtype, .row_stride = x.stride(rows), .depth_stride = x.stride(1 - rows)};
}

void forward(View x, View w, View b, View r, View y, View pre, Activation activation) {
  GemmOutput c = output(y);
  c.bias = b.pointer;
  c.activation = activation;
  c.pre = pre.pointer;
  c.residual = r.pointer;
  run_gemm({y.size(0), y.size(1), x.size(1), operand(x, 0), operand(w, 0), c});
}

// With dz = dy activation'(z):   dx = dz w   dw = dz^T x   db = sum over rows of dz
void backward(View x, View w, View saved, View dy, View dx, View dw, View db, Activation activation) {
  const std::int64_t rows = dy.size(0), out = dy.size(1);
  const InnerGradient inner(activation, dy, saved, db, rows, out);
  View dz = dy;
  dz.pointer = inner.data;
  if (dx.defined()) run_gemm({rows, w.size(1), out, operand(dz, 0), operand(w, 1), output(dx)});
  if (!dw.defined()) return;
  const GemmOperand dz_t = operand(dz, 1), x_t = operand(x, 1);
  dw.is_contiguous() ? run_gemm({out, x.size(1), rows, dz_t, x_t, output(dw)})
                     : run_gemm({x.size(1), out, rows, x_t, dz_t, output(transposed(dw))});
}

}  // namespace
const LinearKernels linear = {forward, backward};
TILESTACK_CUDA_TABLE(linear)
}  // namespace tilestack::cuda
