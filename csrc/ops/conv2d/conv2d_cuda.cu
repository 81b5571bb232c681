// A convolution is a product of the matrix of windows with the weights; so are both of its gradients.
#include "ops/conv2d/conv2d.h"

#include "core/gemm/gradient.cuh"
#include "ops/conv2d/depthwise.cuh"
#include "ops/conv2d/geometry.h"

namespace tilestack::cuda {
namespace {

// Weights, w (out, channels, taps), in the order of a product's operand: w[o, c, tap (a, b)] at
// o / group_out * group + o % group_out * out + (a * wide + b) * tap + c.
struct WeightOrder {
  std::int64_t count;  // of elements
  int channels, taps_high, taps_wide, taps, group_out;
  std::int64_t group, out, tap;
  int first, every_y, every_x;  // tap (a, b) is number first + a every_y + b every_x of the kernel

  WeightOrder(const Geometry& g, const Residue& y, const Residue& x)
      : WeightOrder(g, y.taps, x.taps, y.first * g.kernel[1] + x.first, -y.every * g.kernel[1], -x.every) {
    group = y.taps * x.taps * g.group_out * g.group_in;
    out = g.group_in;
    tap = g.group_out * g.group_in;
  }
  // The order of the columns of the matrix of windows.
  explicit WeightOrder(const Geometry& g) : WeightOrder(g, g.kernel[0], g.kernel[1], 0, g.kernel[1], 1) {
    out = g.taps() * g.group_in;
    group = g.group_out * out;
    tap = g.group_in;
  }

 private:
  WeightOrder(const Geometry& g, std::int64_t high, std::int64_t wide, std::int64_t first, std::int64_t every_y,
              std::int64_t every_x)
      : count(g.out * high * wide * g.group_in),
        channels(static_cast<int>(g.group_in)),
        taps_high(static_cast<int>(high)),
        taps_wide(static_cast<int>(wide)),
        taps(static_cast<int>(g.taps())),
        group_out(static_cast<int>(g.group_out)),
        first(static_cast<int>(first)),
        every_y(static_cast<int>(every_y)),
        every_x(static_cast<int>(every_x)) {}
};

// From w to that order, or back.
template <class From, class To, bool kBack>
__global__ __launch_bounds__(256) void order_kernel(const From* from, To* to,
                                                    const __grid_constant__ WeightOrder order) {
  for (std::int64_t i = gpu::global_thread(); i < order.count; i += gpu::global_threads()) {
    std::int64_t rest = i;
    const auto c = static_cast<int>(rest % order.channels);
    rest /= order.channels;
    const auto b = static_cast<int>(rest % order.taps_wide);
    rest /= order.taps_wide;
    const auto a = static_cast<int>(rest % order.taps_high);
    const std::int64_t o = rest / order.taps_high;
    const std::int64_t in_w =
        (o * order.channels + c) * order.taps + order.first + a * order.every_y + b * order.every_x;
    const std::int64_t ordered =
        o / order.group_out * order.group + o % order.group_out * order.out + (a * order.taps_wide + b) * order.tap + c;
    to[kBack ? in_w : ordered] = convert<To>(from[kBack ? ordered : in_w]);
  }
}

template <bool kBack, class From, class To>
void reorder(const From* from, To* to, const WeightOrder& order) {
  gpu::launch(order_kernel<From, To, kBack>, {gpu::blocks_for(order.count, 256), 256}, from, to, order);
}

template <class S>
GemmOperand matrix(const S* data, std::int64_t row_stride, std::int64_t depth_stride) {
  return {.data = data, .dtype = dtype_of<S>, .row_stride = row_stride, .depth_stride = depth_stride};
}
template <class S>
GemmOperand window_matrix(const S* data, const Windows& windows, bool transposed = false) {
  return {.data = data, .dtype = dtype_of<S>, .windows = &windows, .transposed = transposed};
}

// One product for each group of channels.
GemmBatch over_groups(const Geometry& g, std::int64_t a, std::int64_t b, std::int64_t c) {
  GemmBatch batch;
  if (g.groups == 1) return batch;
  batch.dims = 1;
  batch.shape[0] = g.groups;
  batch.a[0] = a;
  batch.b[0] = b;
  batch.c[0] = c;
  return batch;
}

template <class S>
void forward_of(View x, View w, View b, View y, View pre, const Geometry& g, Activation activation) {
  const std::int64_t depth = g.taps() * g.group_in;
  const bool ordered = g.taps() == 1 || g.group_in == 1;
  const gpu::Workspace<S> memory(ordered ? 0 : g.out * depth);
  if (!ordered) reorder<false>(w.data<S>(), memory.data, WeightOrder(g));
  const S* weights = ordered ? w.data<S>() : memory.data;
  const Windows windows = g.windows();
  const GemmOutput c{.data = y.pointer,
                     .dtype = y.dtype,
                     .row_stride = g.out,
                     .bias = b.pointer,
                     .activation = activation,
                     .pre = pre.pointer};
  GemmBatch groups = over_groups(g, g.group_in, g.group_out * depth, g.group_out);
  groups.bias = g.group_out;
  run_gemm({g.out_pixels(), g.group_out, depth,
            g.pointwise() ? matrix(x.data<S>(), g.in, 1) : window_matrix(x.data<S>(), windows),
            matrix(weights, depth, 1), c},
           groups);
}

// dw = the windows of x, transposed, times dz.
template <class S>
void backward_weights(View x, const S* dz, View dw, const Geometry& g) {
  using T = Compute<S>;
  const std::int64_t depth = g.taps() * g.group_in;
  const bool ordered = g.taps() == 1 || g.group_in == 1;
  const gpu::Workspace<T> sums(ordered ? 0 : g.out * depth);
  const Windows windows = g.windows();
  const GemmOutput c{
      .data = ordered ? dw.pointer : sums.data, .dtype = ordered ? dw.dtype : dtype_of<T>, .row_stride = depth};
  run_gemm({g.group_out, depth, g.out_pixels(), matrix(dz, 1, g.out),
            g.pointwise() ? matrix(x.data<S>(), 1, g.in) : window_matrix(x.data<S>(), windows, true), c},
           over_groups(g, g.group_out, g.group_in, g.group_out * depth));
  if (!ordered) reorder<true>(sums.data, dw.data<S>(), WeightOrder(g));
}

// The pixels of dx of one residue in each direction: windows of dz times the taps that they meet.
template <class S>
void backward_residue(const S* dz, View w, S* dx, const Geometry& g, const Residue& y, const Residue& x) {
  const std::int64_t depth = y.taps * x.taps * g.group_out;
  const Windows windows = windows_of(g, y, x);
  const WeightOrder order(g, y, x);
  const gpu::Workspace<S> weights(order.count);
  if (order.count > 0) reorder<false>(w.data<S>(), weights.data, order);
  run_gemm({g.batch * y.pixels * x.pixels, g.group_in, depth,
            g.pointwise() ? matrix(dz, g.out, 1) : window_matrix(dz, windows), matrix(weights.data, 1, g.group_in),
            output_of(g, y, x, dx, dtype_of<S>)},
           over_groups(g, g.group_out, depth * g.group_in, g.group_in));
}

template <class S>
void backward_input(const S* dz, View w, View dx, const Geometry& g) {
  for (std::int64_t i = 0; i < g.steps.stride[0]; ++i)
    for (std::int64_t j = 0; j < g.steps.stride[1]; ++j) {
      const Residue y(g, 0, i), x(g, 1, j);
      if (y.pixels > 0 && x.pixels > 0) backward_residue(dz, w, dx.data<S>() + (i * g.size[1] + j) * g.in, g, y, x);
    }
}

void forward(View x, View w, View b, View y, View pre, const Conv2dSteps& steps, Activation activation) {
  const Geometry g(x, w, y, steps);
  visit_float(y.dtype, [&]<class S>() {
    if (!g.depthwise()) return forward_of<S>(x, w, b, y, pre, g, activation);
    depthwise(x.data<S>(), w.data<S>(), y.data<S>(), Depthwise(g, false), {b.pointer, pre.pointer, activation});
  });
}

void backward(View x, View w, View saved, View dy, View dx, View dw, View db, const Conv2dSteps& steps,
              Activation activation) {
  const Geometry g(dx.defined() ? dx : x, w, dy, steps);
  const InnerGradient inner(activation, dy, saved, db, g.out_pixels(), g.out);
  visit_float(dy.dtype, [&]<class S>() {
    const S* dz = static_cast<const S*>(inner.data);
    if (g.depthwise()) {
      if (dw.defined()) depthwise_weights(x.data<S>(), dz, dw.data<S>(), Depthwise(g, false));
      if (dx.defined()) depthwise(dz, w.data<S>(), dx.data<S>(), Depthwise(g, true), {});
      return;
    }
    if (dw.defined()) backward_weights<S>(x, dz, dw, g);
    if (dx.defined()) backward_input<S>(dz, w, dx, g);
  });
}

}  // namespace
const Conv2dKernels conv2d = {forward, backward};
TILESTACK_CUDA_TABLE(conv2d)
}  // namespace tilestack::cuda
