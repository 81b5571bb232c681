// Measures what this machine can do at most with some threads: fused multiply-adds and products of bfloat16 a second,
// and bytes moved a second within memory of several sizes. c++ -O3 -march=native -std=c++20 -pthread peak.cpp -o peak
// && ./peak THREADS  prints JSON.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#if defined(__AVX512F__)
constexpr int kBytes = 64;
#elif defined(__AVX2__)
constexpr int kBytes = 32;
#else
constexpr int kBytes = 16;
#endif
typedef float Vec __attribute__((vector_size(kBytes)));

// The least seconds that f(thread), run by all threads at once, takes until the last of them is done.
template <class F>
double best_seconds(int threads, int tries, F&& f) {
  double best = 1e9;
  for (int i = 0; i < tries; ++i) {
    std::atomic<int> ready{0};
    std::atomic<bool> go{false};
    std::vector<std::thread> team;
    for (int t = 0; t < threads; ++t)
      team.emplace_back([&, t] {
        ++ready;
        while (!go) std::this_thread::yield();
        f(t);
      });
    while (ready < threads) std::this_thread::yield();
    const auto start = std::chrono::steady_clock::now();
    go = true;
    for (std::thread& thread : team) thread.join();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (took.count() < best) best = took.count();
  }
  return best;
}

constexpr int kChains = 12;  // hide the latency of the multiply-add on any processor of today
volatile float keep = 0;
volatile float factor = 0.999f, term = 0.001f;  // known to the compiler, it would work out a chain that stays at 1

double fma_gflops(int threads) {
  constexpr int steps = 2'000'000;
  const double seconds = best_seconds(threads, 20, [&](int) {
    Vec sum[kChains];
    for (int c = 0; c < kChains; ++c) sum[c] = Vec{} + float(c);
    const Vec a = Vec{} + factor, b = Vec{} + term;
    for (int i = 0; i < steps; ++i) {
#pragma GCC unroll 12
      for (int c = 0; c < kChains; ++c) sum[c] = sum[c] * a + b;
    }
    for (Vec& s : sum) keep = keep + s[0];
  });
  return 2.0 * kChains * steps * (kBytes / 4) * threads / seconds / 1e9;
}

// 0 where the processor has no such instruction.
double bfloat16_gflops([[maybe_unused]] int threads) {
#if defined(__AVX512BF16__)
  constexpr int steps = 2'000'000;
  const double seconds = best_seconds(threads, 20, [&](int) {
    __m512 sum[kChains];
    for (int c = 0; c < kChains; ++c) sum[c] = _mm512_set1_ps(float(c));
    const __m512bh a = (__m512bh)_mm512_set1_epi16(0x3f7f), b = (__m512bh)_mm512_set1_epi16(0x3a83);
    for (int i = 0; i < steps; ++i) {
#pragma GCC unroll 12
      for (int c = 0; c < kChains; ++c) sum[c] = _mm512_dpbf16_ps(sum[c], a, b);
    }
    for (__m512& s : sum) keep = keep + _mm512_reduce_add_ps(s);
  });
  return 2.0 * kChains * steps * 32 * threads / seconds / 1e9;
#else
  return 0;
#endif
}

// Bytes read and written a second by copies within `bytes` of memory of each thread.
double copy_gbs(int threads, std::size_t bytes) {
  std::vector<std::vector<char>> memory;
  for (int t = 0; t < threads; ++t) memory.emplace_back(bytes, 1);
  const int repeats = int(std::size_t(1 << 27) / bytes) + 1;
  const double seconds = best_seconds(threads, 10, [&](int t) {
    for (int i = 0; i < repeats; ++i) {
      std::memcpy(memory[t].data(), memory[t].data() + bytes / 2, bytes / 2);
      asm volatile("" ::: "memory");
    }
  });
  return double(bytes) * repeats * threads / seconds / 1e9;
}

// Bytes read a second by sums over memory that no cache holds.
double read_gbs(int threads) {
  constexpr std::size_t bytes = 128 << 20;
  std::vector<std::vector<char>> memory;
  for (int t = 0; t < threads; ++t) memory.emplace_back(bytes, 1);
  const double seconds = best_seconds(threads, 5, [&](int t) {
    typedef std::uint32_t Words __attribute__((vector_size(64)));
    Words sum[4] = {};
    for (std::size_t i = 0; i < bytes; i += 256)
      for (int j = 0; j < 4; ++j) {
        Words v;
        std::memcpy(&v, memory[t].data() + i + 64 * j, 64);
        sum[j] += v;
      }
    keep = keep + float((sum[0] + sum[1] + sum[2] + sum[3])[0]);
  });
  return double(bytes) * threads / seconds / 1e9;
}

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  if (threads < 1) return 1;
  std::printf("{\"fma_gflops\": %.1f, \"bfloat16_gflops\": %.1f, \"read_gbs\": %.1f, \"copy_gbs\": {",
              fma_gflops(threads), bfloat16_gflops(threads), read_gbs(threads));
  const char* separator = "";
  for (const int kilobytes : {32, 256, 1024, 4096, 16384, 65536, 262144}) {
    std::printf("%s\"%d\": %.1f", separator, kilobytes, copy_gbs(threads, std::size_t(kilobytes) << 10));
    separator = ", ";
  }
  std::printf("}}\n");
}
