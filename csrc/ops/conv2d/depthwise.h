#pragma once
// Convolution with one channel a group: sums over taps, vectors of channels.
#include "core/activate.h"
#include "ops/conv2d/geometry.h"

namespace tilestack::TILESTACK_ISA {
namespace {

constexpr int kBlock = 4;  // neighbouring pixels computed together: they share the weights' loads

// w (channels, taps) to (taps, padded channels) in the type of the sums.
template <class S>
void depthwise_order(const S* w, Compute<S>* to, const Geometry& g, std::int64_t stride) {
  for (std::int64_t t = 0; t < g.taps(); ++t)
    for (std::int64_t c = 0; c < g.in; ++c) to[t * stride + c] = convert<Compute<S>>(w[c * g.taps() + t]);
}

// Taps u of the kernel for which from + u * step is inside [0, size).
struct TapRange {
  std::int64_t begin, end;
  TILESTACK_INLINE TapRange(std::int64_t from, std::int64_t step, std::int64_t taps, std::int64_t size) : begin(0), end(taps) {
    if (from < 0) begin = (-from + step - 1) / step;
    if (from + (taps - 1) * step >= size) end = from < size ? (size - from + step - 1) / step : 0;
  }
};

template <class S>
TILESTACK_INLINE Vec<Compute<S>> load_some(const S* p, std::int64_t n) {
  return n >= kLanes<Compute<S>> ? load(p) : load_partial(p, n);
}
template <class S>
TILESTACK_INLINE void store_some(S* p, Vec<Compute<S>> v, std::int64_t n) {
  n >= kLanes<Compute<S>> ? store(p, v) : store_partial(p, v, n);
}

// Sums of `Pixels` neighbours of one row of y and n channels; all of them meet the taps of `us` and `vs`.
template <int Pixels, class S>
TILESTACK_INLINE void depthwise_sums(Vec<Compute<S>> (&sum)[Pixels], const S* x, const Compute<S>* w,
                                     std::int64_t w_stride, const Geometry& g, TapRange us, TapRange vs, std::int64_t n) {
  const std::int64_t step = g.steps.stride[1] * g.in;
  for (std::int64_t u = us.begin; u < us.end; ++u)
    for (std::int64_t v = vs.begin; v < vs.end; ++v) {
      const S* at = x + (u * g.steps.dilation[0] * g.size[1] + v * g.steps.dilation[1]) * g.in;
      const Vec<Compute<S>> weight = load(w + (u * g.kernel[1] + v) * w_stride);
      for (int p = 0; p < Pixels; ++p) sum[p] = fma(load_some(at + p * step, n), weight, sum[p]);
    }
}

template <class S>
void depthwise_forward(View x, View w, View b, View y, View pre, const Geometry& g, Activation activation) {
  using T = Compute<S>;
  constexpr int L = kLanes<T>;
  const std::int64_t stride = (g.in + L - 1) / L * L, width = g.out_size[1];
  Scratch<T> weights(g.taps() * stride);
  depthwise_order(w.data<S>(), weights.data, g, stride);
  const S* bias = b.data<S>();
  parallel_rows(g.batch * g.out_size[0], width * g.in * g.taps() / 4, [&](std::int64_t row) {
    const std::int64_t from_y = row % g.out_size[0] * g.steps.stride[0] - g.steps.padding[0];
    const TapRange us(from_y, g.steps.dilation[0], g.kernel[0], g.size[0]);
    const S* image = x.data<S>() + (row / g.out_size[0] * g.size[0] + from_y) * g.size[1] * g.in;
    const auto finish = [&](Vec<T> sum, std::int64_t j, std::int64_t c, std::int64_t n) {
      const std::int64_t at = (row * width + j) * g.out + c;
      if (bias) sum += load_some(bias + c, n);
      if (pre.defined()) store_some(pre.data<S>() + at, sum, n);
      store_some(y.data<S>() + at, activate(activation, sum), n);
    };
    for (std::int64_t j = 0; j < width;) {
      const std::int64_t from_x = j * g.steps.stride[1] - g.steps.padding[1];
      const std::int64_t last_x = from_x + (kBlock - 1) * g.steps.stride[1];
      const TapRange vs(from_x, g.steps.dilation[1], g.kernel[1], g.size[1]);
      const bool block = j + kBlock <= width && from_x >= 0 &&
                         last_x + (g.kernel[1] - 1) * g.steps.dilation[1] < g.size[1];
      for (std::int64_t c = 0; c < g.in; c += L) {
        const std::int64_t n = g.in - c;
        const S* at = image + from_x * g.in + c;
        if (block) {
          Vec<T> sum[kBlock] = {};
          depthwise_sums<kBlock>(sum, at, weights + c, stride, g, us, vs, n);
          for (int p = 0; p < kBlock; ++p) finish(sum[p], j + p, c, n);
        } else {
          Vec<T> sum[1] = {};
          depthwise_sums<1>(sum, at, weights + c, stride, g, us, vs, n);
          finish(sum[0], j, c, n);
        }
      }
      j += block ? kBlock : 1;
    }
  });
}

// dx at a pixel is the sum over the taps through which y saw it.
template <class S>
void depthwise_input(const S* dz, View w, View dx, const Geometry& g) {
  using T = Compute<S>;
  constexpr int L = kLanes<T>;
  const std::int64_t stride = (g.in + L - 1) / L * L;
  Scratch<T> weights(g.taps() * stride);
  depthwise_order(w.data<S>(), weights.data, g, stride);
  parallel_rows(g.batch * g.size[0], g.size[1] * g.in * g.taps() / 4, [&](std::int64_t row) {
    const std::int64_t height = g.out_size[0], width = g.out_size[1], i = row % g.size[0];
    const Residue y(g, 0, i % g.steps.stride[0]);
    const TapRange us(i / g.steps.stride[0] + y.shift, y.step, y.taps, height);
    const S* image = dz + (row / g.size[0] * height + i / g.steps.stride[0] + y.shift) * width * g.in;
    for (std::int64_t residue = 0; residue < g.steps.stride[1]; ++residue) {
      const Residue x(g, 1, residue);
      for (std::int64_t j = 0; j < x.pixels; ++j) {
        const TapRange vs(j + x.shift, x.step, x.taps, width);
        S* out = dx.data<S>() + (row * g.size[1] + residue + j * g.steps.stride[1]) * g.in;
        for (std::int64_t c = 0; c < g.in; c += L) {
          const std::int64_t n = g.in - c;
          Vec<T> sum{};
          for (std::int64_t u = us.begin; u < us.end; ++u)
            for (std::int64_t v = vs.begin; v < vs.end; ++v) {
              const std::int64_t tap = (y.first - u * y.every) * g.kernel[1] + x.first - v * x.every;
              const S* from = image + (u * y.step * width + j + x.shift + v * x.step) * g.in + c;
              sum = fma(load_some(from, n), load(weights + tap * stride + c), sum);
            }
          store_some(out + c, sum, n);
        }
      }
    }
  });
}

// dw = sums over pixels of x dz. Rows of y are summed in chunks, the chunks in order.
template <class S>
void depthwise_weights(View x, const S* dz, View dw, const Geometry& g) {
  using T = Compute<S>;
  constexpr int L = kLanes<T>;
  const std::int64_t stride = (g.in + L - 1) / L * L, size = g.taps() * stride, width = g.out_size[1];
  const std::int64_t rows = g.batch * g.out_size[0], grain = 1 + 4 * kElementGrain / (width * g.in * g.taps() / 4 + 1);
  const std::int64_t chunks = (rows + grain - 1) / grain;
  Scratch<T> sums(chunks * size + 1);
  parallel_for(rows, grain, [&](std::int64_t begin, std::int64_t end) {
    T* sum = sums + begin / grain * size;
    for (std::int64_t e = 0; e < size; e += L) store(sum + e, Vec<T>{});
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t from_y = row % g.out_size[0] * g.steps.stride[0] - g.steps.padding[0];
      const TapRange us(from_y, g.steps.dilation[0], g.kernel[0], g.size[0]);
      const S* image = x.data<S>() + (row / g.out_size[0] * g.size[0] + from_y) * g.size[1] * g.in;
      for (std::int64_t u = us.begin; u < us.end; ++u)
        for (std::int64_t v = 0; v < g.kernel[1]; ++v) {
          const std::int64_t from_x = v * g.steps.dilation[1] - g.steps.padding[1];
          const TapRange js(from_x, g.steps.stride[1], width, g.size[1]);
          const S* line = image + (u * g.steps.dilation[0] * g.size[1] + from_x) * g.in;
          T* to = sum + (u * g.kernel[1] + v) * stride;
          for (std::int64_t c = 0; c < g.in; c += L) {
            const std::int64_t n = g.in - c;
            Vec<T> total = load(to + c);
            for (std::int64_t j = js.begin; j < js.end; ++j)
              total = fma(load_some(line + j * g.steps.stride[1] * g.in + c, n),
                          load_some(dz + (row * width + j) * g.in + c, n), total);
            store(to + c, total);
          }
        }
    }
  });
  for (std::int64_t c = 0; c < g.in; ++c)
    for (std::int64_t t = 0; t < g.taps(); ++t) {
      T total = 0;
      for (std::int64_t i = 0; i < chunks; ++i) total += sums[i * size + t * stride + c];
      dw.data<S>()[c * g.taps() + t] = convert<S>(total);
    }
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
