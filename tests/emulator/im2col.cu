// The im2col of a channels-last image by TMA.
#include "harness.h"

namespace tilestack {
namespace {

constexpr int kChannels = 64, kPixels = 32;

struct Im2colShared {
  alignas(1024) bfloat16 tile[kPixels][kChannels];
  alignas(8) std::uint64_t bar;
};

// y: (places, kernel pixels, channels); a block takes kPixels places.
__global__ void im2col_kernel(const __grid_constant__ gpu::TensorMap map, bfloat16* y, int out_w, int out_h, int places,
                              int kernel, int stride, int dilation, int padding) {
  auto& s = gpu::dyn_shared<Im2colShared>();
  const int t = threadIdx.x, first = blockIdx.x * kPixels;
  if (t == 0) {
    ptx::mbarrier_init(&s.bar, 1);
    ptx::fence_barrier_init();
  }
  __syncthreads();
  for (int pixel = 0; pixel < kernel * kernel; ++pixel) {
    if (t == 0) {
      ptx::mbarrier_arrive_expect_tx(&s.bar, sizeof(s.tile));
      const int w = first % out_w * stride - padding, h = first / out_w % out_h * stride - padding;
      ptx::tma_load_im2col(s.tile, &map, &s.bar, {0, w, h, first / (out_w * out_h)}, pixel % kernel * dilation,
                           pixel / kernel * dilation);
    }
    ptx::mbarrier_wait(&s.bar, pixel & 1);
    for (int i = t; i < kPixels * kChannels; i += blockDim.x) {
      const int place = i / kChannels, c = i % kChannels, chunk = c / 8 ^ place % 8;  // 128-byte swizzle
      if (first + place < places)
        y[(std::int64_t(first + place) * kernel * kernel + pixel) * kChannels + c] = s.tile[place][chunk * 8 + c % 8];
    }
    __syncthreads();
  }
}

void im2col(Test& test) {
  const int n = 2, height = 9, width = 7, kernel = 3, stride = 2, dilation = 1, padding = 1;
  const int out_w = (width + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1;
  const int out_h = (height + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1;
  const int places = n * out_h * out_w;
  const auto x = test.random<bfloat16>(n * height * width * kChannels);
  auto y = test.empty<bfloat16>(places * kernel * kernel * kChannels);
  const int last = padding - dilation * (kernel - 1);
  const gpu::Im2col box{{-padding, -padding}, {last, last}, {stride, stride}, kChannels, kPixels};
  const auto map = gpu::tensor_map_im2col(DType::bfloat16, x.device, {kChannels, width, height, n},
                                          {kChannels * 2, width * kChannels * 2, height * width * kChannels * 2}, box,
                                          gpu::Swizzle::bytes128);
  gpu::launch(im2col_kernel, {gpu::ceil_div(unsigned(places), unsigned(kPixels)), 128, sizeof(Im2colShared)}, map,
              y.device, out_w, out_h, places, kernel, stride, dilation, padding);
  const auto got = y.host();
  for (int place = 0; place < places; ++place)
    for (int pixel = 0; pixel < kernel * kernel; ++pixel)
      for (int c = 0; c < kChannels; ++c) {
        const int w = place % out_w * stride - padding + pixel % kernel * dilation;
        const int h = place / out_w % out_h * stride - padding + pixel / kernel * dilation;
        const int image = place / (out_w * out_h);
        const bool inside = w >= 0 && w < width && h >= 0 && h < height;
        const float expected = inside ? to_float(x.values[((image * height + h) * width + w) * kChannels + c]) : 0.0f;
        const int at = (place * kernel * kernel + pixel) * kChannels + c;
        test.near(to_float(got[at]), expected, 0, at);
      }
}

TEST(im2col, im2col);

}  // namespace
}  // namespace tilestack
