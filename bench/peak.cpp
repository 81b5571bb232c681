// Measures what one core of this machine can do at most: fused multiply-adds a second and bytes moved a second.
// c++ -O3 -march=native -std=c++20 peak.cpp -o peak && ./peak  prints JSON.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#if defined(__AVX512F__)
constexpr int kBytes = 64;
#elif defined(__AVX2__)
constexpr int kBytes = 32;
#else
constexpr int kBytes = 16;
#endif
typedef float Vec __attribute__((vector_size(kBytes)));

template <class F>
double best_seconds(F&& f, int tries) {
  double best = 1e9;
  for (int i = 0; i < tries; ++i) {
    const auto start = std::chrono::steady_clock::now();
    f();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (took.count() < best) best = took.count();
  }
  return best;
}

// Twelve chains hide the latency of the multiply-add on any processor of today. Rounding keeps the compiler from
// joining their steps.
double gflops() {
  constexpr int chains = 12, steps = 2'000'000;
  volatile float keep = 0;
  const double seconds = best_seconds(
      [&] {
        Vec sum[chains];
        for (int c = 0; c < chains; ++c) sum[c] = Vec{} + float(c);
        const Vec a = Vec{} + 0.999f, b = Vec{} + 0.001f;
        for (int i = 0; i < steps; ++i) {
#pragma GCC unroll 12
          for (int c = 0; c < chains; ++c) sum[c] = sum[c] * a + b;
        }
        for (Vec& s : sum) keep = keep + s[0];
      },
      20);
  return 2.0 * chains * steps * (kBytes / 4) / seconds / 1e9;
}

// Bytes read and written a second by a copy within `bytes` of memory.
double copy_gbs(std::size_t bytes) {
  std::vector<char> from(bytes / 2, 1), to(bytes / 2, 2);
  const int repeats = int(std::size_t(1 << 28) / bytes) + 1;
  const double seconds = best_seconds(
      [&] {
        for (int i = 0; i < repeats; ++i) {
          std::memcpy(to.data(), from.data(), bytes / 2);
          asm volatile("" ::: "memory");
        }
      },
      10);
  return double(bytes) * repeats / seconds / 1e9;
}

int main() {
  std::printf("{\"fma_gflops\": %.1f, \"copy_gbs\": {\"32KB\": %.1f, \"1MB\": %.1f, \"256MB\": %.1f}}\n", gflops(),
              copy_gbs(32 << 10), copy_gbs(1 << 20), copy_gbs(256 << 20));
}
