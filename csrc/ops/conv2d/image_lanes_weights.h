#pragma once
// The gradient of weights with an image in each lane: sums for each tap, pair of channel and output, and lane, whose
// lanes are added up at the end.
#include "ops/conv2d/image_lanes.h"

namespace tilestack::TILESTACK_ISA {
namespace {

constexpr int kLaneElements = kTileRows == 14 ? 5 : 3;
constexpr std::int64_t kLaneGradientFloats = 6 << 10;  // pixels of dz that stay in the first cache
constexpr std::int64_t kLaneSumBytes = 2 << 20;        // of a partial sum of a gradient

// sums[k][o] += the products of pixels of x, elements k of windows, and of dz, outputs o, over windows.
struct LaneGradient {
  std::int64_t rows, cols;
  const float* x;
  std::int64_t x_row, x_step;  // to the next row of windows, to the next window
  const float* dz;
  std::int64_t dz_row, dz_step;
  float* sums;
  std::int64_t sums_step;  // from k to the next
};

template <int K, int O, int... i>
TILESTACK_INLINE void sum_products(const LaneGradient& p, std::integer_sequence<int, i...>) {
  VecF sum[] = {(void(i), VecF{})...};
#pragma GCC unroll 1
  for (std::int64_t row = 0; row < p.rows; ++row) {
    const float *x = p.x + row * p.x_row, *dz = p.dz + row * p.dz_row;
#pragma GCC unroll 1
    for (std::int64_t col = 0; col < p.cols; ++col, x += p.x_step, dz += p.dz_step) {
      VecF d[O];
      for (int o = 0; o < O; ++o) d[o] = load(dz + o * kImages);
      ((sum[i] = fma(load(x + i / O * kImages), d[i % O], sum[i])), ...);
    }
  }
  const auto add = [](float* to, VecF v) { store(to, load(to) + v); };
  (add(p.sums + i / O * p.sums_step + i % O * kImages, sum[i]), ...);
}

template <int K, int O>
void sum_lanes_of(const LaneGradient& p) {
  sum_products<K, O>(p, std::make_integer_sequence<int, K * O>());
}
template <int... I>
TILESTACK_INLINE auto lane_gradient(std::int64_t elements, std::int64_t outputs, std::integer_sequence<int, I...>) {
  static constexpr void (*kernels[][3])(const LaneGradient&) = {
      {sum_lanes_of<I + 1, 1>, sum_lanes_of<I + 1, 2>, sum_lanes_of<I + 1, 4>}...};
  return kernels[elements - 1][outputs / 2];
}

// The pixels of images of one for each window, which hold `channels`, as windows of a group's.
TILESTACK_INLINE Windows pixels_of(const Windows& w, std::int64_t channels, std::int64_t group) {
  return {.rows = w.rows,
          .cols = w.cols,
          .step_y = 1,
          .step_x = 1,
          .first_y = 0,
          .first_x = 0,
          .taps_high = 1,
          .taps_wide = 1,
          .tap_y = 1,
          .tap_x = 1,
          .height = w.rows,
          .width = w.cols,
          .channels = group,
          .pixel_stride = channels,
          .row_stride = w.cols * channels,
          .image_stride = w.rows * w.cols * channels};
}

// dw (groups x out, channels, taps) = the sums over windows of x times dz, whose pixels are all outputs.
struct LaneWeights {
  const Windows& w;
  std::int64_t groups, out;
  LaneBlock block{w, groups};
  bool joined = groups == 1 && w.tap_x == 1;
  std::int64_t run = joined ? w.taps_wide * w.channels : w.channels;  // elements of windows that follow one another
  std::int64_t runs = w.taps_wide * w.channels / run;                 // in a row of taps
  std::int64_t size = groups * w.taps_high * w.taps_wide * w.channels * out * kImages;

  // sums: [group][a, b, channel][output][image]   x, dz: blocks of rows of windows
  void add_rows(const float* x, const float* dz, std::int64_t rows, float* sums) const {
    constexpr std::make_integer_sequence<int, kLaneElements> numbers;
    const std::int64_t wide = up(run, up(run, kLaneElements)), outputs = groups * out;
    for (std::int64_t t = 0; t < groups * w.taps_high * runs; ++t) {
      const std::int64_t b = t % runs, a = t / runs % w.taps_high, g = t / runs / w.taps_high;
      const float* from = x + a * w.tap_y * block.row + b * w.tap_x * block.pixel + g * w.channels * kImages;
      for (std::int64_t k = 0; k < run; k += wide)
        for (std::int64_t o = 0, n; o < out; o += n) {
          const std::int64_t elements = least(wide, run - k);
          n = out - o >= 4 ? 4 : out - o >= 2 ? 2 : 1;
          lane_gradient(elements, n, numbers)({.rows = rows,
                                               .cols = w.cols,
                                               .x = from + k * kImages,
                                               .x_row = w.step_y * block.row,
                                               .x_step = w.step_x * block.pixel,
                                               .dz = dz + (g * out + o) * kImages,
                                               .dz_row = w.cols * outputs * kImages,
                                               .dz_step = outputs * kImages,
                                               .sums = sums + ((t * run + k) * out + o) * kImages,
                                               .sums_step = out * kImages});
        }
    }
  }

  // The lanes of all chunks of sums, in order.
  TILESTACK_ONCE void finish(const float* sums, std::int64_t chunks, float* dw) const {
    const std::int64_t taps = w.taps_high * w.taps_wide, depth = taps * w.channels;
    parallel_rows(groups * depth, chunks * out * kImages, [&](std::int64_t row) {
      const std::int64_t g = row / depth, tap = row % depth / w.channels, c = row % w.channels;
      for (std::int64_t o = 0; o < out; ++o) {
        VecF total{};
        for (std::int64_t chunk = 0; chunk < chunks; ++chunk)
          total += load(sums + chunk * size + (row * out + o) * kImages);
        dw[((g * out + o) * w.channels + c) * taps + tap] = sum_lanes(total);
      }
    });
  }
};

// dz: pixels of all groups' outputs
[[gnu::noinline]] void image_lanes_weights(const Windows& w, std::int64_t batch, std::int64_t groups, const float* x,
                                           const float* dz, std::int64_t out, float* dw) {
  const LaneTasks tasks(w, batch, groups, out);
  const LaneWeights all{w, groups, out};
  const Windows pixels = pixels_of(w, groups * out, out);
  const std::int64_t most_chunks = least(kDirectChunks, kDirectSumBytes / (all.size * std::int64_t(sizeof(float))));
  const std::int64_t grain = up(tasks.tasks, least(tasks.tasks, most_chunks)), chunks = up(tasks.tasks, grain);
  const std::int64_t high = most(1, least(tasks.rows, kLaneGradientFloats / LaneBlock(pixels, tasks.set).row));
  const Scratch<float> sums(chunks * all.size);
  parallel_for(tasks.tasks, grain, [&](std::int64_t begin, std::int64_t end) {
    const LaneBlock whole(w, tasks.set);
    const Scratch<float> block(whole.rows(tasks.rows) * whole.row);
    const Scratch<float> gradient(high * LaneBlock(pixels, tasks.set).row);
    float* const own = sums + begin / grain * all.size;
    __builtin_memset(own, 0, std::size_t(all.size) * sizeof *own);
    for (std::int64_t t = begin; t < end; ++t) {
      const LaneTask task(tasks, t);
      const LaneWeights some{w, task.groups, out};
      const LaneBlock outputs(pixels, task.groups);
      some.block.copy(x + task.image * w.image_stride + task.group * w.channels * w.channel_stride, task.count,
                      task.row, task.until, block);
      for (std::int64_t i = task.row; i < task.until; i += high) {
        const std::int64_t last = least(i + high, task.until);
        outputs.copy(dz + task.image * pixels.image_stride + task.group * out, task.count, i, last, gradient);
        some.add_rows(block + (i - task.row) * w.step_y * some.block.row, gradient, last - i,
                      own + task.group * (all.size / groups));
      }
    }
  });
  all.finish(sums, chunks, dw);
}

TILESTACK_INLINE bool fits_image_lanes_weights(const Windows& w, std::int64_t batch, std::int64_t groups,
                                               std::int64_t out) {
  return fits_image_lanes(w, batch, out) &&
         groups * w.taps_high * w.taps_wide * w.channels * out * kVectorBytes <= kLaneSumBytes;
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
