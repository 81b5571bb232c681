// A convolution is a product of the matrix of windows with the weights; so are both of its gradients.
#include "ops/conv2d/conv2d.h"

#include "core/gemm/gradient.h"
#include "ops/conv2d/depthwise.h"
#include "ops/conv2d/depthwise_planes.h"
#include "ops/conv2d/direct.h"
#include "ops/conv2d/geometry.h"
#include "ops/conv2d/image_lanes_weights.h"
#include "ops/conv2d/winograd.h"
#include "ops/copy/copy.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// to[t * tap_stride + o * out_stride + c] = w[o, c, tap] for outputs [0, out), with t counting the taps of both
// residues.
template <class S>
void order_weights(const S* w, S* to, const Geometry& g, std::int64_t out, const Residue& y, const Residue& x,
                   std::int64_t tap_stride, std::int64_t out_stride) {
  parallel_rows(out, g.group_in * y.taps * x.taps, [&](std::int64_t o) {
    const S* from = w + o * g.group_in * g.taps();
    for (std::int64_t a = 0; a < y.taps; ++a)
      for (std::int64_t b = 0; b < x.taps; ++b) {
        const std::int64_t tap = (y.first - a * y.every) * g.kernel[1] + x.first - b * x.every;
        S* line = to + (a * x.taps + b) * tap_stride + o * out_stride;
        for (std::int64_t c = 0; c < g.group_in; ++c) line[c] = from[c * g.taps() + tap];
      }
  });
}

// (out, channels, taps) to (out, taps, channels): the order of the columns of the matrix of windows.
template <class S>
void to_window_order(const S* w, S* to, const Geometry& g) {
  const std::int64_t taps = g.taps(), channels = g.group_in;
  parallel_rows(g.out, taps * channels, [&](std::int64_t o) {
    for (std::int64_t t = 0; t < taps; ++t)
      for (std::int64_t c = 0; c < channels; ++c) to[(o * taps + t) * channels + c] = w[(o * channels + c) * taps + t];
  });
}

template <class S, class T>
void from_window_order(const T* sums, S* dw, const Geometry& g) {
  const std::int64_t taps = g.taps(), channels = g.group_in;
  parallel_rows(g.out, taps * channels, [&](std::int64_t o) {
    for (std::int64_t t = 0; t < taps; ++t)
      for (std::int64_t c = 0; c < channels; ++c)
        dw[(o * channels + c) * taps + t] = convert<S>(sums[(o * taps + t) * channels + c]);
  });
}

template <class S>
GemmOperand matrix(const S* data, std::int64_t row_stride, std::int64_t depth_stride) {
  return {.data = data, .dtype = dtype_of<S>, .row_stride = row_stride, .depth_stride = depth_stride};
}
template <class S>
GemmOperand window_matrix(const S* data, const Windows& windows, bool transposed = false) {
  return {.data = data, .dtype = dtype_of<S>, .windows = &windows, .transposed = transposed};
}

// Whether windows are read where they lie. Pixels of channels-last images are a matrix already.
TILESTACK_INLINE bool runs_direct(const Geometry& g, const Windows& windows) {
  const bool matrix = g.pointwise() && windows.channel_stride == 1;
  return !matrix && fits_direct(windows);
}

// Whether lanes are images.
TILESTACK_INLINE bool runs_in_lanes(const Geometry& g, const Windows& windows, std::int64_t out) {
  const bool matrix = g.pointwise() && windows.channel_stride == 1;
  return !matrix && fits_image_lanes(windows, g.batch, out);
}

TILESTACK_INLINE bool sums_in_lanes(const Geometry& g, const Windows& windows) {
  return runs_in_lanes(g, windows, g.group_out) && fits_image_lanes_weights(windows, g.batch, g.groups, g.group_out);
}

// The rows of a group in y.
template <class S>
GemmOutput group_output(View b, View y, View pre, const Geometry& g, std::int64_t group, Activation activation) {
  const std::int64_t first = group * g.group_out;
  GemmOutput c{.data = y.data<S>() + first, .dtype = y.dtype, .row_stride = g.out, .activation = activation};
  if (b.defined()) c.bias = b.data<S>() + first;
  if (pre.defined()) c.pre = pre.data<S>() + first;
  return c;
}

template <class S>
void forward_of(View x, View w, View b, View y, View pre, const Geometry& g, Activation activation) {
  const Windows windows = g.windows(x);
  if constexpr (std::is_same_v<S, float>) {
    if (fits_winograd(windows, g.batch, g.group_out)) {
      for (std::int64_t group = 0; group < g.groups; ++group)
        winograd(windows, g.batch, x.data<S>() + group * g.group_in,
                 {w.data<S>() + group * g.group_out * g.group_in * g.taps(), g.group_in * g.taps(), g.taps(), false},
                 g.group_out, group_output<S>(b, y, pre, g, group, activation));
      return;
    }
    if (runs_in_lanes(g, windows, g.group_out))
      return image_lanes(
          windows, g.batch, g.groups, x.data<S>(), {w.data<S>(), g.group_in * g.taps(), g.taps(), g.kernel[1], 1},
          g.group_out * g.group_in * g.taps(), g.group_out, group_output<S>(b, y, pre, g, 0, activation));
    if (runs_direct(g, windows)) {
      for (std::int64_t group = 0; group < g.groups; ++group)
        direct(windows, g.batch, x.data<S>() + group * g.group_in * windows.channel_stride,
               {w.data<S>() + group * g.group_out * g.group_in * g.taps(), g.group_in * g.taps(), g.taps(), g.kernel[1],
                1},
               g.group_out, group_output<S>(b, y, pre, g, group, activation));
      return;
    }
  }
  const std::int64_t depth = g.taps() * g.group_in;
  const bool ordered = g.taps() == 1 || g.group_in == 1;
  Scratch<S> memory(ordered ? 1 : g.out * depth);
  if (!ordered) to_window_order(w.data<S>(), memory.data, g);
  const S* weights = ordered ? w.data<S>() : memory.data;
  for (std::int64_t group = 0; group < g.groups; ++group) {
    const std::int64_t first = group * g.group_out;
    const S* pixels = x.data<S>() + group * g.group_in;
    gemm.run({g.out_pixels(), g.group_out, depth,
              g.pointwise() ? matrix(pixels, g.in, 1) : window_matrix(pixels, windows),
              matrix(weights + first * depth, depth, 1), group_output<S>(b, y, pre, g, group, activation)});
  }
}

// dw = the windows of x, transposed, times dz.
template <class S>
void backward_weights(View x, const S* dz, View dw, const Geometry& g) {
  const Windows windows = g.windows(x);
  if constexpr (std::is_same_v<S, float>) {
    if (fits_winograd(windows, g.batch, g.group_out)) {
      for (std::int64_t group = 0; group < g.groups; ++group)
        winograd_weights(windows, g.batch, x.data<S>() + group * g.group_in, dz + group * g.group_out, g.out,
                         g.group_out, dw.data<S>() + group * g.group_out * g.group_in * g.taps());
      return;
    }
    if (sums_in_lanes(g, windows))
      return image_lanes_weights(windows, g.batch, g.groups, x.data<S>(), dz, g.group_out, dw.data<S>());
    if (runs_direct(g, windows) && fits_direct_weights(windows, g.batch, g.group_out)) {
      for (std::int64_t group = 0; group < g.groups; ++group)
        direct_weights(windows, g.batch, x.data<S>() + group * g.group_in * windows.channel_stride,
                       dz + group * g.group_out, g.out, g.group_out,
                       dw.data<S>() + group * g.group_out * g.group_in * g.taps());
      return;
    }
  }
  using T = Compute<S>;
  const std::int64_t depth = g.taps() * g.group_in;
  const bool ordered = g.taps() == 1 || g.group_in == 1;
  const bool direct = ordered && __is_same(S, T);
  Scratch<T> memory(direct ? 1 : g.out * depth);
  T* sums = direct ? dw.data<T>() : memory.data;
  for (std::int64_t group = 0; group < g.groups; ++group) {
    const std::int64_t first = group * g.group_out;
    const S* pixels = x.data<S>() + group * g.group_in;
    gemm.run({g.group_out,
              depth,
              g.out_pixels(),
              matrix(dz + first, 1, g.out),
              g.pointwise() ? matrix(pixels, 1, g.in) : window_matrix(pixels, windows, true),
              {.data = sums + first * depth, .dtype = dtype_of<T>, .row_stride = depth}});
  }
  if (!direct) from_window_order(sums, dw.data<S>(), g);
}

// The pixels of dx of one residue in each direction: windows of dz times the taps that they meet.
template <class S>
void backward_residue(const S* dz, View w, S* dx, const Geometry& g, const Residue& y, const Residue& x) {
  const Windows windows = windows_of(g, y, x);
  if constexpr (std::is_same_v<S, float>) {
    if (fits_winograd(windows, g.batch, g.group_in) && g.steps.stride[0] == 1 && g.steps.stride[1] == 1) {
      for (std::int64_t group = 0; group < g.groups; ++group)
        winograd(windows, g.batch, dz + group * g.group_out,
                 {w.data<S>() + group * g.group_out * g.group_in * g.taps(), g.taps(), g.group_in * g.taps(), true},
                 g.group_in, output_of(g, y, x, dx + group * g.group_in, dtype_of<S>));
      return;
    }
    if (runs_in_lanes(g, windows, g.group_in))
      return image_lanes(windows, g.batch, g.groups, dz,
                         {w.data<S>() + y.first * g.kernel[1] + x.first, g.taps(), g.group_in * g.taps(),
                          -y.every * g.kernel[1], -x.every},
                         g.group_out * g.group_in * g.taps(), g.group_in, output_of(g, y, x, dx, dtype_of<S>));
    if (runs_direct(g, windows)) {
      for (std::int64_t group = 0; group < g.groups; ++group)
        direct(windows, g.batch, dz + group * g.group_out,
               {w.data<S>() + group * g.group_out * g.group_in * g.taps() + y.first * g.kernel[1] + x.first, g.taps(),
                g.group_in * g.taps(), -y.every * g.kernel[1], -x.every},
               g.group_in, output_of(g, y, x, dx + group * g.group_in, dtype_of<S>));
      return;
    }
  }
  const std::int64_t depth = y.taps * x.taps * g.group_out;
  Scratch<S> weights(depth * g.group_in + 1);
  for (std::int64_t group = 0; group < g.groups; ++group) {
    order_weights(w.data<S>() + group * g.group_out * g.group_in * g.taps(), weights.data, g, g.group_out, y, x,
                  g.group_out * g.group_in, g.group_in);
    const S* pixels = dz + group * g.group_out;
    const GemmOutput c = output_of(g, y, x, dx + group * g.group_in, dtype_of<S>);
    gemm.run({g.batch * y.pixels * x.pixels, g.group_in, depth,
              g.pointwise() ? matrix(pixels, g.out, 1) : window_matrix(pixels, windows),
              matrix(weights.data, 1, g.group_in), c});
  }
}

template <class S>
void backward_input(const S* dz, View w, View dx, const Geometry& g) {
  for (std::int64_t i = 0; i < g.steps.stride[0]; ++i)
    for (std::int64_t j = 0; j < g.steps.stride[1]; ++j) {
      const Residue y(g, 0, i), x(g, 1, j);
      if (y.pixels > 0 && x.pixels > 0) backward_residue(dz, w, dx.data<S>() + (i * g.size[1] + j) * g.in, g, y, x);
    }
}

// Whether one of them shows that all are planes: where none does, they are both.
TILESTACK_INLINE bool any_planes(const View& x, const View& y, const View& dx) {
  for (const View* v : {&x, &y, &dx})
    if (v->defined() && !v->is_channels_last()) return true;
  return false;
}

// Few channels of 16-bit floats go the way of float32: there is no product of pairs to gain.
constexpr std::int64_t kFewChannels = 32;
TILESTACK_INLINE bool widens(const Geometry& g, DType dtype) {
  return size_of(dtype) == 2 && g.group_in < kFewChannels;
}

// The same in float32. Results are converted at the end.
class Widened {
 public:
  explicit Widened(const View& from, bool result = false)
      : memory_(from.defined() ? from.numel() : 1), from_(from), result_(result && from.defined()), view(from) {
    if (!from.defined()) return;
    view.dtype = DType::float32;
    view.pointer = memory_.data;
    if (!result) copy.forward(from, view);
  }
  Widened(const Widened&) = delete;
  Widened& operator=(const Widened&) = delete;
  ~Widened() {
    if (result_) copy.forward(view, from_);
  }

 private:
  Scratch<float> memory_;
  View from_;
  bool result_;

 public:
  View view;
};

void forward(View x, View w, View b, View y, View pre, const Conv2dSteps& steps, Activation activation) {
  const Geometry g(x, w, y, steps);
  if (widens(g, y.dtype))
    return forward(Widened(x).view, Widened(w).view, Widened(b).view, Widened(y, true).view, Widened(pre, true).view,
                   steps, activation);
  if (kSpecialCases && g.depthwise() && y.dtype == DType::float32 && any_planes(x, y, {}))
    return plane_depthwise_forward(x, w, b, y, pre, g, activation);
  visit_float(y.dtype, [&]<class S>() {
    if constexpr (std::is_same_v<S, Compute<S>>)
      if (g.depthwise()) return depthwise_forward<S>(x, w, b, y, pre, g, activation);
    forward_of<S>(x, w, b, y, pre, g, activation);
  });
}

void backward(View x, View w, View saved, View dy, View dx, View dw, View db, const Conv2dSteps& steps,
              Activation activation) {
  const Geometry g(dx.defined() ? dx : x, w, dy, steps);
  if (widens(g, dy.dtype))
    return backward(Widened(x).view, Widened(w).view, Widened(saved).view, Widened(dy).view, Widened(dx, true).view,
                    Widened(dw, true).view, Widened(db, true).view, steps, activation);
  if (kSpecialCases && g.depthwise() && dy.dtype == DType::float32 && any_planes(x, dy, dx))
    return plane_depthwise_backward(x, w, saved, dy, dx, dw, db, g, activation);
  visit_float(dy.dtype, [&]<class S>() {
    const InnerGradient<S> dz(activation, dy, saved, db, g.out_pixels(), g.out);
    if constexpr (std::is_same_v<S, Compute<S>>)
      if (g.depthwise()) {
        if (dw.defined()) depthwise_weights<S>(x, dz.data, dw, g);
        if (dx.defined()) depthwise_input<S>(dz.data, w, dx, g);
        return;
      }
    if (dw.defined()) backward_weights<S>(x, dz.data, dw, g);
    if (dx.defined()) backward_input<S>(dz.data, w, dx, g);
  });
}

Planes planes(View x, View w, View y, const Conv2dSteps& steps) {
  const Geometry g(x, w, y, steps);
  if (x.dtype != DType::float32 && !widens(g, x.dtype)) return Planes::none;
  if (g.depthwise()) return kSpecialCases && g.size[1] >= kFewestColumns ? Planes::all : Planes::none;
  const Windows windows = g.windows(x);
  const bool direct = runs_direct(g, windows) && fits_direct_weights(windows, g.batch, g.group_out);
  return direct && !fits_winograd(windows, g.batch, g.group_out) ? Planes::x : Planes::none;
}

}  // namespace
constinit const Conv2dKernels conv2d = {forward, backward, planes};
}  // namespace tilestack::TILESTACK_ISA
