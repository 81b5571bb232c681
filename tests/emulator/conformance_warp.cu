// Instructions of sm_80: numbers, small copies, matrices and products of a warp, memory, named barriers.
#include "conformance.h"

namespace tilestack::conformance {
namespace {

__global__ void numbers_kernel(const float* x, std::uint32_t* exact, float* near, int n) {
  for (int i = threadIdx.x; i < n; i += blockDim.x) {
    exact[i * 5] = ptx::pack_bf16(x[i], -x[i]);
    exact[i * 5 + 1] = ptx::pack_f16(x[i], -x[i]);
    exact[i * 5 + 2] = ptx::to_tf32(x[i]);
    exact[i * 5 + 3] = convert<bfloat16>(x[i]).bits | std::uint32_t(convert<float16>(x[i]).bits) << 16;
    exact[i * 5 + 4] = __float_as_uint(to_float(float16{std::uint16_t(__float_as_uint(x[i]) >> 17)}));
    near[i * 4] = ptx::exp2_approx(x[i] / 64);
    near[i * 4 + 1] = ptx::log2_approx(fabsf(x[i]) + 1);
    near[i * 4 + 2] = ptx::tanh_approx(x[i] / 64);
    near[i * 4 + 3] = ptx::rcp_approx(fabsf(x[i]) + 0.5f);
  }
}

void numbers() {
  const int n = 512;
  Buffer<float> x(n), near(4 * n);
  Buffer<std::uint32_t> exact(5 * n);
  x.fill([] { return (float(random_word() % 20001) - 10000) / 79; });
  gpu::launch(numbers_kernel, {1, 128}, x.device, exact.device, near.device, n);
  record("conversions", exact);
  record("approximations", near, 2e-3f);
}

template <int kBytes>
__global__ void cp_async_kernel(const unsigned char* x, unsigned char* y) {
  GPU_SHARED(tile, unsigned char[64 * 16]);
  const int t = threadIdx.x;
  for (int i = 0; i < 16; ++i) tile[t * 16 + i] = 0x5a;
  ptx::cp_async<kBytes>(&tile[t * kBytes], x + t * kBytes, t % (kBytes + 1));
  ptx::cp_async_commit();
  ptx::cp_async<kBytes>(&tile[(t + 32) * kBytes], x + t * kBytes);
  ptx::cp_async_commit();
  ptx::cp_async_wait<1>();
  ptx::cp_async_wait_all();
  __syncthreads();
  for (int i = 0; i < 64 * kBytes / 32; ++i) y[i * 32 + t] = tile[i * 32 + t];
}

template <int kBytes>
void cp_async() {
  Buffer<unsigned char> x(1024), y(64 * kBytes);
  x.fill([] { return static_cast<unsigned char>(random_word()); });
  gpu::launch(cp_async_kernel<kBytes>, {1, 32}, x.device, y.device);
  record("cp_async " + std::to_string(kBytes), y);
}

template <int kCount, bool kTransposed>
__global__ void ldmatrix_kernel(const std::uint16_t* x, std::uint32_t* y) {
  GPU_SHARED(tile, gpu::Pack<std::uint16_t, 8>[32]);
  const int t = threadIdx.x;
  tile[t] = gpu::load<8>(x + t * 8);
  __syncthreads();
  std::uint32_t r[kCount];
  ptx::ldmatrix<kCount, kTransposed>(r, &tile[t * 5 % 32]);
  for (int i = 0; i < kCount; ++i) y[t * kCount + i] = r[i];
}

template <int kCount, bool kTransposed>
void ldmatrix() {
  Buffer<std::uint16_t> x(256);
  Buffer<std::uint32_t> y(32 * kCount);
  x.fill([] { return static_cast<std::uint16_t>(random_word()); });
  gpu::launch(ldmatrix_kernel<kCount, kTransposed>, {1, 32}, x.device, y.device);
  record("ldmatrix " + std::to_string(kCount) + (kTransposed ? " transposed" : ""), y);
}

template <class T>
__global__ void mma_kernel(const std::uint32_t* a, const std::uint32_t* b, float* d) {
  const int t = threadIdx.x;
  std::uint32_t x[4], y[2];
  float sum[4];
  for (int i = 0; i < 4; ++i) x[i] = a[t * 4 + i], sum[i] = float(t + i);
  for (int i = 0; i < 2; ++i) y[i] = b[t * 2 + i];
  if constexpr (std::is_same_v<T, float>)
    ptx::mma_tf32(sum, x, y);
  else
    ptx::mma<T>(sum, x, y);
  for (int i = 0; i < 4; ++i) d[t * 4 + i] = sum[i];
}

__global__ void mma_f64_kernel(const double* a, const double* b, double* d) {
  double sum[2] = {1, 2};
  ptx::mma_f64(sum, a[threadIdx.x], b[threadIdx.x]);
  d[2 * threadIdx.x] = sum[0];
  d[2 * threadIdx.x + 1] = sum[1];
}

template <class T>
void mma(const char* name) {
  constexpr int kPer = 4 / sizeof(T);
  Buffer<T> a(128 * kPer), b(64 * kPer);
  Buffer<float> d(128);
  a.fill(small<T>), b.fill(small<T>);
  gpu::launch(mma_kernel<T>, {1, 32}, reinterpret_cast<const std::uint32_t*>(a.device),
              reinterpret_cast<const std::uint32_t*>(b.device), d.device);
  record(std::string("mma ") + name, d);
  const auto uneven = [] { return convert<T>((float(random_word() % 2001) - 1000) / 331); };
  a.fill(uneven), b.fill(uneven);
  gpu::launch(mma_kernel<T>, {1, 32}, reinterpret_cast<const std::uint32_t*>(a.device),
              reinterpret_cast<const std::uint32_t*>(b.device), d.device);
  record(std::string("mma rounded ") + name, d, 1e-3f);
}

void mma_f64() {
  Buffer<double> a(32), b(32), d(64);
  a.fill(small<double>), b.fill(small<double>);
  gpu::launch(mma_f64_kernel, {1, 32}, a.device, b.device, d.device);
  record("mma f64", d);
}

__global__ void memory_kernel(const uint4* x, std::uint32_t* y, std::uint32_t* counter) {
  GPU_SHARED(half, std::uint32_t[64]);
  const int t = threadIdx.x;
  const uint4 v = ptx::ld_no_allocate(x + t);
  ptx::st_streaming(y + 4 * t, make_uint4(v.w, v.x, v.y, v.z));
  // The first warp hands its words to the second.
  if (t < 32) {
    half[t] = v.x;
    ptx::barrier_arrive(1, 64);
  } else {
    ptx::barrier_sync(1, 64);
    y[256 + t] = half[63 - t];
  }
  if (t == 0) {
    y[320] = ptx::atomic_add_release(counter, 5) + ptx::atomic_add_acq_rel(counter, 7);
    ptx::st_release(counter + 1, 11);
    y[321] = ptx::ld_acquire(counter + 1) + ptx::ld_acquire(counter);
    y[322] = ptx::global_timer() > 0;
  }
  y[352 + t] = __shfl_xor_sync(0xffffffffu, v.x, 5) ^ __shfl_up_sync(0xffffffffu, v.y, 3) ^
               __shfl_down_sync(0xffffffffu, v.z, 9, 16) ^ __shfl_sync(0xffffffffu, v.w, t + 3, 8);
  y[416 + t] = __ballot_sync(0xffffffffu, v.x & 1) ^ __match_any_sync(0xffffffffu, v.y & 3) ^
               __reduce_add_sync(0xffffffffu, v.z) ^ __reduce_max_sync(0xffffffffu, v.w);
}

__global__ void grid_kernel(int* x, int* y, std::uint32_t* counter) {
  if (threadIdx.x == 0) x[blockIdx.x] = 3 * blockIdx.x + 1;
  ptx::grid_sync(counter);
  if (threadIdx.x == 0) y[blockIdx.x] = x[(blockIdx.x + 1) % gridDim.x];
}

void memory() {
  Buffer<uint4> x(64);
  Buffer<std::uint32_t> y(480), counter(4);
  x.fill([] { return make_uint4(random_word(), random_word(), random_word(), random_word()); });
  gpu::launch(memory_kernel, {1, 64}, x.device, y.device, counter.device);
  record("memory, shuffles and votes", y);
  Buffer<int> mine(4), theirs(4);
  gpu::Launch shape{4, 64};
  shape.cooperative = true;
  gpu::launch(grid_kernel, shape, mine.device, theirs.device, counter.device + 2);
  record("grid_sync", theirs);
}

}  // namespace

void run_warp() {
  numbers();
  cp_async<4>(), cp_async<8>(), cp_async<16>();
  ldmatrix<1, false>(), ldmatrix<2, false>(), ldmatrix<4, false>();
  ldmatrix<1, true>(), ldmatrix<2, true>(), ldmatrix<4, true>();
  mma<bfloat16>("bf16"), mma<float16>("f16"), mma<float>("tf32");
  mma_f64();
  memory();
}

}  // namespace tilestack::conformance
