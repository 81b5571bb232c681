#include "ops/random/random.h"

#include <cmath>

#include "core/visit.h"
#include "cuda/philox.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

// A thread fills 4 runs of neighbours from the words of its quarter: f.fill(quarter, out), where each element takes
// kWords.
template <int kWords, class T, class F>
__global__ void __launch_bounds__(gpu::kPhiloxThreads)
    fill_kernel(T* y, std::int64_t n, gpu::Changing<Philox> stream, F f, int whole) {
  constexpr int kWidth = 4 / kWords, kApart = 16 / kWords, kGroup = kPhiloxGroup / kWords;
  const std::int64_t thread = gpu::global_thread(), group = thread / 4;
  const int quarter = static_cast<int>(thread % 4);
  const std::int64_t first = group * kGroup + quarter * kWidth;
  if (first >= n) return;
  const int count = static_cast<int>(n - first < kGroup ? n - first : kGroup);
  const gpu::PhiloxQuarter words(stream, group, quarter);
  gpu::Pack<T, kWidth> out[4];
  f.fill(words, out);
#pragma unroll
  for (int j = 0; j < 4; ++j) gpu::store_first(y + first + j * kApart, out[j], count - j * kApart, whole);
}

template <int kWords, class T, class F>
void fill(View y, Philox stream, F f) {
  constexpr int kWidth = 4 / kWords, kGroup = kPhiloxGroup / kWords;
  const std::int64_t n = y.numel();
  const int whole = gpu::whole<kWidth>(gpu::is_aligned(y.pointer, alignof(gpu::Pack<T, kWidth>)));
  gpu::launch(fill_kernel<kWords, T, F>, {gpu::philox_blocks<kGroup>(n), gpu::kPhiloxThreads}, y.data<T>(), n,
              gpu::changing(stream), f, whole);
}

// Two words each: f(64 bits).
template <class T, class F>
struct Wide {
  F f;
  __device__ void fill(const gpu::PhiloxQuarter& q, gpu::Pack<T, 2> (&out)[4]) const {
#pragma unroll
    for (int j = 0; j < 4; ++j)
#pragma unroll
      for (int k = 0; k < 2; ++k)
        out[j][k] = convert<T>(f(q.word[j][2 * k] | std::uint64_t(q.word[j][2 * k + 1]) << 32));
  }
};
// One word each: f(32 bits).
template <class T, class F>
struct Narrow {
  F f;
  __device__ void fill(const gpu::PhiloxQuarter& q, gpu::Pack<T, 4> (&out)[4]) const {
#pragma unroll
    for (int j = 0; j < 4; ++j)
#pragma unroll
      for (int k = 0; k < 4; ++k) out[j][k] = convert<T>(f(q.word[j][k]));
  }
};

__device__ double unit_double(std::uint64_t bits) { return double(bits >> 11) * 0x1p-53; }

template <class T>
constexpr int kDigits = 24;
template <>
constexpr int kDigits<bfloat16> = 8;
template <>
constexpr int kDigits<float16> = 11;

struct UniformDouble {
  double low, range;
  __device__ double operator()(std::uint64_t bits) const { return low + range * unit_double(bits); }
};
struct UniformFloat {
  float low, scale;
  int shift;
  __device__ float operator()(std::uint32_t word) const { return static_cast<float>(word >> shift) * scale + low; }
};

void uniform(View y, Philox stream, double low, double high) {
  visit_float(y.dtype, [&]<class T>() {
    if constexpr (std::is_same_v<T, double>) {
      fill<2, T>(y, stream, Wide<T, UniformDouble>{{low, high - low}});
    } else {
      const float scale = static_cast<float>((high - low) / double(1 << kDigits<T>));
      fill<1, T>(y, stream, Narrow<T, UniformFloat>{{static_cast<float>(low), scale, 32 - kDigits<T>}});
    }
  });
}

// Radius sqrt(-2 ln u), angle 2 pi v. Words 16 apart are u and v of the elements in their places.
template <class T>
struct Normal {
  float mean, deviation;
  __device__ void fill(const gpu::PhiloxQuarter& q, gpu::Pack<T, 4> (&out)[4]) const {
#pragma unroll
    for (int j = 0; j < 4; j += 2)
#pragma unroll
      for (int k = 0; k < 4; ++k) {
        const float unit = (static_cast<float>(q.word[j][k] >> 1) + 0.5f) * 0x1p-31f;
        const float turn = static_cast<float>(q.word[j + 1][k] >> 8) * 0x1p-24f;
        const float radius = std::sqrt(std::log(unit) * -2.0f) * deviation;
        float sine, cosine;
        sincospif(2 * turn, &sine, &cosine);
        out[j][k] = convert<T>(radius * cosine + mean);
        out[j + 1][k] = convert<T>(radius * sine + mean);
      }
  }
};
// sin and cos of 2 pi v for v in [0, 1): within an eighth of a turn by Taylor series, then by symmetry. CUDA's own take
// memory for angles of any size.
__device__ void sin_cos_turns(double v, double& sine, double& cosine) {
  const int quarter = static_cast<int>(v * 4 + 0.5);
  const double r = (v * 4 - quarter) * 1.5707963267948966, z = r * r;
  double s = 1, c = 1;
#pragma unroll
  for (int n = 18; n > 0; n -= 2) {
    s = 1 - s * (z * (1.0 / (n * (n + 1))));
    c = 1 - c * (z * (1.0 / (n * (n - 1))));
  }
  s *= r;
  const double a = quarter % 2 ? c : s, b = quarter % 2 ? s : c;
  sine = quarter & 2 ? -a : a;
  cosine = (quarter + 1) & 2 ? -b : b;
}
// Neighbours: 1 - u and v of the two elements.
template <>
struct Normal<double> {
  double mean, deviation;
  __device__ void fill(const gpu::PhiloxQuarter& q, gpu::Pack<double, 2> (&out)[4]) const {
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const double u = unit_double(q.word[j][0] | std::uint64_t(q.word[j][1]) << 32);
      const double v = unit_double(q.word[j][2] | std::uint64_t(q.word[j][3]) << 32);
      const double radius = std::sqrt(-2 * std::log(1 - u)) * deviation;
      double sine, cosine;
      sin_cos_turns(v, sine, cosine);
      out[j][0] = radius * cosine + mean;
      out[j][1] = radius * sine + mean;
    }
  }
};

void normal(View y, Philox stream, double mean, double std) {
  visit_float(y.dtype, [&]<class T>() {
    using A = Compute<T>;
    constexpr int kWords = std::is_same_v<T, double> ? 2 : 1;
    fill<kWords, T>(y, stream, Normal<T>{static_cast<A>(mean), static_cast<A>(std)});
  });
}

struct Integer {
  std::uint64_t low, range;
  __device__ std::int64_t operator()(std::uint64_t bits) const {
    return static_cast<std::int64_t>(low + __umul64hi(bits, range));
  }
};

void integers(View y, Philox stream, std::int64_t low, std::int64_t high) {
  const auto start = static_cast<std::uint64_t>(low);
  visit_all(y.dtype, [&]<class T>() {
    fill<2, T>(y, stream, Wide<T, Integer>{{start, static_cast<std::uint64_t>(high) - start}});
  });
}

struct Chosen {
  std::uint64_t below;
  __device__ float operator()(std::uint32_t word) const { return word < below ? 1.0f : 0.0f; }
};

void bernoulli(View y, Philox stream, double p) {
  const auto below = static_cast<std::uint64_t>(p * 0x1p32 + 0.5);
  visit_all(y.dtype, [&]<class T>() { fill<1, T>(y, stream, Narrow<T, Chosen>{{below}}); });
}

}  // namespace
const RandomKernels random = {uniform, normal, integers, bernoulli};
TILESTACK_CUDA_TABLE(random)
}  // namespace tilestack::cuda
