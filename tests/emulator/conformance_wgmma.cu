// wgmma on shared memory filled with small integers, by every kind of descriptor and for every N.
#include "conformance.h"

namespace tilestack::conformance {
namespace {

constexpr int kOperand = 16384;

struct Shared {
  alignas(1024) unsigned char a[kOperand], b[2 * kOperand];
};

struct Layout {
  gpu::Swizzle swizzle;
  int leading, stride;
};

template <class T, int kN, ptx::Major kA, ptx::Major kB, bool kRegisters>
__global__ __launch_bounds__(128, 1) void wgmma_kernel(const T* x, const std::uint32_t* registers, float* y, Layout la,
                                                       Layout lb) {
  auto& s = gpu::dyn_shared<Shared>();
  const int t = threadIdx.x;
  T* words = reinterpret_cast<T*>(&s);
  for (int i = t; i < int(sizeof(Shared) / sizeof(T)); i += 128) words[i] = x[i];
  ptx::registers_decrease<216>();
  ptx::fence_proxy_async();
  __syncthreads();
  ptx::registers_increase<240>();
  float d[kN / 2];
  const auto a = ptx::matrix_descriptor(s.a, la.swizzle, la.leading, la.stride);
  const auto b = ptx::matrix_descriptor(s.b, lb.swizzle, lb.leading, lb.stride);
  const std::uint32_t r[4] = {registers[t * 4], registers[t * 4 + 1], registers[t * 4 + 2], registers[t * 4 + 3]};
  for (int i = 0; i < kN / 2; ++i) d[i] = 0;
  ptx::hold_registers(d);
  ptx::wgmma_fence();
  for (int i = 0; i < 2; ++i) {  // the second adds to the first
    if constexpr (kRegisters)
      ptx::wgmma<T, kB>(d, r, b, i > 0);
    else
      ptx::wgmma<T, kA, kB>(d, a, b, i > 0);
  }
  ptx::wgmma_commit();
  ptx::wgmma_wait<0>();
  ptx::hold_registers(d);
  for (int i = 0; i < kN / 2; ++i) y[i * 128 + t] = d[i];
}

template <class T, int kN, bool kRegisters = false, ptx::Major kA = ptx::Major::k, ptx::Major kB = ptx::Major::k>
void wgmma(const std::string& name, Layout a = {gpu::Swizzle::bytes128, 0, 1024},
           Layout b = {gpu::Swizzle::bytes128, 0, 1024}) {
  random_state = 12345;
  Buffer<T> x(sizeof(Shared) / sizeof(T)), registers(512 * 4 / sizeof(T));
  Buffer<float> y(64 * kN);
  x.fill(small<T>), registers.fill(small<T>);
  gpu::launch(wgmma_kernel<T, kN, kA, kB, kRegisters>, {1, 128, sizeof(Shared)}, x.device,
              reinterpret_cast<const std::uint32_t*>(registers.device), y.device, a, b);
  record("wgmma " + name + " n " + std::to_string(kN), y);
}

template <int kN>
void every_n() {
  wgmma<bfloat16, kN>("bf16");
  if constexpr (kN < 256) every_n<kN + 8>();
}

constexpr Layout layout(int width, int leading = 0) {
  using S = gpu::Swizzle;
  return {width == 128  ? S::bytes128
          : width == 64 ? S::bytes64
          : width == 32 ? S::bytes32
                        : S::none,
          leading, 8 * width};
}

}  // namespace

void run_wgmma() {
  constexpr auto k = ptx::Major::k, mn = ptx::Major::mn;
  every_n<8>();
  wgmma<float16, 64>("f16"), wgmma<float16, 256>("f16");
  wgmma<float, 64>("tf32"), wgmma<float, 256>("tf32");
  wgmma<bfloat16, 64, true>("bf16 registers"), wgmma<bfloat16, 256, true>("bf16 registers");
  wgmma<float16, 64, true>("f16 registers"), wgmma<float, 64, true>("tf32 registers");
  for (const int width : {32, 64}) {
    const std::string name = "swizzle " + std::to_string(width);
    wgmma<bfloat16, 64>("bf16 " + name, layout(width), layout(width));
    wgmma<float, 64>("tf32 " + name, layout(width), layout(width));
  }
  // Blocks of 8 rows by 16 bytes: next to each other along K, then along the rows.
  const Layout plain{gpu::Swizzle::none, 128, 256}, far{gpu::Swizzle::none, 4096, 128};
  wgmma<bfloat16, 64>("bf16 unswizzled", plain, far);
  wgmma<float, 64>("tf32 unswizzled", far, plain);
  for (const int width : {32, 64, 128}) {
    const std::string name = "swizzle " + std::to_string(width);
    const Layout turned = layout(width, 2 * 8 * width);  // 16 lines of K, then the next rows
    wgmma<bfloat16, 64, false, mn, k>("bf16 turned a " + name, turned, layout(width));
    wgmma<bfloat16, 64, false, k, mn>("bf16 turned b " + name, layout(width), turned);
    wgmma<float16, 128, false, mn, mn>("f16 turned both " + name, turned, turned);
    wgmma<bfloat16, 64, true, k, mn>("bf16 registers turned b " + name, layout(width), turned);
  }
}

}  // namespace tilestack::conformance
