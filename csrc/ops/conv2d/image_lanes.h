#pragma once
// Convolution of many images at once: each lane is an image, so vectors are full whatever the numbers of channels,
// outputs and columns are, and of the border only what neighbouring windows share is multiplied. Blocks of images are
// turned to (row, column, channel, image) for it, and results back.
#include "core/once.h"
#include "core/parallel.h"
#include "ops/conv2d/direct.h"

namespace tilestack::TILESTACK_ISA {
namespace {

constexpr std::int64_t kImages = kLanes<float>;           // of a block
constexpr int kLaneRows = kTileRows < 8 ? kTileRows : 8;  // outputs of a product
constexpr std::int64_t kLaneTasks = 8;                    // so many at least, for threads
constexpr std::int64_t kLaneRowFloats = 6 << 10;          // sums of windows of a row that stay in the first cache

// Rows of a block of images that rows of windows see. w: of one of the groups that have `channels` together
struct LaneBlock {
  const Windows& w;
  std::int64_t channels, width, pixel, row;  // width: columns; pixel, row: floats

  TILESTACK_INLINE LaneBlock(const Windows& w, std::int64_t groups)
      : w(w),
        channels(w.channels * groups),
        width((w.cols - 1) * w.step_x + (w.taps_wide - 1) * w.tap_x + 1),
        pixel(channels * kImages),
        row(width * pixel) {}
  TILESTACK_INLINE std::int64_t rows(std::int64_t window_rows) const {
    return (window_rows - 1) * w.step_y + (w.taps_high - 1) * w.tap_y + 1;
  }
  // Of the windows of rows [begin, end) of `count` images.
  [[gnu::noinline]] void copy(const float* images, std::int64_t count, std::int64_t begin, std::int64_t end,
                              float* to) const {
    const std::int64_t from = most(w.first_x, 0), until = least(w.first_x + width, w.width);
    const std::int64_t n = most(until - from, 0), before = n > 0 ? from - w.first_x : 0;
    const std::int64_t first = w.first_y + begin * w.step_y, last = first + rows(end - begin);
    for (std::int64_t y = first; y < last; ++y, to += row) {
      const bool inside = n > 0 && y >= 0 && y < w.height;
      const std::int64_t filled = inside ? (before + n) * pixel : 0;
      clear(to, inside ? before * pixel : 0);
      clear(to + filled, row - filled);
      if (!inside) continue;
      turn_row(images + y * w.row_stride + from * w.pixel_stride, count, n, to + before * pixel);
    }
  }

 private:
  // n pixels: all at once, one by one or, in planes, channel by channel.
  void turn_row(const float* x, std::int64_t count, std::int64_t n, float* to) const {
    const bool planes = w.channel_stride != 1, dense = !planes && w.pixel_stride == channels;
    const std::int64_t lines = planes ? channels : dense ? 1 : n, length = planes ? n : dense ? n * channels : channels;
    const std::int64_t x_step = planes ? w.channel_stride : w.pixel_stride, to_step = planes ? kImages : pixel;
    for (std::int64_t i = 0; i < lines; ++i)
      turn_lines(x + i * x_step, w.image_stride, count, length, to + i * to_step, planes ? pixel : kImages);
  }
  TILESTACK_INLINE static void clear(float* to, std::int64_t n) {
    __builtin_memset(to, 0, std::size_t(n) * sizeof(float));
  }
};

// How work is dealt out: blocks of images, sets of groups that fill a vector with their channels, blocks of rows of
// windows.
struct LaneTasks {
  const Windows& w;
  std::int64_t batch, groups, set, sets, rows, blocks, tasks, grain;  // set, rows: of one task
  TILESTACK_INLINE LaneTasks(const Windows& w, std::int64_t batch, std::int64_t groups, std::int64_t out)
      : w(w),
        batch(batch),
        groups(groups),
        set(least(groups, up(kImages, most(w.channels, out)))),
        sets(up(groups, set)) {
    const std::int64_t parts = up(batch, kImages) * sets, row = LaneBlock(w, set).row;
    const std::int64_t fits = most(1, kDirectBytes / std::int64_t(sizeof(float)) / (w.step_y * row));
    rows = most(1, least(fits, up(w.rows, up(kLaneTasks, parts))));
    blocks = up(w.rows, rows);
    tasks = parts * blocks;
    grain = up(kDirectTaskWork, 1 + rows * w.cols * kImages * w.taps_high * w.taps_wide * w.channels * set * out);
  }
};

// One of them: images [image, image + count), groups and rows of windows from `group` and `row` on.
struct LaneTask {
  std::int64_t image, count, group, groups, row, until;
  TILESTACK_INLINE LaneTask(const LaneTasks& t, std::int64_t i)
      : image(i / t.blocks / t.sets * kImages),
        count(least(kImages, t.batch - image)),
        group(i / t.blocks % t.sets * t.set),
        groups(least(t.set, t.groups - group)),
        row(i % t.blocks * t.rows),
        until(least(row + t.rows, t.w.rows)) {}
};

// Windows of a product: more where outputs are few, so that no addition waits for the one before.
constexpr int windows_beside(int outputs) { return outputs * 2 <= kLaneRows ? 4 : 2; }

// Sums of outputs for neighbouring windows of each image.
struct LaneProduct {
  std::int64_t rows, runs, depth;  // of taps; in a row; of channels in each
  const float* x;
  std::int64_t window[4], row_step, run_step;  // window: where each begins
  const float* weights;                        // [run, channel][output], rows w_row_step apart
  std::int64_t w_row_step;
  const float* bias;  // of each output; may be null
  float* sums;        // sums[window * window_step + output * kImages]
  std::int64_t window_step;
};

template <int R, int W, int... i>
TILESTACK_INLINE void multiply_windows(const LaneProduct& p, std::integer_sequence<int, i...>) {
  VecF sum[] = {(void(i), VecF{})...};
#pragma GCC unroll 1
  for (std::int64_t row = 0; row < p.rows; ++row) {
    const float* w = p.weights + row * p.w_row_step;
#pragma GCC unroll 1
    for (std::int64_t run = 0; run < p.runs; ++run) {
      const float* x[W];
      for (int k = 0; k < W; ++k) x[k] = p.x + row * p.row_step + run * p.run_step + p.window[k];
#pragma GCC unroll 1
      for (std::int64_t k = 0; k < p.depth; ++k, w += R) {
        VecF v[W];
        for (int j = 0; j < W; ++j) v[j] = load(x[j] + k * kImages);
        ((sum[i] = fma(splat(w[i / W]), v[i % W], sum[i])), ...);
      }
    }
  }
  if (p.bias) ((sum[i] += splat(p.bias[i / W])), ...);
  (store(p.sums + i % W * p.window_step + i / W * kImages, sum[i]), ...);
}

template <int R>
void multiply_lanes(const LaneProduct& p) {
  constexpr int W = windows_beside(R);
  multiply_windows<R, W>(p, std::make_integer_sequence<int, R * W>());
}
template <int... I>
TILESTACK_INLINE auto lane_kernel(std::int64_t outputs, std::integer_sequence<int, I...>) {
  static constexpr void (*kernels[])(const LaneProduct&) = {multiply_lanes<I + 1>...};
  return kernels[outputs - 1];
}

// to[i * to_step + j] = lane i of vector j, for `count` images and n vectors.
[[gnu::noinline]] void turn_back(const float* from, std::int64_t n, std::int64_t count, float* to,
                                 std::int64_t to_step) {
  for (std::int64_t j = 0; j < n; j += kImages) {
    VecF v[kImages];
#pragma GCC unroll 16
    for (int k = 0; k < kImages; ++k) v[k] = load(from + (j + k) * kImages);
    transpose_steps<1>(v);
#pragma GCC unroll 16
    for (int i = 0; i < kImages; ++i)
      if (i < count) store_upto(to + i * to_step + j, v[i], n - j);
  }
}

// to: [group, strip of outputs][a, b, channel][output]
TILESTACK_ONCE void pack_lane_weights(const Windows& w, const TapWeights& from, std::int64_t groups,
                                      std::int64_t group_stride, std::int64_t out, std::int64_t height, float* to) {
  for (std::int64_t g = 0; g < groups; ++g)
    for (std::int64_t first = 0; first < out; first += height) {
      const std::int64_t n = least(height, out - first);
      const float* data = from.data + g * group_stride + first * from.out_stride;
      for (std::int64_t a = 0; a < w.taps_high; ++a)
        for (std::int64_t b = 0; b < w.taps_wide; ++b)
          for (std::int64_t k = 0; k < w.channels; ++k, to += n)
            for (std::int64_t o = 0; o < n; ++o)
              to[o] = data[o * from.out_stride + k * from.in_stride + a * from.tap_y + b * from.tap_x];
    }
}

// The windows of `groups` groups times the weights of `out` outputs for each, the first of which is at c.
struct LaneConvolution {
  const Windows& w;
  std::int64_t groups, out, height;  // height: outputs of a product
  const float* weights;              // as above
  GemmOutput c;
  LaneBlock block{w, groups};
  std::int64_t outputs = groups * out;
  bool joined = groups == 1 && w.tap_x == 1;  // taps of a row follow one another

  // Windows [j, until) of one row, the first of which is at `x` of the block, that meet those rows of taps.
  // sums: [window][output]
  void multiply_row(const float* x, TapSpan rows, std::int64_t j, std::int64_t until, float* sums) const {
    constexpr std::make_integer_sequence<int, kLaneRows> numbers;
    const float* of = weights;
    for (std::int64_t o = 0, n; o < outputs; o += n, of += n * w.taps_high * w.taps_wide * w.channels) {
      n = least(height, out - o % out);
      const std::int64_t tap = w.channels * n, wide = windows_beside(int(n));
      const auto multiply = lane_kernel(n, numbers);
      for (std::int64_t col = j; col < until; col += wide) {
        const std::int64_t last = least(wide, until - col) - 1, at = w.first_x + col * w.step_x;
        const TapSpan taps(at, at + last * w.step_x, w.tap_x, w.taps_wide, w.width);
        LaneProduct product{.rows = rows.count,
                            .runs = joined ? 1 : taps.count,
                            .depth = joined ? taps.count * w.channels : w.channels,
                            .x = x + rows.first * w.tap_y * block.row +
                                 (col * w.step_x + taps.first * w.tap_x) * block.pixel + o / out * w.channels * kImages,
                            .window = {},
                            .row_step = w.tap_y * block.row,
                            .run_step = w.tap_x * block.pixel,
                            .weights = of + (rows.first * w.taps_wide + taps.first) * tap,
                            .w_row_step = w.taps_wide * tap,
                            .bias = c.bias ? static_cast<const float*>(c.bias) + o : nullptr,
                            .sums = sums + ((col - j) * outputs + o) * kImages,
                            .window_step = outputs * kImages};
        for (std::int64_t k = 0; k < 4; ++k) product.window[k] = least(k, last) * w.step_x * block.pixel;
        multiply(product);
      }
    }
  }

  // Windows [j, until) of row i of `count` images from image n on.
  void write_row(float* sums, std::int64_t n, std::int64_t count, std::int64_t i, std::int64_t j,
                 std::int64_t until) const {
    if (c.pre) write(sums, static_cast<float*>(c.pre), n, count, i, j, until);
    if (c.activation != Activation::none) {
      constexpr std::int64_t cols = kTileCols<float>;
      const GemmOutput same{.data = sums, .row_stride = cols, .activation = c.activation};
      gemm.write(same, false, sums, 0, up((until - j) * outputs * kImages, cols), 0, cols);
    }
    write(sums, static_cast<float*>(c.data), n, count, i, j, until);
  }

 private:
  void write(const float* sums, float* to, std::int64_t n, std::int64_t count, std::int64_t i, std::int64_t j,
             std::int64_t until) const {
    const std::int64_t row = c.grid_rows > 0 ? c.grid_row_stride : w.cols * c.row_stride;
    const std::int64_t image = c.grid_rows > 0 ? c.image_stride : w.rows * row;
    to += n * image + i * row + j * c.row_stride;
    if (c.row_stride == outputs) return turn_back(sums, (until - j) * outputs, count, to, image);
    for (; j < until; ++j, to += c.row_stride, sums += outputs * kImages) turn_back(sums, outputs, count, to, image);
  }
};

// c = the windows of images times the weights.
[[gnu::noinline]] void image_lanes(const Windows& w, std::int64_t batch, std::int64_t groups, const float* images,
                                   const TapWeights& order, std::int64_t group_stride, std::int64_t out,
                                   const GemmOutput& c) {
  const std::int64_t height = up(out, up(out, kLaneRows)), depth = w.taps_high * w.taps_wide * w.channels;
  const Scratch<float> weights(groups * out * depth);
  pack_lane_weights(w, order, groups, group_stride, out, height, weights);
  const LaneTasks tasks(w, batch, groups, out);
  const std::int64_t wide = most(4, least(w.cols, kLaneRowFloats / (tasks.set * out * kImages)) / 4 * 4);
  parallel_for(tasks.tasks, tasks.grain, [&](std::int64_t begin, std::int64_t end) {
    const LaneBlock whole(w, tasks.set);
    const Scratch<float> block(whole.rows(tasks.rows) * whole.row);
    const Scratch<float> sums(((wide + 3) * tasks.set * out + kImages) * kImages);
    for (std::int64_t t = begin; t < end; ++t) {
      const LaneTask task(tasks, t);
      const std::int64_t first = task.group * out;
      LaneConvolution conv{w, task.groups, out, height, weights + first * depth, c};
      conv.c.data = static_cast<float*>(c.data) + first;
      if (c.bias) conv.c.bias = static_cast<const float*>(c.bias) + first;
      if (c.pre) conv.c.pre = static_cast<float*>(c.pre) + first;
      conv.block.copy(images + task.image * w.image_stride + task.group * w.channels * w.channel_stride, task.count,
                      task.row, task.until, block);
      for (std::int64_t i = task.row; i < task.until; ++i) {
        const std::int64_t y = w.first_y + i * w.step_y;
        const TapSpan taps(y, y, w.tap_y, w.taps_high, w.height);
        for (std::int64_t j = 0; j < w.cols; j += wide) {
          const std::int64_t last = least(j + wide, w.cols);
          conv.multiply_row(block + (i - task.row) * w.step_y * conv.block.row, taps, j, last, sums);
          conv.write_row(sums, task.image, task.count, i, j, last);
        }
      }
    }
  });
}

// The part of the lanes that is filled where windows are read in place, less what short runs of taps cost.
TILESTACK_INLINE double filled_in_place(const Windows& w, std::int64_t out) {
  if (!along_windows(w, out)) return double(out) / double(up(out, kImages) * kImages);
  return double(w.cols) / double(up(w.cols, kImages) * kImages) * double(w.taps_wide) / double(w.taps_wide + 8);
}

// Whether lanes are better filled with images than with outputs or windows. Sums stay in one block of depth.
TILESTACK_INLINE bool fits_image_lanes(const Windows& w, std::int64_t batch, std::int64_t out) {
  if (!kSpecialCases || w.taps_high * w.taps_wide == 0 || w.channels * out == 0) return false;
  if (w.taps_high * w.taps_wide * w.channels > kMaxDepth) return false;
  return double(batch) > filled_in_place(w, out) * double(up(batch, kImages) * kImages);
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
