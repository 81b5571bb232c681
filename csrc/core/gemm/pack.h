#pragma once
// From memory to panels. A panel of width W holds element (row r, depth k) at k * W + r. Stores go a whole vector at a
// time: what falls beyond W is overwritten by the next k, so a panel needs kLanes elements of slack at its end. Rows
// that the operand does not have hold anything: they meet only elements of C that do not exist.
#include "core/gemm/gemm.h"
#include "core/transpose.h"

namespace tilestack::TILESTACK_ISA {
namespace {

TILESTACK_INLINE std::int64_t up(std::int64_t n, std::int64_t d) { return (n + d - 1) / d; }
TILESTACK_INLINE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
TILESTACK_INLINE std::int64_t most(std::int64_t a, std::int64_t b) { return a > b ? a : b; }

// Transposes n elements of each of W rows into panel (n, W).
template <int W, class S>
void pack_rows(Compute<S>* panel, const S* const* rows, std::int64_t n) {
  using T = Compute<S>;
  constexpr int L = kLanes<T>;
  for (std::int64_t k = 0; k < n; k += L) {
    if (k + L > n && n >= L) k = n - L;  // the last ones once more rather than one by one
    const std::int64_t count = n - k < L ? n - k : L;
    // The last block first, so that what spills over its end is overwritten.
    for (int block = (W - 1) / L * L; block >= 0; block -= L) {
      Vec<T> v[L];
#pragma GCC unroll 16
      for (int i = 0; i < L; ++i)
        v[i] = block + i >= W ? Vec<T>{}
               : count == L   ? load(rows[block + i] + k)
                              : load_partial(rows[block + i] + k, count);
      transpose_steps<1>(v);
      T* to = panel + k * W + block;
#pragma GCC unroll 16
      for (int i = 0; i < L; ++i)
        if (i < count) store(to + i * W, v[i]);
    }
  }
}

// Copies n neighbours; may write up to the next multiple of kLanes.
template <class S>
TILESTACK_INLINE void copy_run(Compute<S>* to, const S* from, std::int64_t n) {
  constexpr int L = kLanes<Compute<S>>;
  std::int64_t i = 0;
  for (; i + L <= n; i += L) store(to + i, load(from + i));
  if (i < n) store(to + i, load_partial(from + i, n - i));
}

constexpr std::int64_t kMaxDepth = 768;  // elements of depth in one block
alignas(64) constexpr unsigned char kZeros[kMaxDepth * 8] = {};

// Rows [first, first + count) and depth [k0, k1) of an operand, as panels `panel_size` elements apart.
struct PackRange {
  std::int64_t first, count, k0, k1, panel_size;
};

template <int W, class S>
void pack_matrix(const GemmOperand& x, Compute<S>* panels, PackRange r) {
  const S* base = static_cast<const S*>(x.data) + r.first * x.row_stride + r.k0 * x.depth_stride;
  const std::int64_t depth = r.k1 - r.k0;
  if (x.row_stride == 1) {
    for (std::int64_t k = 0; k < depth; ++k)
      for (std::int64_t i = 0; i < r.count; i += W)
        copy_run(panels + i / W * r.panel_size + k * W, base + k * x.depth_stride + i,
                 r.count - i < W ? r.count - i : W);
    return;
  }
  for (std::int64_t i = 0; i < r.count; i += W, panels += r.panel_size) {
    const S* rows[W];
    for (int j = 0; j < W; ++j)
      rows[j] = i + j < r.count ? base + (i + j) * x.row_stride : reinterpret_cast<const S*>(kZeros);
    if (x.depth_stride == 1) {
      pack_rows<W>(panels, rows, depth);
    } else {
      for (std::int64_t k = 0; k < depth; ++k)
        for (int j = 0; j < W; ++j)
          panels[k * W + j] = i + j < r.count ? convert<Compute<S>>(rows[j][k * x.depth_stride]) : Compute<S>(0);
    }
  }
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
