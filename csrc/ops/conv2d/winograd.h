#pragma once
// Kernels with stride 1 by fewer multiplications (Winograd, 1980; Lavin and Gray, 2016): F(4 x 4, 3 x 3) takes 36
// products of each pair of channels for 4 x 4 outputs, not 144; larger kernels are taken apart into 3 x 3. Tiles of the
// images and the weights are evaluated at the products of the points 0, +-1/sqrt(2), +-sqrt(2) and infinity in each
// direction. At each of these 36 points the convolution is a matrix product over channels, and its result interpolates
// to a tile of outputs. Among the sets of points with cheap transforms this one has the smallest rounding errors: two
// to four times those of plain sums.
#include "core/activate.h"
#include "core/gemm/micro_kernel.h"
#include "core/gemm/pack.h"
#include "core/parallel.h"
#include "ops/conv2d/geometry.h"

namespace tilestack::TILESTACK_ISA {
namespace {

constexpr std::int64_t kSide = 4;             // of a tile of outputs
constexpr int kPointsWide = 6, kPoints = 36;  // kSide + 3 - 1, squared
constexpr std::int64_t kBlockDepth = 64;  // interpolation magnifies the rounding errors of sums: these are kept short
constexpr std::int64_t kMostTaps = 7;     // in each direction
constexpr float kLow = 0.70710678f, kHigh = 1.41421356f;  // the points: kLow^2 = 1/2, kHigh^2 = 2

// Each in one direction. Values at the points of a line of the image, B^T x.
struct ImageLine {
  static constexpr int from = kPointsWide, to = kPointsWide;
  TILESTACK_INLINE static void apply(const VecF (&x)[from], VecF (&v)[to]) {
    const VecF even_low = x[4] - 2.0f * x[2], odd_low = x[3] - 2.0f * x[1];
    const VecF even_high = x[4] - 0.5f * x[2], odd_high = x[3] - 0.5f * x[1];
    v[0] = x[4] - 2.5f * x[2] + x[0];
    v[1] = even_low + kLow * odd_low;
    v[2] = even_low - kLow * odd_low;
    v[3] = even_high + kHigh * odd_high;
    v[4] = even_high - kHigh * odd_high;
    v[5] = x[5] - 2.5f * x[3] + x[1];
  }
};
// Of the weights, G w.
struct WeightLine {
  static constexpr int from = 3, to = kPointsWide;
  TILESTACK_INLINE static void apply(const VecF (&w)[from], VecF (&u)[to]) {
    const VecF even_low = w[0] + 0.5f * w[2], even_high = w[0] + 2.0f * w[2];
    u[0] = w[0];
    u[1] = (even_low + kLow * w[1]) * (-2.0f / 3);
    u[2] = (even_low - kLow * w[1]) * (-2.0f / 3);
    u[3] = (even_high + kHigh * w[1]) * (1.0f / 6);
    u[4] = (even_high - kHigh * w[1]) * (1.0f / 6);
    u[5] = w[2];
  }
};
// Outputs from their values at the points, A^T m.
struct OutputLine {
  static constexpr int from = kPointsWide, to = int(kSide);
  TILESTACK_INLINE static void apply(const VecF (&m)[from], VecF (&y)[to]) {
    const VecF even_low = m[1] + m[2], odd_low = kLow * (m[1] - m[2]);
    const VecF even_high = m[3] + m[4], odd_high = kHigh * (m[3] - m[4]);
    y[0] = m[0] + even_low + even_high;
    y[1] = odd_low + odd_high;
    y[2] = 0.5f * even_low + 2.0f * even_high;
    y[3] = 0.5f * odd_low + 2.0f * odd_high + m[5];
  }
};
// The transposes of the last two, for the gradient of the weights: A dy and G^T u.
struct GradientLine {
  static constexpr int from = int(kSide), to = kPointsWide;
  TILESTACK_INLINE static void apply(const VecF (&y)[from], VecF (&m)[to]) {
    const VecF even_low = y[0] + 0.5f * y[2], odd_low = y[1] + 0.5f * y[3];
    const VecF even_high = y[0] + 2.0f * y[2], odd_high = y[1] + 2.0f * y[3];
    m[0] = y[0];
    m[1] = even_low + kLow * odd_low;
    m[2] = even_low - kLow * odd_low;
    m[3] = even_high + kHigh * odd_high;
    m[4] = even_high - kHigh * odd_high;
    m[5] = y[3];
  }
};
struct WeightGradientLine {
  static constexpr int from = kPointsWide, to = 3;
  TILESTACK_INLINE static void apply(const VecF (&u)[from], VecF (&w)[to]) {
    const VecF even_low = (u[1] + u[2]) * (-2.0f / 3), odd_low = (u[1] - u[2]) * (-2.0f / 3);
    const VecF even_high = (u[3] + u[4]) * (1.0f / 6), odd_high = (u[3] - u[4]) * (1.0f / 6);
    w[0] = u[0] + even_low + even_high;
    w[1] = kLow * odd_low + kHigh * odd_high;
    w[2] = 0.5f * even_low + 2.0f * even_high + u[5];
  }
};

// In both directions: store(i, j, v) gets the transform of load(i, j).
template <class Line, class Load, class Store>
TILESTACK_INLINE void transform(Load&& load, Store&& store) {
  VecF half[Line::to][Line::from];
#pragma GCC unroll 1
  for (int j = 0; j < Line::from; ++j) {
    VecF from[Line::from], to[Line::to];
#pragma GCC unroll 6
    for (int i = 0; i < Line::from; ++i) from[i] = load(i, j);
    Line::apply(from, to);
#pragma GCC unroll 6
    for (int i = 0; i < Line::to; ++i) half[i][j] = to[i];
  }
#pragma GCC unroll 1
  for (int i = 0; i < Line::to; ++i) {
    VecF to[Line::to];
    Line::apply(half[i], to);
#pragma GCC unroll 6
    for (int j = 0; j < Line::to; ++j) store(i, j, to[j]);
  }
}

// The tiles of the outputs that windows have, in order.
struct Tiles {
  struct Place {
    std::int64_t image, y, x;  // of a tile's first output
  };
  std::int64_t rows, cols, count;
  TILESTACK_INLINE Tiles(const Windows& w, std::int64_t batch)
      : rows(up(w.rows, kSide)), cols(up(w.cols, kSide)), count(batch * rows * cols) {}
  TILESTACK_INLINE Place at(std::int64_t tile) const {
    return {tile / (rows * cols), tile / cols % rows * kSide, tile % cols * kSide};
  }
  TILESTACK_INLINE void advance(Place& p) const {
    if ((p.x += kSide) < cols * kSide) return;
    p.x = 0;
    if ((p.y += kSide) < rows * kSide) return;
    p.y = 0;
    ++p.image;
  }
};

// The blocks of 3 x 3 taps that a kernel is made of, the last ones with zeros. What they give is added up, as if of so
// many times the channels.
struct TapBlocks {
  std::int64_t high, wide, count;
  TILESTACK_INLINE explicit TapBlocks(const Windows& w)
      : high(up(w.taps_high, 3)), wide(up(w.taps_wide, 3)), count(high * wide) {}
  // The windows of one of them.
  TILESTACK_INLINE Windows of(Windows w, std::int64_t block) const {
    w.first_y += block / wide * 3;
    w.first_x += block % wide * 3;
    return w;
  }
  // Which tap of w is (u, v) of a block; none: -1.
  TILESTACK_INLINE std::int64_t tap(const Windows& w, std::int64_t block, int u, int v) const {
    const std::int64_t y = block / wide * 3 + u, x = block % wide * 3 + v;
    return y < w.taps_high && x < w.taps_wide ? y * w.taps_wide + x : -1;
  }
};

// One matrix for each point: `rows` rows of `cols` floats and of what spills over with a vector, in strides that spread
// over the sets of a cache.
struct PointMatrices {
  std::int64_t cols, row_stride, stride, size;
  TILESTACK_INLINE PointMatrices(std::int64_t rows, std::int64_t cols)
      : cols(cols),
        row_stride((up(cols + 15, 16) | 1) * 16),
        stride((up(rows * row_stride, 16) | 1) * 16),
        size(kPoints * stride) {}
};

// Rows [0, end - begin) of the matrices become the transforms of tiles [begin, end): Line::from pixels in each
// direction, from where the windows of a tile begin.
template <class Line>
void transform_tiles(const Windows& w, const Tiles& tiles, const float* data, std::int64_t begin, std::int64_t end,
                     float* to, const PointMatrices& matrices) {
  constexpr int L = kLanes<float>, side = Line::from;
  const auto place = [](std::int64_t i, std::int64_t size, std::int64_t stride) {  // -1 outside the image
    return std::uint64_t(i) < std::uint64_t(size) ? i * stride : -1;
  };
  Tiles::Place p = tiles.at(begin);
  for (std::int64_t tile = begin; tile < end; ++tile, tiles.advance(p), to += matrices.row_stride) {
    const float* image = data + p.image * w.image_stride;
    std::int64_t row[side], col[side];
    for (int i = 0; i < side; ++i) {
      row[i] = place(p.y + w.first_y + i, w.height, w.row_stride);
      col[i] = place(p.x + w.first_x + i, w.width, w.pixel_stride);
    }
    const float* at[side][side];
    for (int i = 0; i < side; ++i)
      for (int j = 0; j < side; ++j)
        at[i][j] = (row[i] | col[j]) < 0 ? reinterpret_cast<const float*>(kZeros) : image + row[i] + col[j];
    const auto vector_at = [&](std::int64_t from, std::int64_t c) {
      transform<Line>([&](int i, int j) __attribute__((always_inline)) { return load(at[i][j] + from); },
                      [&](int i, int j, VecF v) __attribute__((always_inline)) {
                        store(to + (i * kPointsWide + j) * matrices.stride + c, v);
                      });
    };
    std::int64_t c = 0;
    for (; c + L <= w.channels; c += L) vector_at(c, c);
    if (c == w.channels) continue;
    float last[side][side][L];
    for (int i = 0; i < side; ++i)
      for (int j = 0; j < side; ++j) {
        store(last[i][j], load_partial(at[i][j] + c, w.channels - c));
        at[i][j] = last[i][j];
      }
    vector_at(0, c);
  }
}

// The same of the windows of each block, side by side.
void transform_blocks(const Windows& w, const Tiles& tiles, const float* data, std::int64_t begin, std::int64_t end,
                      float* to, const PointMatrices& matrices) {
  const TapBlocks blocks(w);
  for (std::int64_t block = 0; block < blocks.count; ++block)
    transform_tiles<ImageLine>(blocks.of(w, block), tiles, data, begin, end, to + block * w.channels, matrices);
}

// w[o, c, u, v], wherever o and c are; flipped: both directions backwards.
struct WeightOrder {
  const float* data;
  std::int64_t out_stride, in_stride;
  bool flipped;
};

// Sums of products by point, in tiles of the micro-kernel: [point][strip of rows][panel of columns].
struct PointTiles {
  std::int64_t rows, cols, strips, height, panels, stride;
  TILESTACK_INLINE PointTiles(std::int64_t rows, std::int64_t cols)
      : rows(rows),
        cols(cols),
        strips(up(rows, kTileRows)),
        height(up(rows, strips)),
        panels(up(cols, kTileCols<float>)),
        stride(strips * panels * kTileSize<float> + 16) {}
  TILESTACK_INLINE std::int64_t size() const { return kPoints * stride; }
  TILESTACK_INLINE std::int64_t rows_of(std::int64_t strip) const { return least(height, rows - strip * height); }
  TILESTACK_INLINE std::int64_t cols_of(std::int64_t panel) const {
    return least(kTileCols<float>, cols - panel * kTileCols<float>);
  }
  TILESTACK_INLINE std::int64_t tile(std::int64_t point, std::int64_t strip, std::int64_t panel) const {
    return point * stride + (strip * panels + panel) * kTileSize<float>;
  }
  // Of point 0.
  TILESTACK_INLINE std::int64_t element(std::int64_t row, std::int64_t col) const {
    return tile(0, row / height, col / kTileCols<float>) + row % height * kTileCols<float> + col % kTileCols<float>;
  }
};

// The transforms of the weights of a channel and one panel of outputs: [point][block, channel][output], points `stride`
// apart.
void transform_weights(const Windows& w, const WeightOrder& order, std::int64_t out, std::int64_t panel,
                       std::int64_t channel, float* to, std::int64_t stride) {
  constexpr std::int64_t cols = kTileCols<float>;
  const std::int64_t count = w.taps_high * w.taps_wide;
  const TapBlocks blocks(w);
  float taps[kMostTaps * kMostTaps * cols];
  const float* rows[cols];
  for (std::int64_t j = 0; j < cols; ++j) {
    const std::int64_t o = panel * cols + j;
    rows[j] = o < out ? order.data + o * order.out_stride + channel * order.in_stride
                      : reinterpret_cast<const float*>(kZeros);
  }
  pack_rows<cols>(taps, rows, count);
  for (std::int64_t block = 0; block < blocks.count; ++block)
    for (std::int64_t j = 0; j < cols; j += kLanes<float>)
      transform<WeightLine>(
          [&](int u, int v) __attribute__((always_inline)) {
            const std::int64_t tap = blocks.tap(w, block, u, v);
            return tap < 0 ? VecF{} : load(taps + (order.flipped ? count - 1 - tap : tap) * cols + j);
          },
          [&](int u, int v, VecF x) __attribute__((always_inline)) {
            store(to + (u * kPointsWide + v) * stride + (block * w.channels + channel) * cols + j, x);
          });
}

// Interpolates the sums of a panel of outputs, from output `col` on, to tiles of y from `begin` on.
void write_tiles(const Windows& w, const Tiles& tiles, const float* sums, const PointTiles& s, std::int64_t begin,
                 std::int64_t col, const GemmOutput& c) {
  constexpr int L = kLanes<float>;
  Tiles::Place p = tiles.at(begin);
  for (std::int64_t r = 0; r < s.rows; ++r, tiles.advance(p)) {
    const std::int64_t first = ((p.image * w.rows + p.y) * w.cols + p.x) * c.row_stride + col;
    const std::int64_t high = least(kSide, w.rows - p.y), wide = least(kSide, w.cols - p.x);
    for (std::int64_t o = 0; o < s.cols; o += L) {
      const std::int64_t n = s.cols - o;
      const float* from = sums + s.element(r, o);
      VecF out[kSide][kSide], bias{};
      transform<OutputLine>(
          [&](int i, int j) __attribute__((always_inline)) { return load(from + (i * kPointsWide + j) * s.stride); },
          [&](int i, int j, VecF v) __attribute__((always_inline)) { out[i][j] = v; });
      if (c.bias) bias = load_upto(static_cast<const float*>(c.bias) + col + o, n);
      for (std::int64_t i = 0; i < high; ++i)
        for (std::int64_t j = 0; j < wide; ++j) {
          const std::int64_t at = first + (i * w.cols + j) * c.row_stride + o;
          VecF v = out[i][j] + bias;
          if (c.pre) store_upto(static_cast<float*>(c.pre) + at, v, n);
          if (c.activation != Activation::none) v = activate(c.activation, v);
          store_upto(static_cast<float*>(c.data) + at, v, n);
        }
    }
  }
}

constexpr std::int64_t kFewestChannels = 24;  // below, transforms take as long as they save
constexpr std::int64_t kFewestOutputs = 16, kMostChannels = sizeof kZeros / sizeof(float);
// Of the second cache; of the last; of the last beside small sums.
constexpr std::int64_t kBlockBytes = 384 << 10, kStageBytes = 8 << 20, kMiddleBytes = 2 << 20;
constexpr std::int64_t kFewWeights = 128 * 128;  // pairs of channels

bool fits_winograd(const Windows& w, std::int64_t batch, std::int64_t out) {
  const auto fits = [](std::int64_t taps) { return taps >= 3 && taps <= kMostTaps; };
  const bool saves_half = w.taps_high * w.taps_wide * kSide * kSide >= 2 * kPoints * TapBlocks(w).count;
  return kSpecialCases && fits(w.taps_high) && fits(w.taps_wide) && saves_half && w.tap_y == 1 && w.tap_x == 1 &&
         w.step_y == 1 && w.step_x == 1 && w.channels >= kFewestChannels && w.channels <= kMostChannels &&
         out >= kFewestOutputs && out <= kMostChannels && Tiles(w, batch).count >= kTileRows;
}

// How many tiles make a stage, if a tile takes `channels` floats at each point: what is between the steps of a stage
// stays in a cache.
TILESTACK_INLINE std::int64_t tiles_of_stage(std::int64_t bytes, std::int64_t channels, std::int64_t count) {
  const std::int64_t most_tiles = most(2 * kTileRows, bytes / (kPoints * std::int64_t(sizeof(float)) * channels));
  return up(up(count, up(count, most_tiles)), kTileRows) * kTileRows;
}

// One stage of a convolution: tiles [begin, begin + count), whose transforms are in `inputs`, times the weights of a
// panel of outputs.
void multiply_panel(const Windows& w, const Tiles& tiles, std::int64_t begin, std::int64_t count, const float* inputs,
                    const PointMatrices& layout, const float* weights, std::int64_t weight_stride, std::int64_t panel,
                    std::int64_t out, const GemmOutput& c) {
  const std::int64_t col = panel * kTileCols<float>;
  const PointTiles s(count, least(kTileCols<float>, out - col));
  const Scratch<float> sums(s.size());
  for (std::int64_t point = 0; point < kPoints; ++point)
    for (std::int64_t strip = 0; strip < s.strips; ++strip) {
      const float* rows = inputs + point * layout.stride + strip * s.height * layout.row_stride;
      gemm.tile({s.rows_of(strip), s.cols, layout.cols, kBlockDepth, rows, layout.row_stride, 1,
                 weights + point * weight_stride, kTileCols<float>, sums + s.tile(point, strip, 0), kTileCols<float>,
                 nullptr});
    }
  write_tiles(w, tiles, sums, s, begin, col, c);
}

// c = the windows of images times the weights of `out` outputs. Few weights are transformed once, and threads take
// stages; of many, each panel just before it is used, by the thread that takes it.
void winograd(const Windows& w, std::int64_t batch, const float* images, const WeightOrder& order, std::int64_t out,
              const GemmOutput& c) {
  const Tiles tiles(w, batch);
  const std::int64_t depth = TapBlocks(w).count * w.channels;
  const bool few = depth * out <= kFewWeights;
  const std::int64_t step = tiles_of_stage(few ? kBlockBytes : kStageBytes, depth, tiles.count);
  const std::int64_t stages = up(tiles.count, step), panels = up(out, kTileCols<float>);
  const std::int64_t panel_size = depth * kTileCols<float>, weight_stride = (few ? panels : 1) * panel_size + 16;
  const Scratch<float> weights(few ? kPoints * weight_stride : 1);
  if (few)
    parallel_for(panels * w.channels, kFewestChannels / 4, [&](std::int64_t i, std::int64_t end) {
      for (; i < end; ++i) {
        const std::int64_t panel = i / w.channels;
        transform_weights(w, order, out, panel, i % w.channels, weights + panel * panel_size, weight_stride);
      }
    });
  parallel_for(stages, few ? 1 : stages, [&](std::int64_t first, std::int64_t last) {
    const PointMatrices layout(least(step, tiles.count), depth);
    const Scratch<float> inputs(layout.size);
    for (std::int64_t begin = first * step; begin < least(last * step, tiles.count); begin += step) {
      const std::int64_t count = least(step, tiles.count - begin);
      parallel_for(count, kTileRows, [&](std::int64_t i, std::int64_t end) {
        transform_blocks(w, tiles, images, begin + i, begin + end, inputs + i * layout.row_stride, layout);
      });
      parallel_for(panels, 1, [&](std::int64_t panel, std::int64_t) {
        const Scratch<float> own(few ? 1 : kPoints * weight_stride);
        if (!few)
          for (std::int64_t c = 0; c < w.channels; ++c) transform_weights(w, order, out, panel, c, own, weight_stride);
        multiply_panel(w, tiles, begin, count, inputs, layout, few ? weights + panel * panel_size : own.data,
                       weight_stride, panel, out, c);
      });
    }
  });
}

// dw (out, channels, taps) = the sums over windows of x times dz, whose pixels are `dz_stride` apart.
void winograd_weights(const Windows& w, std::int64_t batch, const float* x, const float* dz, std::int64_t dz_stride,
                      std::int64_t out, float* dw) {
  constexpr int L = kLanes<float>;
  const Tiles tiles(w, batch);
  Windows seen = w;  // a tile of dz is what lies under its windows
  seen.first_y = seen.first_x = 0;
  seen.height = w.rows;
  seen.width = w.cols;
  seen.channels = out;
  seen.pixel_stride = dz_stride;
  seen.row_stride = w.cols * dz_stride;
  seen.image_stride = w.rows * seen.row_stride;
  const TapBlocks blocks(w);
  const std::int64_t depth = blocks.count * w.channels, taps = w.taps_high * w.taps_wide;
  const std::int64_t step = least(
      tiles_of_stage(depth * out <= kFewWeights ? kMiddleBytes : kStageBytes, depth + out, tiles.count), tiles.count);
  const PointMatrices inputs(step, depth), gradients(step, out);
  const PointTiles s(depth, out);
  const Scratch<float> space(inputs.size + gradients.size + s.size());
  float *const outputs = space + inputs.size, *const sums = outputs + gradients.size;
  for (std::int64_t begin = 0; begin < tiles.count; begin += step) {
    const std::int64_t count = least(step, tiles.count - begin);
    parallel_for(count, kTileRows, [&](std::int64_t i, std::int64_t end) {
      transform_blocks(w, tiles, x, begin + i, begin + end, space + i * inputs.row_stride, inputs);
      transform_tiles<GradientLine>(seen, tiles, dz, begin + i, begin + end, outputs + i * gradients.row_stride,
                                    gradients);
    });
    parallel_for(kPoints * s.strips, s.strips, [&](std::int64_t i, std::int64_t end) {
      for (; i < end; ++i) {
        const std::int64_t point = i / s.strips, strip = i % s.strips;
        for (std::int64_t panel = 0; panel < s.panels; ++panel) {
          float* const tile = sums + s.tile(point, strip, panel);
          gemm.tile({s.rows_of(strip), s.cols_of(panel), count, kBlockDepth,
                     space + point * inputs.stride + strip * s.height, 1, inputs.row_stride,
                     outputs + point * gradients.stride + panel * kTileCols<float>, gradients.row_stride, tile,
                     kTileCols<float>, begin > 0 ? tile : nullptr, kTileCols<float>});
        }
      }
    });
  }
  parallel_rows(depth, out * kPoints, [&](std::int64_t d) {
    const std::int64_t block = d / w.channels, channel = d % w.channels;
    for (std::int64_t o = 0; o < out; o += L) {
      const float* from = sums + s.element(d, o);
      float found[9][L];
      transform<WeightGradientLine>(
          [&](int i, int j) __attribute__((always_inline)) { return load(from + (i * kPointsWide + j) * s.stride); },
          [&](int i, int j, VecF v) __attribute__((always_inline)) { store(found[i * 3 + j], v); });
      for (int t = 0; t < 9; ++t) {
        const std::int64_t tap = blocks.tap(w, block, t / 3, t % 3);
        if (tap < 0) continue;
        for (std::int64_t k = 0; k < least(L, out - o); ++k)
          dw[((o + k) * w.channels + channel) * taps + tap] = found[t][k];
      }
    }
  });
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
