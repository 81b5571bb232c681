#pragma once
// Convolution with one channel a group where images lie plane by plane: sums over taps, vectors of neighbouring
// columns. 3 x 3 taps are read from the planes themselves, with zeros for what is beyond them; for other kernels a
// plane is copied, a block of rows at a time, into the first cache with a border of zeros.
#include "core/activate.h"
#include "core/gemm/gradient.h"
#include "core/gemm/pack.h"
#include "core/parallel.h"
#include "ops/conv2d/geometry.h"

namespace tilestack::TILESTACK_ISA {
namespace {

constexpr std::int64_t kPlaneFloats = 4096;  // of a block of rows
constexpr std::int64_t kFewestColumns = 7;   // of images that are worth vectors along columns
constexpr std::int64_t kAheadFloats = 2048;  // that are fetched early: planes follow one another
constexpr int kPlaneRows = 7;                // that share the load of a weight: sides are often multiples of 7
constexpr int kPlaneTaps = 5;                // that share the load of a gradient

// Rows [first_y, first_y + rows) and columns [first_x, first_x + width) of a plane whose elements are spread `spread`
// apart, with zeros between and around them.
struct PlaneBlock {
  std::int64_t height, wide;  // of the plane
  std::int64_t spread_y, spread_x, first_x, width;

  void copy(const float* plane, std::int64_t first_y, std::int64_t rows, float* to) const {
    __builtin_memset(to, 0, std::size_t(rows * width) * sizeof(float));
    const std::int64_t x0 = first_x > 0 ? up(first_x, spread_x) : 0;
    const std::int64_t x1 = least(wide, up(first_x + width, spread_x));
    for (std::int64_t y = first_y > 0 ? up(first_y, spread_y) : 0; y < height && y * spread_y < first_y + rows; ++y) {
      const float* from = plane + y * wide;
      float* line = to + (y * spread_y - first_y) * width - first_x;
      if (spread_x > 1) {
        for (std::int64_t x = x0; x < x1; ++x) line[x * spread_x] = from[x];
        continue;
      }
      // Whole vectors, whose zeros fall on the border and on rows that are yet to come.
      for (std::int64_t x = x0; x < x1; x += kLanes<float>) store(line + x, load_upto(from + x, x1 - x));
    }
  }
};

// Where the taps of a kernel are in a block, and where their weights.
struct PlaneTaps {
  std::int64_t high, wide, step_y, step_x;  // in elements of the block
  TILESTACK_INLINE std::int64_t count() const { return high * wide; }
  TILESTACK_INLINE std::int64_t offset(std::int64_t tap) const { return tap / wide * step_y + tap % wide * step_x; }
};

// Some lanes of a vector, from p on; the others are zeros, and not read.
#if defined(__AVX512F__)
using Lanes = __mmask16;
TILESTACK_INLINE Lanes lanes_between(std::int64_t from, std::int64_t to) {
  return Lanes((1u << to) - 1) & Lanes(~0u << from);
}
TILESTACK_INLINE Lanes lanes_if(bool wanted, Lanes lanes) { return wanted ? lanes : Lanes(0); }
TILESTACK_INLINE VecF load_lanes(const float* p, Lanes lanes) { return (VecF)_mm512_maskz_loadu_ps(lanes, p); }
#else
using Lanes = VecI;
TILESTACK_INLINE Lanes lanes_between(std::int64_t from, std::int64_t to) {
  Lanes lanes;
  for (int i = 0; i < kLanes<float>; ++i) lanes[i] = i >= from && i < to ? -1 : 0;
  return lanes;
}
TILESTACK_INLINE Lanes lanes_if(bool wanted, Lanes lanes) { return lanes & splat(wanted ? -1 : 0); }
TILESTACK_INLINE VecF load_lanes(const float* p, Lanes lanes) {
#if defined(__AVX2__)
  return (VecF)_mm256_maskload_ps(p, (__m256i)lanes);
#else
  VecF v{};
  for (int i = 0; i < kLanes<float>; ++i)
    if (lanes[i]) v[i] = p[i];
  return v;
#endif
}
#endif

// A plane of float32 from (first_y, first_x) on, which may be outside of it. Three vectors of neighbouring columns, a
// column apart, at column j of a row; zeros outside of the plane.
struct PlaneColumns {
  const float* first;
  std::int64_t height, wide, first_y, first_x;

  TILESTACK_INLINE PlaneColumns(const float* plane, std::int64_t height, std::int64_t wide, std::int64_t first_y,
                                std::int64_t first_x)
      : first(plane + first_y * wide + first_x), height(height), wide(wide), first_y(first_y), first_x(first_x) {}

  TILESTACK_INLINE void lanes_at(std::int64_t j, Lanes (&lanes)[3]) const {
    constexpr std::int64_t L = kLanes<float>;
    for (int v = 0; v < 3; ++v) {
      const std::int64_t x = first_x + j + v;
      lanes[v] = lanes_between(least(most(-x, 0), L), least(most(wide - x, 0), L));
    }
  }
  TILESTACK_INLINE void load_row(std::int64_t i, std::int64_t j, const Lanes (&lanes)[3], VecF (&columns)[3]) const {
    const bool inside = std::uint64_t(first_y + i) < std::uint64_t(height);
    for (int v = 0; v < 3; ++v) columns[v] = load_lanes(first + i * wide + j + v, lanes_if(inside, lanes[v]));
  }
};

// Sums of products with the kernel at each step of a plane.
struct PlaneProduct {
  PlaneBlock block;
  PlaneTaps taps;
  std::int64_t first_y, step_y, step_x;  // of windows, in rows and columns of the block
  std::int64_t rows, cols;               // of the result

  TILESTACK_INLINE std::int64_t seen(std::int64_t count) const {  // rows of the block under `count` rows of the result
    return (count - 1) * step_y + (taps.high - 1) * taps.step_y / block.width + 1;
  }
  TILESTACK_INLINE std::int64_t block_rows() const { return most(1, least(rows, kPlaneFloats / block.width / step_y)); }
  TILESTACK_INLINE std::int64_t size() const {  // sums come kPlaneRows rows at a time
    return seen(up(block_rows(), kPlaneRows) * kPlaneRows) * block.width + 2 * kLanes<float>;
  }
  TILESTACK_INLINE int small_step() const {  // between rows of windows of 3 x 3 taps without dilation, else 0
    const bool small = taps.high == 3 && taps.wide == 3 && taps.step_x == 1 && taps.step_y == block.width;
    return small && step_y <= 2 ? int(step_y) : 0;
  }
  // Planes that need no copy.
  TILESTACK_INLINE bool reads_plane() const { return small_step() > 0 && block.spread_y == 1 && block.spread_x == 1; }

  void run(const float* plane, const float* weights, const std::int64_t* offsets, float bias, float* out,
           float* space) const {
    const VecF start = splat(bias);
    if (reads_plane())
      return add_small({plane, block.height, block.wide, first_y, block.first_x}, weights, start, rows, out);
    const std::int64_t high = block_rows();
    for (std::int64_t begin = 0; begin < rows; begin += high) {
      const std::int64_t count = least(high, rows - begin), visible = seen(count);
      block.copy(plane, first_y + begin * step_y, visible, space);
      if (small_step() > 0) {
        add_small({space, visible, block.width, 0, 0}, weights, start, count, out + begin * cols);
      } else if (step_y == 1 && taps.step_y == block.width && (taps.high == 5 || taps.high == 7)) {
        taps.high == 5 ? add_rows<5>(space, weights, start, count, out + begin * cols)
                       : add_rows<7>(space, weights, start, count, out + begin * cols);
      } else {
        add_taps(space, weights, offsets, start, count, out + begin * cols);
      }
    }
  }

 private:
  TILESTACK_INLINE std::int64_t columns() const { return (cols - 1) * step_x + 1; }

  void add_taps(const float* x, const float* weights, const std::int64_t* offsets, VecF start, std::int64_t count,
                float* out) const {
    const std::int64_t step = step_y * block.width;
    for (std::int64_t i = 0; i < count; i += kPlaneRows)
      for (std::int64_t j = last_vector(); j >= 0; j -= kLanes<float>) {
        VecF sum[kPlaneRows];
        for (int r = 0; r < kPlaneRows; ++r) sum[r] = start;
        for (std::int64_t t = 0; t < taps.count(); ++t)
          for (int r = 0; r < kPlaneRows; ++r)
            sum[r] = fma(load(x + (i + r) * step + j + offsets[t]), splat(weights[t]), sum[r]);
        for (int r = 0; r < kPlaneRows; ++r)
          if (i + r < count) put(out, i + r, j, count, sum[r]);
      }
  }

  // Rows of taps that are neighbours, as rows of windows are: a vector of x is loaded once for all sums that see it.
  template <int High>
  void add_rows(const float* x, const float* weights, VecF start, std::int64_t count, float* out) const {
    for (std::int64_t i = 0; i < count; i += kPlaneRows)
      for (std::int64_t j = last_vector(); j >= 0; j -= kLanes<float>) {
        VecF sum[kPlaneRows];
        for (int r = 0; r < kPlaneRows; ++r) sum[r] = start;
#pragma GCC unroll 16
        for (int row = 0; row < kPlaneRows + High - 1; ++row)
#pragma GCC unroll 1
          for (std::int64_t v = 0; v < taps.wide; ++v) {
            const VecF in = load(x + (i + row) * block.width + j + v * taps.step_x);
#pragma GCC unroll 16
            for (int r = 0; r < kPlaneRows; ++r)
              if (row >= r && row - r < High) sum[r] = fma(in, splat(weights[(row - r) * taps.wide + v]), sum[r]);
          }
        for (int r = 0; r < kPlaneRows; ++r)
          if (i + r < count) put(out, i + r, j, count, sum[r]);
      }
  }

  TILESTACK_INLINE void add_small(const PlaneColumns& x, const float* weights, VecF start, std::int64_t count,
                                  float* out) const {
    step_y == 1 ? add_small_by<1>(x, weights, start, count, out) : add_small_by<2>(x, weights, start, count, out);
  }
  // Each row of x is loaded once: what it adds to the sums of the next rows of windows goes on with the loop.
  template <int StepY>
  void add_small_by(PlaneColumns x, const float* weights, VecF start, std::int64_t count, float* out) const {
    VecF splats[3][3], in[3];
    for (int t = 0; t < 9; ++t) splats[t / 3][t % 3] = splat(weights[t]);
    const auto dot = [&](int u) __attribute__((always_inline)) {
      return fma(in[2], splats[u][2], fma(in[1], splats[u][1], in[0] * splats[u][0]));
    };
    for (std::int64_t j = last_vector(); j >= 0; j -= kLanes<float>) {
      Lanes lanes[3];
      x.lanes_at(j, lanes);
      x.load_row(0, j, lanes, in);
      VecF first = start + dot(0), second{};  // taps of the next window but one, and of the next
      if (StepY == 1) {
        x.load_row(1, j, lanes, in);
        second = first + dot(1);
        first = start + dot(0);
      }
      for (std::int64_t i = 0; i < count; ++i) {
        if (StepY == 2) {
          x.load_row(2 * i + 1, j, lanes, in);
          second = first + dot(1);
        }
        x.load_row(StepY * i + 2, j, lanes, in);
        __builtin_prefetch(x.first + (StepY * i + 2) * x.wide + j + kAheadFloats);
        put(out, i, j, count, second + dot(2));
        if (StepY == 1) second = first + dot(1);
        first = start + dot(0);
      }
    }
  }

  // Vectors go from right to left: what one writes beyond the end of a row is overwritten, but at the end of all.
  TILESTACK_INLINE std::int64_t last_vector() const { return (columns() - 1) / kLanes<float> * kLanes<float>; }
  TILESTACK_INLINE void put(float* out, std::int64_t i, std::int64_t j, std::int64_t count, VecF sum) const {
    float* line = out + i * cols;
    if (step_x > 1) {
      put_some(line, j, sum);
    } else if ((count - i) * cols - j >= kLanes<float>) {
      store(line + j, sum);
    } else {
      store_upto(line + j, sum, cols - j);
    }
  }
  // Every step_x-th column.
  TILESTACK_INLINE void put_some(float* line, std::int64_t j, VecF sum) const {
    float lanes[kLanes<float>];
    store(lanes, sum);
    for (std::int64_t k = up(j, step_x); k * step_x < least(j + kLanes<float>, columns()); ++k)
      line[k] = lanes[k * step_x - j];
  }
};

// The taps of one channel as floats, in the order of offsets; flipped: the last first.
TILESTACK_INLINE void plane_weights(const float* w, std::int64_t taps, bool flipped, float* to) {
  for (std::int64_t t = 0; t < taps; ++t) to[t] = w[flipped ? taps - 1 - t : t];
}

// cols: of steps, at least those between the first window and the last
PlaneProduct plane_forward(const Geometry& g, std::int64_t cols) {
  const auto [dy, dx] = g.steps.dilation;
  const std::int64_t width = cols + (g.kernel[1] - 1) * dx;
  return {{g.size[0], g.size[1], 1, 1, -g.steps.padding[1], width},
          {g.kernel[0], g.kernel[1], dy * width, dx},
          -g.steps.padding[0],
          g.steps.stride[0],
          g.steps.stride[1],
          g.out_size[0],
          g.out_size[1]};
}

// x sees y's gradient, spread by the strides, with the kernel turned round.
PlaneProduct plane_input(const Geometry& g) {
  const auto [dy, dx] = g.steps.dilation;
  const std::int64_t span_y = (g.kernel[0] - 1) * dy, span_x = (g.kernel[1] - 1) * dx, width = g.size[1] + span_x;
  return {{g.out_size[0], g.out_size[1], g.steps.stride[0], g.steps.stride[1], g.steps.padding[1] - span_x, width},
          {g.kernel[0], g.kernel[1], dy * width, dx},
          g.steps.padding[0] - span_y,
          1,
          1,
          g.size[0],
          g.size[1]};
}

// f(plane) with memory for its weights, offsets and block.
template <class F>
void each_plane(const PlaneProduct& product, std::int64_t planes, F&& f) {
  const std::int64_t taps = product.taps.count();
  const std::int64_t work = product.rows * product.cols * product.step_x * taps / 4 + 1;
  parallel_for(planes, up(kElementGrain, work), [&](std::int64_t begin, std::int64_t end) {
    const Scratch<std::int64_t> offsets(taps);
    const Scratch<float> space(taps + product.size());
    for (std::int64_t t = 0; t < taps; ++t) offsets[t] = product.taps.offset(t);
    for (; begin < end; ++begin) f(begin, offsets.data, space.data, space + taps);
  });
}

// Columns from the first window to the last.
TILESTACK_INLINE std::int64_t plane_cols(const Geometry& g) { return (g.out_size[1] - 1) * g.steps.stride[1] + 1; }

void plane_depthwise_forward(View x, View w, View b, View y, View pre, const Geometry& g, Activation activation) {
  const PlaneProduct product = plane_forward(g, plane_cols(g));
  const std::int64_t size = g.out_size[0] * g.out_size[1];
  each_plane(product, g.batch * g.in, [&](std::int64_t p, const std::int64_t* offsets, float* weights, float* space) {
    const std::int64_t c = p % g.in;
    float* out = y.data<float>() + p * size;
    plane_weights(w.data<float>() + c * g.taps(), g.taps(), false, weights);
    product.run(x.data<float>() + p * g.size[0] * g.size[1], weights, offsets, b.defined() ? b.data<float>()[c] : 0,
                out, space);
    if (pre.defined()) __builtin_memcpy(pre.data<float>() + p * size, out, std::size_t(size) * sizeof(float));
    if (activation == Activation::none) return;
    for (std::int64_t i = 0; i < size; i += kLanes<float>)
      store_upto(out + i, activate(activation, load_upto(out + i, size - i)), size - i);
  });
}

void plane_depthwise_input(const float* dz, View w, View dx, const Geometry& g) {
  const PlaneProduct product = plane_input(g);
  each_plane(product, g.batch * g.in, [&](std::int64_t p, const std::int64_t* offsets, float* weights, float* space) {
    plane_weights(w.data<float>() + p % g.in * g.taps(), g.taps(), true, weights);
    product.run(dz + p * g.out_size[0] * g.out_size[1], weights, offsets, 0,
                dx.data<float>() + p * g.size[0] * g.size[1], space);
  });
}

// sums[t] += x dz for kPlaneTaps taps, over rows of both blocks that are whole vectors wide.
TILESTACK_INLINE void add_plane_taps(const float* x, std::int64_t x_step, const float* dz, std::int64_t dz_step,
                                     const std::int64_t* offsets, std::int64_t rows, float* sums) {
  VecF sum[kPlaneTaps] = {};
  for (std::int64_t i = 0; i < rows; ++i, x += x_step, dz += dz_step)
    for (std::int64_t j = 0; j < dz_step; j += kLanes<float>)
      for (int t = 0; t < kPlaneTaps; ++t) sum[t] = fma(load(x + j + offsets[t]), load(dz + j), sum[t]);
  for (int t = 0; t < kPlaneTaps; ++t) sums[t] += sum_lanes(sum[t]);
}

// All 3 x 3 of them, where windows are a row and a column apart: each vector of x meets the gradients of the three rows
// that see it. next_x, next_dz: what comes after this, fetched meanwhile
TILESTACK_INLINE void add_small_plane_taps(PlaneColumns x, const float* dz, std::int64_t rows, std::int64_t cols,
                                           VecF (&sums)[9], const float* next_x, const float* next_dz) {
  VecF sum[9];
  for (int t = 0; t < 9; ++t) sum[t] = sums[t];
  for (std::int64_t j = 0; j < cols; j += kLanes<float>) {
    Lanes lanes[3];
    x.lanes_at(j, lanes);
    const Lanes wanted = lanes_between(0, least(cols - j, kLanes<float>));
    VecF d[3] = {};
    for (std::int64_t i = 0; i < rows + 2; ++i) {
      VecF in[3];
      d[2] = d[1];
      d[1] = d[0];
      d[0] = load_lanes(dz + i * cols + j, lanes_if(i < rows, wanted));
      x.load_row(i, j, lanes, in);
      __builtin_prefetch(next_x + i * x.wide + j);
      __builtin_prefetch(next_dz + i * cols + j);
      for (int v = 0; v < 3; ++v)
        for (int u = 0; u < 3; ++u) sum[u * 3 + v] = fma(in[v], d[u], sum[u * 3 + v]);
    }
  }
  for (int t = 0; t < 9; ++t) sums[t] = sum[t];
}

// dw of 3 x 3 taps with stride 1, channel by channel.
TILESTACK_INLINE void small_plane_weights(View x, const float* dz, View dw, const Geometry& g) {
  const std::int64_t size = g.size[0] * g.size[1], dz_size = g.out_size[0] * g.out_size[1];
  parallel_rows(g.in, g.batch * dz_size * 9 / 4, [&](std::int64_t c) {
    VecF sums[9] = {};
    for (std::int64_t n = 0; n < g.batch; ++n) {
      const std::int64_t p = n * g.in + c;
      const float *const plane = x.data<float>() + p * size, *const d = dz + p * dz_size;
      add_small_plane_taps({plane, g.size[0], g.size[1], -g.steps.padding[0], -g.steps.padding[1]}, d, g.out_size[0],
                           g.out_size[1], sums, plane + g.in * size, d + g.in * dz_size);
    }
    for (int t = 0; t < 9; ++t) dw.data<float>()[c * 9 + t] = sum_lanes(sums[t]);
  });
}

// dw of a channel = the sums over images of x dz: one task sums a channel, image by image.
void plane_depthwise_weights(View x, const float* dz, View dw, const Geometry& g) {
  const std::int64_t width = up(plane_cols(g), kLanes<float>) * kLanes<float>;
  const PlaneProduct product = plane_forward(g, width);
  const PlaneBlock gradient{g.out_size[0], g.out_size[1], 1, g.steps.stride[1], 0, width};
  if (product.reads_plane() && product.step_y == 1 && product.step_x == 1) return small_plane_weights(x, dz, dw, g);
  const std::int64_t rows = product.block_rows();
  const std::int64_t taps = g.taps(), padded = up(taps, kPlaneTaps) * kPlaneTaps;
  const std::int64_t work = g.batch * g.out_size[0] * gradient.width * taps / 4 + 1;
  parallel_for(g.in, up(kElementGrain, work), [&](std::int64_t begin, std::int64_t end) {
    const Scratch<std::int64_t> offsets(padded);
    const Scratch<float> space(padded + product.size() + rows * gradient.width);
    float *const sums = space, *const block = space + padded, *const d = block + product.size();
    for (std::int64_t t = 0; t < padded; ++t) offsets[t] = product.taps.offset(least(t, taps - 1));
    for (std::int64_t c = begin; c < end; ++c) {
      for (std::int64_t t = 0; t < padded; ++t) sums[t] = 0;
      for (std::int64_t n = 0; n < g.batch; ++n)
        for (std::int64_t i = 0; i < g.out_size[0]; i += rows) {
          const std::int64_t p = n * g.in + c, count = least(rows, g.out_size[0] - i);
          product.block.copy(x.data<float>() + p * g.size[0] * g.size[1], product.first_y + i * product.step_y,
                             product.seen(count), block);
          gradient.copy(dz + p * g.out_size[0] * g.out_size[1], i, count, d);
          for (std::int64_t t = 0; t < padded; t += kPlaneTaps)
            add_plane_taps(block, product.step_y * product.block.width, d, gradient.width, offsets + t, count,
                           sums + t);
        }
      for (std::int64_t t = 0; t < taps; ++t) dw.data<float>()[c * taps + t] = sums[t];
    }
  });
}

// db = the sums of each channel of dz.
TILESTACK_INLINE void plane_bias(const float* dz, View db, const Geometry& g) {
  const std::int64_t size = g.out_size[0] * g.out_size[1];
  parallel_rows(g.out, g.batch * size, [&](std::int64_t c) {
    VecF total{};
    for (std::int64_t n = 0; n < g.batch; ++n)
      for (std::int64_t i = 0; i < size; i += kLanes<float>)
        total += load_upto(dz + (n * g.out + c) * size + i, size - i);
    db.data<float>()[c] = sum_lanes(total);
  });
}

void plane_depthwise_backward(View x, View w, View saved, View dy, View dx, View dw, View db, const Geometry& g,
                              Activation activation) {
  const InnerGradient<float> dz(activation, dy, saved, {}, g.out_pixels() * g.out / g.out_size[1], g.out_size[1]);
  if (db.defined()) plane_bias(dz.data, db, g);
  if (dw.defined()) plane_depthwise_weights(x, dz.data, dw, g);
  if (dx.defined()) plane_depthwise_input(dz.data, w, dx, g);
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
