#pragma once
// Convolution with one channel a group: sums over taps, vectors of channels.
#include <type_traits>

#include "core/activate.h"
#include "core/gemm/pack.h"
#include "core/parallel.h"
#include "ops/conv2d/geometry.h"

namespace tilestack::TILESTACK_ISA {
namespace {

constexpr int kBlock = 4;  // neighbouring pixels computed together: they share the weights' loads

// w (channels, taps) to (taps, padded channels) in the type of the sums; flipped: the last tap first.
template <class S>
void depthwise_order(const S* w, Compute<S>* to, const Geometry& g, std::int64_t stride, bool flipped = false) {
  for (std::int64_t t = 0; t < g.taps(); ++t)
    for (std::int64_t c = 0; c < g.in; ++c)
      to[t * stride + c] = convert<Compute<S>>(w[c * g.taps() + (flipped ? g.taps() - 1 - t : t)]);
}

// Taps u of the kernel for which from + u * step is inside [0, size).
struct TapRange {
  std::int64_t begin, end;
  TILESTACK_INLINE TapRange(std::int64_t from, std::int64_t step, std::int64_t taps, std::int64_t size)
      : begin(0), end(taps) {
    if (from < 0) begin = (-from + step - 1) / step;
    if (from + (taps - 1) * step >= size) end = from < size ? (size - from + step - 1) / step : 0;
  }
};

// n elements from p on: a whole vector, or the last channels.
template <bool Whole, class S>
TILESTACK_INLINE Vec<Compute<S>> load_some(const S* p, std::int64_t n) {
  if constexpr (Whole) return load(p);
  return load_partial(p, n);
}
template <bool Whole, class S>
TILESTACK_INLINE void store_some(S* p, Vec<Compute<S>> v, std::int64_t n) {
  Whole ? store(p, v) : store_partial(p, v, n);
}

// f(std::bool_constant whole, c, n) for each vector of channels.
template <class T, class F>
TILESTACK_INLINE void each_vector(std::int64_t channels, F&& f) {
  std::int64_t c = 0;
  for (; c + kLanes<T> <= channels; c += kLanes<T>) f(std::true_type(), c, std::int64_t(kLanes<T>));
  if (c < channels) f(std::false_type(), c, channels - c);
}

// Sums over the taps of us and vs for Pixels neighbours, at one vector of channels. x: first tap of the first pixel;
// its steps between taps and pixels are in elements. w: tap 0.
struct TapSteps {
  std::int64_t u, v, pixel, weight_u, weight_v;
};
template <int Pixels, bool Whole, class S>
TILESTACK_INLINE void depthwise_sums(Vec<Compute<S>> (&sum)[Pixels], const S* x, const Compute<S>* w, TapSteps s,
                                     TapRange us, TapRange vs, std::int64_t n) {
  const std::int64_t taps = vs.end - vs.begin;
  for (std::int64_t u = us.begin; u < us.end; ++u) {
    const S* at = x + u * s.u + vs.begin * s.v;
    const Compute<S>* weight = w + u * s.weight_u + vs.begin * s.weight_v;
    const auto add = [&](std::int64_t v) __attribute__((always_inline)) {
      for (int p = 0; p < Pixels; ++p)
        sum[p] = fma(load_some<Whole>(at + v * s.v + p * s.pixel, n), load(weight + v * s.weight_v), sum[p]);
    };
    if (taps == 3) {
      for (int v = 0; v < 3; ++v) add(v);
    } else {
      for (std::int64_t v = 0; v < taps; ++v) add(v);
    }
  }
}

// One row of a depthwise product: out(j, c, n, whole, sum) gets the sums of pixel j. x: tap (0, 0) of pixel 0.
// from + v * step is the column of tap v at pixel 0, within [0, width); every pixel is `stride` columns further.
template <class S, class F>
TILESTACK_INLINE void depthwise_row(const S* x, const Compute<S>* w, TapSteps s, TapRange us, std::int64_t from,
                                    std::int64_t step, std::int64_t taps, std::int64_t stride, std::int64_t width,
                                    std::int64_t pixels, std::int64_t channels, F&& out) {
  using T = Compute<S>;
  for (std::int64_t j = 0; j < pixels;) {
    const std::int64_t first = from + j * stride, last = first + (kBlock - 1) * stride + (taps - 1) * step;
    const bool block = j + kBlock <= pixels && first >= 0 && last < width;
    const TapRange vs(first, step, taps, width);
    each_vector<T>(channels, [&](auto whole, std::int64_t c, std::int64_t n) {
      const S* at = x + j * s.pixel + c;
      if (block) {
        Vec<T> sum[kBlock] = {};
        depthwise_sums<kBlock, whole>(sum, at, w + c, s, us, vs, n);
        for (int p = 0; p < kBlock; ++p) out(j + p, c, n, whole, sum[p]);
      } else {
        Vec<T> sum[1] = {};
        depthwise_sums<1, whole>(sum, at, w + c, s, us, vs, n);
        out(j, c, n, whole, sum[0]);
      }
    });
    j += block ? kBlock : 1;
  }
}

// Kernels of 3 x 3 without dilation keep their weights in registers, and the columns that neighbouring windows share.
constexpr int kSmallKernel = 3;
template <class S>
constexpr bool kHasSmall = kSpecialCases && std::is_same_v<S, float>;  // the code of the others would seldom be called
TILESTACK_INLINE bool small_kernel(const Geometry& g) {
  return g.kernel[0] == kSmallKernel && g.kernel[1] == kSmallKernel && g.steps.dilation[0] == 1 &&
         g.steps.dilation[1] == 1 && g.steps.stride[1] <= 2;
}

// Three lines of an image under a row of windows; those outside of it are zeros.
template <class S>
struct SmallRows {
  const S *line[kSmallKernel], *next;                // next: the line after them
  std::int64_t step[kSmallKernel], width, channels;  // step: elements between pixels

  TILESTACK_INLINE SmallRows(const S* image, std::int64_t from_y, std::int64_t height, std::int64_t width,
                             std::int64_t channels)
      : next(image + (from_y + kSmallKernel) * width * channels), width(width), channels(channels) {
    for (int u = 0; u < kSmallKernel; ++u) {
      const bool inside = std::uint64_t(from_y + u) < std::uint64_t(height);
      line[u] = inside ? image + (from_y + u) * width * channels : reinterpret_cast<const S*>(kZeros);
      step[u] = inside ? channels : 0;
    }
  }
};

// The columns of the lines at the channels from c on, one after another.
template <bool Whole, class S>
struct SmallColumns {
  const S *at[kSmallKernel], *next;
  std::int64_t step[kSmallKernel], x, width, channels, n;

  TILESTACK_INLINE SmallColumns(const SmallRows<S>& rows, std::int64_t from, std::int64_t c, std::int64_t n)
      : next(rows.next + from * rows.channels + c), x(from), width(rows.width), channels(rows.channels), n(n) {
    for (int u = 0; u < kSmallKernel; ++u) {
      step[u] = rows.step[u];
      at[u] = rows.line[u] + (step[u] > 0 ? from * step[u] + c : 0);
    }
  }
  TILESTACK_INLINE void load(Vec<Compute<S>> (&column)[kSmallKernel]) {
    const bool inside = std::uint64_t(x++) < std::uint64_t(width);
    __builtin_prefetch(next);  // vectors are read too far apart for the processor to foresee
    next += channels;
    for (int u = 0; u < kSmallKernel; ++u) {
      column[u] = inside ? load_some<Whole>(at[u], n) : Vec<Compute<S>>{};
      at[u] += step[u];
    }
  }
};

// f(j, columns) for each of `pixels` windows of a row, the first from column `from` on.
template <int Stride, bool Whole, class S, class F>
TILESTACK_INLINE void each_small_window(const SmallRows<S>& rows, std::int64_t from, std::int64_t pixels,
                                        std::int64_t c, std::int64_t n, F&& f) {
  SmallColumns<Whole, S> in(rows, from, c, n);
  Vec<Compute<S>> columns[kSmallKernel][kSmallKernel];
  for (int v = 0; v < kSmallKernel - Stride; ++v) in.load(columns[v + Stride]);
#pragma GCC unroll 2
  for (std::int64_t j = 0; j < pixels; ++j) {
    for (int v = 0; v < kSmallKernel - Stride; ++v)
      for (int u = 0; u < kSmallKernel; ++u) columns[v][u] = columns[v + Stride][u];
    for (int v = kSmallKernel - Stride; v < kSmallKernel; ++v) in.load(columns[v]);
    f(j, columns);
  }
}

// out (pixels, channels): one row of a product with w (9, w_stride).
template <int Stride, class S>
void small_row(const SmallRows<S>& rows, const Compute<S>* w, std::int64_t w_stride, std::int64_t from,
               std::int64_t pixels, std::int64_t channels, const S* bias, S* out) {
  using T = Compute<S>;
  each_vector<T>(channels, [&](auto whole, std::int64_t c, std::int64_t n) {
    Vec<T> weights[kSmallKernel][kSmallKernel];
    for (int t = 0; t < kSmallKernel * kSmallKernel; ++t)
      weights[t / kSmallKernel][t % kSmallKernel] = load(w + t * w_stride + c);
    const Vec<T> start = bias ? load_some<whole>(bias + c, n) : Vec<T>{};
    S* to = out + c;
    each_small_window<Stride, whole>(rows, from, pixels, c, n,
                                     [&](std::int64_t, const auto& columns) __attribute__((always_inline)) {
                                       Vec<T> sum[kSmallKernel] = {start};
                                       for (int v = 0; v < kSmallKernel; ++v)
                                         for (int u = 0; u < kSmallKernel; ++u)
                                           sum[u] = fma(columns[v][u], weights[u][v], sum[u]);
                                       __builtin_prefetch(to + pixels * channels, 1);
                                       store_some<whole>(to, sum[0] + (sum[1] + sum[2]), n);
                                       to += channels;
                                     });
  });
}

// sums (9, stride) += x dz over a row of windows.
template <int Stride, class S>
void small_weights_row(const SmallRows<S>& rows, const S* dz, std::int64_t from, std::int64_t pixels,
                       std::int64_t channels, Compute<S>* sums, std::int64_t stride) {
  using T = Compute<S>;
  each_vector<T>(channels, [&](auto whole, std::int64_t c, std::int64_t n) {
    Vec<T> total[kSmallKernel][kSmallKernel] = {};
    each_small_window<Stride, whole>(rows, from, pixels, c, n,
                                     [&](std::int64_t j, const auto& columns) __attribute__((always_inline)) {
                                       const Vec<T> d = load_some<whole>(dz + j * channels + c, n);
                                       for (int v = 0; v < kSmallKernel; ++v)
                                         for (int u = 0; u < kSmallKernel; ++u)
                                           total[u][v] = fma(columns[v][u], d, total[u][v]);
                                     });
    for (int t = 0; t < kSmallKernel * kSmallKernel; ++t) {
      T* to = sums + t * stride + c;
      store(to, load(to) + total[t / kSmallKernel][t % kSmallKernel]);
    }
  });
}

template <class S>
void depthwise_forward(View x, View w, View b, View y, View pre, const Geometry& g, Activation activation) {
  using T = Compute<S>;
  const std::int64_t stride = up(g.in, kLanes<T>) * kLanes<T>, width = g.out_size[1];
  Scratch<T> weights(g.taps() * stride);
  depthwise_order(w.data<S>(), weights.data, g, stride);
  const S* bias = b.data<S>();
  const bool small = kHasSmall<S> && small_kernel(g);
  const TapSteps s{g.steps.dilation[0] * g.size[1] * g.in, g.steps.dilation[1] * g.in, g.steps.stride[1] * g.in,
                   g.kernel[1] * stride, stride};
  parallel_rows(g.batch * g.out_size[0], width * g.in * g.taps() / 4, [&](std::int64_t row) {
    const std::int64_t from_y = row % g.out_size[0] * g.steps.stride[0] - g.steps.padding[0];
    S* out = y.data<S>() + row * width * g.in;
    if (kHasSmall<S> && small) {
      const S* image = x.data<S>() + row / g.out_size[0] * g.size[0] * g.size[1] * g.in;
      const SmallRows<S> rows(image, from_y, g.size[0], g.size[1], g.in);
      const auto run = g.steps.stride[1] == 1 ? small_row<1, S> : small_row<2, S>;
      run(rows, weights.data, stride, -g.steps.padding[1], width, g.in, bias, out);
    } else {
      const TapRange us(from_y, g.steps.dilation[0], g.kernel[0], g.size[0]);
      const S* image =
          x.data<S>() + ((row / g.out_size[0] * g.size[0] + from_y) * g.size[1] - g.steps.padding[1]) * g.in;
      depthwise_row(image, weights.data, s, us, -g.steps.padding[1], g.steps.dilation[1], g.kernel[1],
                    g.steps.stride[1], g.size[1], width, g.in,
                    [&](std::int64_t j, std::int64_t c, std::int64_t n, auto whole, Vec<T> sum)
                        __attribute__((always_inline)) {
                          if (bias) sum += load_some<whole>(bias + c, n);
                          store_some<whole>(out + j * g.in + c, sum, n);
                        });
    }
    if (pre.defined()) __builtin_memcpy(pre.data<S>() + row * width * g.in, out, std::size_t(width * g.in) * sizeof(S));
    if (activation == Activation::none) return;
    each_vector<T>(width * g.in, [&](auto whole, std::int64_t c, std::int64_t n) {
      store_some<whole>(out + c, activate(activation, load_some<whole>(out + c, n)), n);
    });
  });
}

// dx at a pixel is the sum over the taps through which y saw it.
template <class S>
void depthwise_input(const S* dz, View w, View dx, const Geometry& g) {
  using T = Compute<S>;
  const std::int64_t stride = up(g.in, kLanes<T>) * kLanes<T>, height = g.out_size[0], width = g.out_size[1];
  Scratch<T> weights(g.taps() * stride);
  const bool small = kHasSmall<S> && small_kernel(g) && g.steps.stride[0] == 1 && g.steps.stride[1] == 1;
  depthwise_order(w.data<S>(), weights.data, g, stride, small);
  parallel_rows(g.batch * g.size[0], g.size[1] * g.in * g.taps() / 4, [&](std::int64_t row) {
    if (kHasSmall<S> && small) {
      const SmallRows<S> rows(dz + row / g.size[0] * height * width * g.in,
                              row % g.size[0] + g.steps.padding[0] + 1 - kSmallKernel, height, width, g.in);
      return small_row<1>(rows, weights.data, stride, g.steps.padding[1] + 1 - kSmallKernel, g.size[1], g.in,
                          static_cast<const S*>(nullptr), dx.data<S>() + row * g.size[1] * g.in);
    }
    const std::int64_t i = row % g.size[0] / g.steps.stride[0];
    const Residue y(g, 0, row % g.size[0] % g.steps.stride[0]);
    const TapRange us(i + y.shift, y.step, y.taps, height);
    for (std::int64_t residue = 0; residue < g.steps.stride[1]; ++residue) {
      const Residue x(g, 1, residue);
      const S* image = dz + ((row / g.size[0] * height + i + y.shift) * width + x.shift) * g.in;
      const TapSteps s{y.step * width * g.in, x.step * g.in, g.in, -y.every * g.kernel[1] * stride, -x.every * stride};
      S* out = dx.data<S>() + (row * g.size[1] + residue) * g.in;
      depthwise_row(
          image, weights.data + (y.first * g.kernel[1] + x.first) * stride, s, us, x.shift, x.step, x.taps, 1, width,
          x.pixels, g.in,
          [&](std::int64_t j, std::int64_t c, std::int64_t n, auto whole, Vec<T> sum)
              __attribute__((always_inline)) { store_some<whole>(out + j * g.steps.stride[1] * g.in + c, sum, n); });
    }
  });
}

// dw = sums over pixels of x dz. Rows of y are summed in chunks, the chunks in order.
template <class S>
void depthwise_weights(View x, const S* dz, View dw, const Geometry& g) {
  using T = Compute<S>;
  constexpr int L = kLanes<T>;
  const std::int64_t stride = up(g.in, L) * L, size = g.taps() * stride, width = g.out_size[1];
  const std::int64_t rows = g.batch * g.out_size[0], grain = 1 + 4 * kElementGrain / (width * g.in * g.taps() / 4 + 1);
  const std::int64_t chunks = (rows + grain - 1) / grain;
  Scratch<T> sums(chunks * size + 1);
  parallel_for(rows, grain, [&](std::int64_t begin, std::int64_t end) {
    T* sum = sums + begin / grain * size;
    for (std::int64_t e = 0; e < size; e += L) store(sum + e, Vec<T>{});
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t from_y = row % g.out_size[0] * g.steps.stride[0] - g.steps.padding[0];
      if (kHasSmall<S> && small_kernel(g)) {
        const SmallRows<S> rows(x.data<S>() + row / g.out_size[0] * g.size[0] * g.size[1] * g.in, from_y, g.size[0],
                                g.size[1], g.in);
        const auto run = g.steps.stride[1] == 1 ? small_weights_row<1, S> : small_weights_row<2, S>;
        run(rows, dz + row * width * g.in, -g.steps.padding[1], width, g.in, sum, stride);
        continue;
      }
      const TapRange us(from_y, g.steps.dilation[0], g.kernel[0], g.size[0]);
      const S* image = x.data<S>() + (row / g.out_size[0] * g.size[0] + from_y) * g.size[1] * g.in;
      for (std::int64_t u = us.begin; u < us.end; ++u)
        for (std::int64_t v = 0; v < g.kernel[1]; ++v) {
          const std::int64_t from_x = v * g.steps.dilation[1] - g.steps.padding[1];
          const TapRange js(from_x, g.steps.stride[1], width, g.size[1]);
          const S* line = image + (u * g.steps.dilation[0] * g.size[1] + from_x) * g.in;
          T* to = sum + (u * g.kernel[1] + v) * stride;
          each_vector<T>(g.in, [&](auto whole, std::int64_t c, std::int64_t n) {
            const auto product = [&](std::int64_t j, Vec<T> sum) __attribute__((always_inline)) {
              return fma(load_some<whole>(line + j * g.steps.stride[1] * g.in + c, n),
                         load_some<whole>(dz + (row * width + j) * g.in + c, n), sum);
            };
            Vec<T> total = load(to + c), odd{};  // two chains, so that products do not wait for one another
            std::int64_t j = js.begin;
            for (; j + 2 <= js.end; j += 2) {
              total = product(j, total);
              odd = product(j + 1, odd);
            }
            if (j < js.end) total = product(j, total);
            total += odd;
            store(to + c, total);
          });
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
