#include "core/parallel.h"
#include "core/philox_vec.h"
#include "ops/dropout/dropout.h"

namespace tilestack::TILESTACK_ISA {
namespace {

constexpr int kHalves = 2 * kPhiloxGroup;
constexpr int kBits = 64;  // of a word of `kept`

template <class T>
struct HalvesFor {
  typedef std::uint16_t type __attribute__((vector_size(2 * kLanes<Compute<T>>)));
};
template <class T>
using MaskFor = Vec<LaneInt<Compute<T>>>;

template <class T>
Compute<T> scale_of(double p) {
  return Compute<T>(p < 1 ? 1 / (1 - p) : 0);
}

// y = what is kept of at most a vector of x, n elements, plus the residual.
template <class T>
TILESTACK_INLINE void drop_vector(const T* x, const T* residual, T* y, MaskFor<T> keep, Compute<T> scale,
                                  std::int64_t n) {
  Vec<Compute<T>> kept = keep ? load_upto(x, n) * scale : Vec<Compute<T>>{};
  if (residual) kept += load_upto(residual, n);
  store_upto(y, kept, n);
}

template <class T>
void drop(const T* x, const T* residual, T* y, std::uint64_t* kept, std::int64_t n, Philox stream, double p) {
  constexpr int lanes = kLanes<Compute<T>>;
  const auto below = std::int32_t(p * 65536 + 0.5);
  const Compute<T> scale = scale_of<T>(p);
  parallel_for(n, grain_of(n, 1), [&](std::int64_t begin, std::int64_t end) {
    alignas(64) std::uint32_t words[kPhiloxGroup];
    for (std::int64_t i = begin; i < end; i += kBits) {
      if (i % kHalves == 0) philox_group(stream, i / kHalves, words);
      const auto* halves = reinterpret_cast<const std::uint16_t*>(words) + i % kHalves;
      std::uint64_t bits = 0;
      for (std::int64_t j = 0; j < kBits && i + j < end; j += lanes) {
        const MaskFor<T> draw = __builtin_convertvector(load_raw<typename HalvesFor<T>::type>(halves + j), MaskFor<T>);
        const MaskFor<T> keep = draw >= below;
        drop_vector(x + i + j, residual ? residual + i + j : nullptr, y + i + j, keep, scale, end - i - j);
        bits |= std::uint64_t(bits_of(keep)) << j;
      }
      if (kept) kept[i / kBits] = bits;
    }
  });
}

template <class T>
void drop_back(const T* dy, T* dx, const std::uint64_t* kept, std::int64_t n, double p) {
  constexpr int lanes = kLanes<Compute<T>>;
  const Compute<T> scale = scale_of<T>(p);
  parallel_for(n, grain_of(n, 1), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; i += kBits)
      for (std::int64_t j = 0; j < kBits && i + j < end; j += lanes)
        drop_vector<T>(dy + i + j, nullptr, dx + i + j, mask_of<LaneInt<Compute<T>>>(kept[i / kBits] >> j), scale,
                       end - i - j);
  });
}

void forward(const void* x, const void* residual, void* y, std::uint64_t* kept, DType dtype, std::int64_t n,
             Philox stream, double p) {
  visit_float(dtype, [&]<class T>() {
    drop(static_cast<const T*>(x), static_cast<const T*>(residual), static_cast<T*>(y), kept, n, stream, p);
  });
}

void backward(const void* dy, void* dx, const std::uint64_t* kept, DType dtype, std::int64_t n, Philox, double p) {
  visit_float(dtype, [&]<class T>() { drop_back(static_cast<const T*>(dy), static_cast<T*>(dx), kept, n, p); });
}

}  // namespace
constinit const DropoutKernels dropout = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA
