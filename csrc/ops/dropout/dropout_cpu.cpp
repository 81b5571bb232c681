#include "core/parallel.h"
#include "core/philox_vec.h"
#include "ops/dropout/dropout.h"

namespace tilestack::TILESTACK_ISA {
namespace {

constexpr int kHalves = 2 * kPhiloxGroup;

template <class T>
struct HalvesFor {
  typedef std::uint16_t type __attribute__((vector_size(2 * kLanes<Compute<T>>)));
};

template <class T>
TILESTACK_INLINE void drop_vector(const T* x, const T* residual, T* y, const std::uint16_t* bits, std::int32_t below,
                                  Compute<T> scale, std::int64_t n) {
  using C = Compute<T>;
  constexpr int lanes = kLanes<C>;
  using Mask = decltype(Vec<C>{} < Vec<C>{});
  using Halves = typename HalvesFor<T>::type;
  const Mask draw = __builtin_convertvector(load_raw<Halves>(bits), Mask);
  const Vec<C> v = n < lanes ? load_partial(x, n) : load(x);
  Vec<C> kept = draw >= below ? v * scale : Vec<C>{};
  if (residual) kept += n < lanes ? load_partial(residual, n) : load(residual);
  n < lanes ? store_partial(y, kept, n) : store(y, kept);
}

template <class T>
void drop(const T* x, const T* residual, T* y, std::int64_t n, Philox stream, double p) {
  constexpr int lanes = kLanes<Compute<T>>;
  const auto below = std::int32_t(p * 65536 + 0.5);
  const auto scale = Compute<T>(p < 1 ? 1 / (1 - p) : 0);
  parallel_for(n, grain_of(n, 1), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; i += kHalves) {
      alignas(64) std::uint32_t words[kPhiloxGroup];
      philox_group(stream, i / kHalves, words);
      const auto* bits = reinterpret_cast<const std::uint16_t*>(words);
      const std::int64_t count = end - i < kHalves ? end - i : kHalves;
      for (std::int64_t j = 0; j < count; j += lanes)
        drop_vector(x + i + j, residual ? residual + i + j : nullptr, y + i + j, bits + j, below, scale, count - j);
    }
  });
}

void forward(const void* x, const void* residual, void* y, DType dtype, std::int64_t n, Philox stream, double p) {
  visit_float(dtype, [&]<class T>() {
    drop(static_cast<const T*>(x), static_cast<const T*>(residual), static_cast<T*>(y), n, stream, p);
  });
}

}  // namespace
constinit const DropoutKernels dropout = {forward};
}  // namespace tilestack::TILESTACK_ISA
