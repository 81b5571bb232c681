#pragma once
// Operands of bfloat16 for products of pairs: two neighbours along the depth are one element, in the place of a float.
// The pair of an odd depth's last element ends in a zero.
#include "core/gemm/pack_windows.h"

namespace tilestack::TILESTACK_ISA {
namespace {

#if defined(__AVX512F__)
TILESTACK_INLINE bool multiplies_pairs(const Gemm& g) {
  return has_bfloat16_dot && g.a.dtype == DType::bfloat16 && g.b.dtype == DType::bfloat16;
}
#else
TILESTACK_INLINE constexpr bool multiplies_pairs(const Gemm&) { return false; }
#endif

// A matrix whose rows are pairs already, as one of floats; any other operand as it is.
TILESTACK_INLINE GemmOperand as_floats(const GemmOperand& x, std::int64_t depth) {
  if (x.windows || x.depth_stride != 1 || depth % 2 || x.row_stride % 2 || std::uintptr_t(x.data) % 4) return x;
  return {.data = x.data, .row_stride = x.row_stride / 2, .depth_stride = 1};
}

// The product whose depth counts pairs.
TILESTACK_INLINE Gemm in_pairs(const Gemm& g) {
  return {g.m, g.n, up(g.k, 2), as_floats(g.a, g.k), as_floats(g.b, g.k), g.c};
}

// Pairs of two lines of neighbours, given as the bits of floats. May write up to the next multiple of kLanes.
template <class S>
TILESTACK_INLINE void join_lines(float* to, const S* first, const S* second, std::uint32_t second_mask,
                                 std::int64_t n) {
  constexpr int L = kLanes<float>;
  for (std::int64_t i = 0; i < n; i += L) {
    const bool whole = n - i >= L;
    const VecU low = float_to_bits(whole ? load(first + i) : load_partial(first + i, n - i));
    const VecU high = float_to_bits(whole ? load(second + i) : load_partial(second + i, n - i));
    store(to + i, bits_to_float((low >> 16) | (high & second_mask)));
  }
}
TILESTACK_INLINE std::uint32_t second_mask(std::int64_t first, std::int64_t depth) {
  return first + 1 < depth ? 0xffff0000u : 0;
}

// A matrix whose columns are contiguous.
template <int W>
void pack_column_pairs(const GemmOperand& x, float* panels, PackRange r, std::int64_t depth) {
  const auto* line = static_cast<const bfloat16*>(x.data) + r.first * x.row_stride + 2 * r.k0 * x.depth_stride;
  for (std::int64_t k = r.k0; k < r.k1; ++k, line += 2 * x.depth_stride, panels += W) {
    const std::uint32_t mask = second_mask(2 * k, depth);
    const bfloat16* second = mask ? line + x.depth_stride : line;
    float* to = panels;
    for (std::int64_t i = 0; i < r.count; i += r.height, to += r.panel_size) {
      __builtin_prefetch(line + i + kAhead * x.depth_stride);
      __builtin_prefetch(second + i + kAhead * x.depth_stride);
      join_lines(to, line + i, second + i, mask, r.height_at(i));
    }
  }
}

// Rows that are packed as they are: pairs come about by themselves.
TILESTACK_INLINE void copy_row_pairs(const GemmOperand& x, float* panels, PackRange r, std::int64_t depth) {
  using Bits = std::uint16_t;
  Bits* to = reinterpret_cast<Bits*>(panels);
  PackRange elements{r.first, r.count, 2 * r.k0, least(2 * r.k1, depth), 2 * r.panel_size, r.height, 2 * r.row_step};
  copy_rows<Bits>(x, to, elements);
  if (const std::int64_t length = elements.k1 - elements.k0; length % 2)
    for (std::int64_t i = 0; i < r.count; ++i) packed_row(to, elements, i)[length] = 0;
}

// Anything else: through panels of floats.
template <int W, bool kTransposes>
void join_packed(const GemmOperand& x, float* panels, PackRange r, std::int64_t depth) {
  constexpr std::int64_t kStep = 32;
  alignas(64) float lines[2 * kStep * W + kLanes<float>];
  for (std::int64_t i = 0; i < r.count; i += r.height, panels += r.panel_size)
    for (std::int64_t k = r.k0; k < r.k1; k += kStep) {
      const std::int64_t pairs = least(kStep, r.k1 - k);
      pack<W, kTransposes, bfloat16>(x, lines,
                                     {r.first + i, r.height_at(i), 2 * k, least(2 * (k + pairs), depth), 0, r.height});
      for (std::int64_t j = 0; j < pairs; ++j)
        join_lines(panels + (k - r.k0 + j) * W, lines + 2 * j * W, lines + (2 * j + 1) * W,
                   second_mask(2 * (k + j), depth), W);
    }
}

// As pack_operand, for a range of pairs out of `depth` elements.
template <int W, bool kTransposes>
void pack_pairs(const GemmOperand& x, float* panels, PackRange r, std::int64_t depth) {
  if (x.dtype == DType::float32) return pack<W, kTransposes, float>(x, panels, r);
  if (r.row_step > 0) return copy_row_pairs(x, panels, r, depth);
  if (!x.windows && x.row_stride == 1) return pack_column_pairs<W>(x, panels, r, depth);
  join_packed<W, kTransposes>(x, panels, r, depth);
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
