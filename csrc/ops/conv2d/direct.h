#pragma once
// Convolution without a matrix of windows: the micro-kernel reads each window where it lies, in a block of image rows
// that has a border of zeros and stays in the second cache. Its vectors run along the outputs or, where these are few,
// along a row of windows.
#include "core/gemm/micro_kernel.h"
#include "core/gemm/pack.h"
#include "core/once.h"
#include "core/parallel.h"
#include "ops/conv2d/geometry.h"

namespace tilestack::TILESTACK_ISA {
namespace {

constexpr std::int64_t kDirectBytes = 384 << 10;    // of a block of image rows
constexpr std::int64_t kDirectWeights = 48 << 10;   // up to which all are used for each row of windows
constexpr std::int64_t kDirectTaskWork = 1 << 19;   // multiply-adds
constexpr std::int64_t kDirectChunks = 16;          // partial sums of a gradient
constexpr std::int64_t kDirectSumBytes = 16 << 20;  // of them

// w[o, c, a, b] of the taps that windows have, wherever they are.
struct TapWeights {
  const float* data;
  std::int64_t out_stride, in_stride, tap_y, tap_x;

  TILESTACK_INLINE float at(std::int64_t o, std::int64_t c, std::int64_t a, std::int64_t b) const {
    return data[o * out_stride + c * in_stride + a * tap_y + b * tap_x];
  }
};

// Taps [first, first + count) of windows at `low` to `high` that meet an image of `size`, or one that does not.
struct TapSpan {
  std::int64_t first, count;

  TILESTACK_INLINE TapSpan(std::int64_t low, std::int64_t high, std::int64_t step, std::int64_t taps, std::int64_t size)
      : first(high < 0 ? least(up(-high, step), taps - 1) : 0),
        count(most((low < size ? least(up(size - low, step), taps) : 0) - first, 1)) {}
};

// Rows of an image that rows of windows see, as (row, column, channel) or, in planes, as (row, channel, column).
struct ImageBlock {
  const Windows& w;
  bool planes;
  std::int64_t width, step, size;  // of a row: columns, elements; of the block: elements

  TILESTACK_INLINE ImageBlock(const Windows& windows, std::int64_t window_rows, bool planes)
      : w(windows),
        planes(planes),
        width((w.cols - 1) * w.step_x + (w.taps_wide - 1) * w.tap_x + 1),
        step(width * w.channels),
        size(rows(window_rows) * step + w.taps_wide + 3 * kLanes<float>) {}
  TILESTACK_INLINE std::int64_t rows(std::int64_t window_rows) const {
    return (window_rows - 1) * w.step_y + (w.taps_high - 1) * w.tap_y + 1;
  }

  // Of the windows of rows [begin, end).
  void copy(const float* image, std::int64_t begin, std::int64_t end, float* to) const {
    const std::int64_t first = w.first_y + begin * w.step_y, count = rows(end - begin);
    for (std::int64_t y = first; y < first + count; ++y, to += step) {
      if (std::uint64_t(y) < std::uint64_t(w.height)) {
        copy_row(image + y * w.row_stride, to);
      } else {
        clear(to, step);
      }
    }
  }

 private:
  TILESTACK_INLINE static void clear(float* to, std::int64_t n) {
    __builtin_memset(to, 0, std::size_t(n) * sizeof(float));
  }
  void copy_row(const float* row, float* to) const {
    const std::int64_t from = most(w.first_x, 0), until = least(w.first_x + width, w.width);
    const std::int64_t n = most(until - from, 0), before = n > 0 ? from - w.first_x : 0;
    const float* x = row + from * w.pixel_stride;
    float* start = to + before * (planes ? 1 : w.channels);
    if (n > 0) {
      if (planes && w.pixel_stride == 1) {
        for (std::int64_t c = 0; c < w.channels; ++c) copy_run(start + c * width, x + c * w.channel_stride, n);
      } else if (planes) {
        turn_lines(x, w.pixel_stride, n, w.channels, start, width);
      } else if (w.channel_stride != 1) {
        turn_lines(x, w.channel_stride, w.channels, n, start, w.channels);
      } else if (w.pixel_stride == w.channels) {
        copy_run(start, x, n * w.channels);
      } else {
        for (std::int64_t j = 0; j < n; ++j) copy_run(start + j * w.channels, x + j * w.pixel_stride, w.channels);
      }
    }
    const std::int64_t unit = planes ? 1 : w.channels, lines = planes ? w.channels : 1, after = width - before - n;
    for (std::int64_t c = 0; c < lines; ++c, to += width) {
      clear(to, before * unit);
      clear(to + (before + n) * unit, after * unit);
    }
  }
};

// Taps of a row of taps that lie side by side in a row of the image: all of them, or one where they are dilated.
TILESTACK_INLINE std::int64_t taps_of_run(const Windows& w) { return w.tap_x == 1 ? w.taps_wide : 1; }

// Depth that comes in `count` runs, `repeats` times over: those of A begin repeat_step further on, those of B follow.
struct DepthRuns {
  std::int64_t count, repeats = 1, repeat_step = 0;
};

// A product whose depth is runs of p.depth, in blocks that keep rounding errors of long sums small.
TILESTACK_INLINE void sum_runs(TileProduct p, DepthRuns runs) {
  const std::int64_t block = most(1, kMaxDepth / p.depth);
  const float* a = p.a;
  for (std::int64_t repeat = 0; repeat < runs.repeats; ++repeat, a += runs.repeat_step) {
    p.a = a;
    for (std::int64_t run = 0; run < runs.count; run += block) {
      p.runs = least(block, runs.count - run);
      gemm.tile(p);
      p.a += p.runs * p.a_run_step;
      p.b += p.runs * p.b_run_step;
      p.start = p.sums;
      p.start_step = p.row_step;
    }
  }
}

// How images are cut into blocks of rows of windows, and these dealt out.
struct DirectBlocks {
  std::int64_t count, tasks, rows, grain;  // of an image; of all; rows of one; how many a thread takes at once
  // work: multiply-adds of a window   row_floats: what a row of windows takes of the cache
  TILESTACK_INLINE DirectBlocks(const Windows& w, std::int64_t batch, std::int64_t work, std::int64_t row_floats)
      : count(up(w.rows, most(1, kDirectBytes / std::int64_t(sizeof(float)) / row_floats))),
        tasks(batch * count),
        rows(up(w.rows, most(1, count))),
        grain(up(kDirectTaskWork, 1 + rows * w.cols * work)) {}
};

// Which way vectors run: along outputs they are full of outputs, along windows of windows.
TILESTACK_INLINE bool along_windows(const Windows& w, std::int64_t out) {
  constexpr int L = kLanes<float>;
  return w.step_x == 1 && w.tap_y == 1 && most(out, 3) * up(w.cols, L) < up(out, L) * w.cols;
}

TILESTACK_INLINE bool fits_direct(const Windows& w) { return w.channels > 0 && w.taps_high > 0 && w.taps_wide > 0; }

// Of convolutions and their parts: the tiles of one block of rows.
struct DirectTask {
  const Windows& w;
  std::int64_t out;
  GemmOutput c;
  const float *weights, *bias;  // bias: of windows, as tiles of c without one

  TILESTACK_INLINE std::int64_t run() const { return w.taps_wide * w.channels; }  // of a row of taps
  TILESTACK_INLINE std::int64_t depth() const { return w.taps_high * run(); }

  TILESTACK_INLINE TapSpan taps_inside(std::int64_t row) const {
    const std::int64_t y = w.first_y + row * w.step_y;
    return {y, y, w.tap_y, w.taps_high, w.height};
  }

  // weights: [panel of outputs][a, b, channel][output]   block: (row, column, channel), from row `begin` of windows on
  // first: number of its first window
  void along_outputs(const float* block, std::int64_t row_step, std::int64_t begin, std::int64_t rows,
                     std::int64_t first) const {
    constexpr std::int64_t cols = kTileCols<float>;
    const std::int64_t height = up(w.cols, up(w.cols, kTileRows)), pixel = w.step_x * w.channels;
    const std::int64_t panels = up(out, cols);
    const bool by_rows = panels * cols * depth() <= kDirectWeights, dilated = w.tap_x != 1;
    const std::int64_t run_depth = taps_of_run(w) * w.channels;
    for (std::int64_t t = 0; t < rows * panels; ++t) {
      const std::int64_t i = by_rows ? t / panels : t % rows, o = (by_rows ? t % panels : t / rows) * cols;
      const TapSpan taps = taps_inside(begin + i);
      for (std::int64_t j = 0; j < w.cols; j += height)
        product({.rows = least(height, w.cols - j),
                 .cols = least(cols, out - o),
                 .depth = run_depth,
                 .block = run_depth,
                 .a = block + (i * w.step_y + taps.first * w.tap_y) * row_step + j * pixel,
                 .a_row_step = pixel,
                 .a_depth_step = 1,
                 .b = weights + o * depth() + taps.first * run() * cols,
                 .b_step = cols,
                 .a_run_step = dilated ? w.tap_x * w.channels : w.tap_y * row_step,
                 .b_run_step = run_depth * cols},
                dilated ? DepthRuns{w.taps_wide, taps.count, w.tap_y * row_step} : DepthRuns{taps.count}, false,
                first + i * w.cols + j, o);
    }
  }

  // weights: [output][a, channel, b]   block: (row, channel, column)
  void along_windows(const float* block, std::int64_t row_step, std::int64_t begin, std::int64_t rows,
                     std::int64_t first) const {
    const std::int64_t height = up(out, up(out, kTileRows));
    for (std::int64_t o = 0; o < out; o += height)
      for (std::int64_t i = 0; i < rows; ++i) {
        const TapSpan taps = taps_inside(begin + i);
        for (std::int64_t j = 0; j < w.cols; j += kTileCols<float>)
          product({.rows = least(height, out - o),
                   .cols = least(kTileCols<float>, w.cols - j),
                   .depth = w.taps_wide,
                   .block = w.taps_wide,
                   .a = weights + o * depth() + taps.first * run(),
                   .a_row_step = depth(),
                   .a_depth_step = 1,
                   .b = block + (i * w.step_y + taps.first) * row_step + j,
                   .b_step = w.tap_x,
                   .a_run_step = w.taps_wide,
                   .b_run_step = row_step / w.channels},
                  {taps.count * w.channels}, true, first + i * w.cols + j, o);
      }
  }

  // One tile of c, straight into it where whole vectors of sums and bias are all.
  TILESTACK_INLINE void product(TileProduct p, DepthRuns runs, bool swapped, std::int64_t window,
                                std::int64_t o) const {
    alignas(64) float tile[kTileSize<float>];
    p.sums = tile;
    p.row_step = kTileCols<float>;
    if (!swapped && writes_itself(p.cols)) {
      p.sums = static_cast<float*>(c.data) + window * c.row_stride + o;
      p.row_step = c.row_stride;
      p.start = c.bias ? static_cast<const float*>(c.bias) + o : nullptr;
      for (std::int64_t r = 0; r < p.rows; ++r)  // its lines come while the sums are computed
        for (std::int64_t v = 0; v < p.cols; v += kLanes<float>) __builtin_prefetch(p.sums + r * p.row_step + v, 1);
      return sum_runs(p, runs);
    }
    if (bias) {
      p.start = bias + o * kTileCols<float>;
      p.start_step = kTileCols<float>;
    }
    sum_runs(p, runs);
    swapped ? gemm.write(c, true, tile, o, p.rows, window, p.cols)
            : gemm.write(c, false, tile, window, p.rows, o, p.cols);
  }
  TILESTACK_INLINE bool writes_itself(std::int64_t cols) const {
    return cols % kLanes<float> == 0 && c.dtype == DType::float32 && c.grid_cols == 0 && !c.pre &&
           c.activation == Activation::none;
  }
};

// As along_windows wants them.
TILESTACK_ONCE void pack_by_output(const Windows& w, const TapWeights& from, std::int64_t out, float* to) {
  for (std::int64_t o = 0; o < out; ++o)
    for (std::int64_t a = 0; a < w.taps_high; ++a)
      for (std::int64_t k = 0; k < w.channels; ++k)
        for (std::int64_t b = 0; b < w.taps_wide; ++b) *to++ = from.at(o, k, a, b);
}

// As along_outputs wants them. The memory that holds the taps of a channel, or of some, is turned for a vector
// of outputs at once.
[[gnu::noinline]] void pack_panels(const Windows& w, const TapWeights& from, std::int64_t out, float* to) {
  constexpr std::int64_t cols = kTileCols<float>, L = kLanes<float>;
  const std::int64_t depth = w.taps_high * w.taps_wide * w.channels;
  const std::int64_t y = (w.taps_high - 1) * from.tap_y, x = (w.taps_wide - 1) * from.tap_x;
  const std::int64_t low = least(y, 0) + least(x, 0), span = most(y, 0) + most(x, 0) - low + 1;
  const std::int64_t together = from.in_stride == span ? L : 1;  // channels that follow one another
  parallel_rows(up(out, cols) * cols / L, depth * L, [&](std::int64_t block) {
    const std::int64_t o = block * L, lines = least(most(out - o, 0), L);
    float* const panel = to + o / cols * depth * cols + o % cols;
    const Scratch<float> turned(together * span * L);
    for (std::int64_t k = 0; k < w.channels; ++k) {
      const std::int64_t among = k % together;
      if (among == 0)
        turn_lines(from.data + o * from.out_stride + k * from.in_stride + low, from.out_stride, lines,
                   least(together, w.channels - k) * span, turned.data, L);
      for (std::int64_t a = 0; a < w.taps_high; ++a)
        for (std::int64_t b = 0; b < w.taps_wide; ++b)
          store(panel + ((a * w.taps_wide + b) * w.channels + k) * cols,
                load(turned + (among * span + a * from.tap_y + b * from.tap_x - low) * L));
    }
  });
}

// c = the windows of images times the weights of `out` outputs.
[[gnu::noinline]] void direct(const Windows& w, std::int64_t batch, const float* images, const TapWeights& order,
                              std::int64_t out, const GemmOutput& c) {
  const bool windows = along_windows(w, out);
  const std::int64_t depth = w.taps_high * w.taps_wide * w.channels;
  const Scratch<float> weights(depth * up(out, kTileCols<float>) * kTileCols<float>);
  windows ? pack_by_output(w, order, out, weights) : pack_panels(w, order, out, weights);
  const bool own_bias = windows && c.bias && c.dtype == DType::float32;
  const Scratch<float> bias(own_bias ? out * kTileCols<float> : 1);
  for (std::int64_t i = 0; own_bias && i < out * kTileCols<float>; ++i)
    bias[i] = static_cast<const float*>(c.bias)[i / kTileCols<float>];
  DirectTask task{w, out, c, weights, own_bias ? bias.data : nullptr};
  if (own_bias) task.c.bias = nullptr;
  const DirectBlocks blocks(w, batch, depth * out, w.step_y * w.channels * w.step_x * w.cols);
  parallel_for(blocks.tasks, blocks.grain, [&](std::int64_t begin, std::int64_t end) {
    const ImageBlock rows(w, blocks.rows, windows);
    const Scratch<float> block(rows.size);
    for (std::int64_t t = begin; t < end; ++t) {
      const std::int64_t n = t / blocks.count, i = t % blocks.count * blocks.rows,
                         until = least(i + blocks.rows, w.rows);
      const std::int64_t first = (n * w.rows + i) * w.cols;
      rows.copy(images + n * w.image_stride, i, until, block);
      windows ? task.along_windows(block, rows.step, i, until - i, first)
              : task.along_outputs(block, rows.step, i, until - i, first);
    }
  });
}

constexpr std::int64_t kFewSums = 32 << 10, kChunkWindows = 512;

// Whether the sums of chunks are small beside what is summed, and chunks enough for threads.
TILESTACK_INLINE bool fits_direct_weights(const Windows& w, std::int64_t batch, std::int64_t out) {
  return fits_direct(w) && out > 0 &&
         (w.taps_high * w.taps_wide * w.channels * out <= kFewSums || batch * w.rows * w.cols >= 4 * kChunkWindows);
}

// Pixels of dz as whole vectors, in panels: where they lie, or copied if they are not such or read often.
struct GradientPanels {
  std::int64_t out, pixels;
  bool copied;
  std::int64_t step, panel_step, size;

  TILESTACK_INLINE GradientPanels(std::int64_t out, std::int64_t dz_step, std::int64_t pixels, std::int64_t reads)
      : out(out),
        pixels(pixels),
        copied(out % kLanes<float> != 0 || (out > kCols && reads >= 8)),
        step(copied ? kCols : dz_step),
        panel_step(copied ? pixels * kCols : kCols),
        size(copied ? up(out, kCols) * panel_step : 0) {}
  TILESTACK_INLINE const float* of(const float* dz, std::int64_t dz_step, std::int64_t count, float* copy) const {
    if (!copied) return dz;
    for (std::int64_t p = 0; p < count; ++p)
      for (std::int64_t o = 0; o < out; o += kCols)
        copy_run(copy + o / kCols * panel_step + p * kCols, dz + p * dz_step + o, least(kCols, out - o));
    return copy;
  }

 private:
  static constexpr std::int64_t kCols = kTileCols<float>;
};

// dw (out, channels, taps) = the sums over windows of x times dz, whose pixels are `dz_step` apart. Chunks of blocks
// are summed by themselves, and then in order: [chunk][run of taps, panel of outputs, strip of (b, channel)][tile].
[[gnu::noinline]] void direct_weights(const Windows& w, std::int64_t batch, const float* x, const float* dz,
                                      std::int64_t dz_step, std::int64_t out, float* dw) {
  constexpr std::int64_t cols = kTileCols<float>, size = kTileSize<float>;
  const std::int64_t side = taps_of_run(w), run = side * w.channels, runs = w.taps_high * w.taps_wide / side;
  const std::int64_t strips = up(run, kTileRows), height = up(run, strips);
  const std::int64_t panels = up(out, cols), tiles = runs * strips * panels;
  const DirectBlocks blocks(w, batch, runs * run * out, w.cols * (w.step_y * w.step_x * w.channels + out));
  const std::int64_t most_chunks =
      least(least(kDirectChunks, kDirectSumBytes / (tiles * size * 4)), batch * w.rows * w.cols / kChunkWindows);
  const std::int64_t grain = most(blocks.grain, up(blocks.tasks, most(1, most_chunks)));
  const std::int64_t chunks = up(blocks.tasks, grain);
  const Scratch<float> sums(chunks * tiles * size);
  parallel_for(blocks.tasks, grain, [&](std::int64_t begin, std::int64_t end) {
    const ImageBlock rows(w, blocks.rows, false);
    const GradientPanels gradient(out, dz_step, blocks.rows * w.cols, runs * strips);
    const Scratch<float> space(rows.size + gradient.size);
    float* const own = sums + begin / grain * tiles * size;
    for (std::int64_t t = begin; t < end; ++t) {
      const std::int64_t n = t / blocks.count, i = t % blocks.count * blocks.rows,
                         until = least(i + blocks.rows, w.rows);
      rows.copy(x + n * w.image_stride, i, until, space);
      const float* d =
          gradient.of(dz + (n * w.rows + i) * w.cols * dz_step, dz_step, (until - i) * w.cols, space + rows.size);
      for (std::int64_t k = 0; k < tiles; ++k) {
        const std::int64_t panel = k / strips % panels, strip = k % strips, tap = k / strips / panels * side;
        const std::int64_t first = tap / w.taps_wide * w.tap_y * rows.step + tap % w.taps_wide * w.tap_x * w.channels;
        sum_runs({.rows = least(height, run - strip * height),
                  .cols = least(cols, out - panel * cols),
                  .depth = w.cols,
                  .block = w.cols,
                  .a = space + first + strip * height,
                  .a_row_step = 1,
                  .a_depth_step = w.step_x * w.channels,
                  .b = d + panel * gradient.panel_step,
                  .b_step = gradient.step,
                  .sums = own + k * size,
                  .row_step = cols,
                  .start = t > begin ? own + k * size : nullptr,
                  .start_step = cols,
                  .a_run_step = w.step_y * rows.step,
                  .b_run_step = w.cols * gradient.step},
                 {until - i});
      }
    }
  });
  parallel_rows(runs * run, chunks * out, [&](std::int64_t row) {
    const std::int64_t a = row / run, k = row % run, tap = row / w.channels, c = row % w.channels;
    for (std::int64_t o = 0; o < out; ++o) {
      const float* from = sums + ((a * panels + o / cols) * strips + k / height) * size + k % height * cols + o % cols;
      float total = 0;
      for (std::int64_t chunk = 0; chunk < chunks; ++chunk) total += from[chunk * tiles * size];
      dw[(o * w.channels + c) * w.taps_high * w.taps_wide + tap] = total;
    }
  });
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
