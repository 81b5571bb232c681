#pragma once
// From memory to panels. A panel of width W holds element (row r, depth k) at k * W + r. Stores go a whole vector at a
// time: what falls beyond W is overwritten by the next k, so a panel needs kLanes elements of slack at its end. Rows
// that the operand does not have hold anything: they meet only elements of C that do not exist. Rows of A may also be
// packed as they are, `row_step` elements apart, if their depth is contiguous: that is a copy, not a transposition.
#include "core/gemm/gemm.h"
#include "core/transpose.h"

namespace tilestack::TILESTACK_ISA {
namespace {

TILESTACK_INLINE std::int64_t up(std::int64_t n, std::int64_t d) { return (n + d - 1) / d; }
TILESTACK_INLINE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
TILESTACK_INLINE std::int64_t most(std::int64_t a, std::int64_t b) { return a > b ? a : b; }

constexpr std::int64_t kMaxDepth = 768;  // elements of depth in one block
alignas(64) constexpr unsigned char kZeros[kMaxDepth * 8] = {};

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

// to[i * to_step + j] = from[j * from_step + i] for i < n, j < lines. Whole vectors are stored: what goes beyond the
// last line is overwritten by the next i, or is beyond the end.
template <class S>
void turn_lines(const S* from, std::int64_t from_step, std::int64_t lines, std::int64_t n, Compute<S>* to,
                std::int64_t to_step) {
  using T = Compute<S>;
  constexpr int L = kLanes<T>;
  for (std::int64_t i = 0; i < n; i += L)
    for (std::int64_t first = (lines - 1) / L * L; first >= 0; first -= L) {
      const std::int64_t wide = least(n - i, L);
      Vec<T> v[L];
#pragma GCC unroll 16
      for (int j = 0; j < L; ++j)
        v[j] = load_partial(first + j < lines ? from + (first + j) * from_step + i : reinterpret_cast<const S*>(kZeros),
                            wide);
      transpose_steps<1>(v);
#pragma GCC unroll 16
      for (int j = 0; j < L; ++j)
        if (j < wide) store(to + (i + j) * to_step + first, v[j]);
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

// Rows [first, first + count) and depth [k0, k1) of an operand, as panels of `height` rows, `panel_size` elements
// apart.
struct PackRange {
  std::int64_t first, count, k0, k1, panel_size, height;
  std::int64_t row_step = 0;  // of rows that are packed as they are

  TILESTACK_INLINE std::int64_t height_at(std::int64_t row) const { return least(height, count - row); }
};

constexpr std::int64_t kAhead = 8;  // rows of memory that are fetched early: they are short, and far from each other

template <int W, bool kTransposes, class S>
void pack_matrix(const GemmOperand& x, Compute<S>* panels, PackRange r) {
  const S* base = static_cast<const S*>(x.data) + r.first * x.row_stride + r.k0 * x.depth_stride;
  const std::int64_t depth = r.k1 - r.k0;
  if (x.row_stride == 1) {
    for (std::int64_t k = 0; k < depth; ++k) {
      Compute<S>* to = panels + k * W;
      for (std::int64_t i = 0; i < r.count; i += r.height, to += r.panel_size) {
        const S* from = base + k * x.depth_stride + i;
        __builtin_prefetch(from + kAhead * x.depth_stride);
        copy_run(to, from, r.height_at(i));
      }
    }
    return;
  }
  for (std::int64_t i = 0; i < r.count; i += r.height, panels += r.panel_size) {
    const std::int64_t height = r.height_at(i);
    const S* rows[W];
    for (int j = 0; j < W; ++j)
      rows[j] = j < height ? base + (i + j) * x.row_stride : reinterpret_cast<const S*>(kZeros);
    if constexpr (kTransposes)
      if (x.depth_stride == 1) {
        pack_rows<W>(panels, rows, depth);
        continue;
      }
    for (std::int64_t k = 0; k < depth; ++k)
      for (int j = 0; j < W; ++j)
        panels[k * W + j] = j < height ? convert<Compute<S>>(rows[j][k * x.depth_stride]) : Compute<S>(0);
  }
}

// Where row i of a range goes that is packed as it is.
template <class T>
TILESTACK_INLINE T* packed_row(T* panels, const PackRange& r, std::int64_t i) {
  return panels + i / r.height * r.panel_size + i % r.height * r.row_step;
}

// Rows of a strip go side by side, so that memory works on all of them at once.
template <class S>
void copy_matrix_rows(const GemmOperand& x, Compute<S>* panels, PackRange r) {
  constexpr std::int64_t run = 2 * kLanes<Compute<S>>;
  const S* from = static_cast<const S*>(x.data) + r.first * x.row_stride + r.k0;
  const std::int64_t depth = r.k1 - r.k0;
  for (std::int64_t i = 0; i < r.count; i += r.height, panels += r.panel_size, from += r.height * x.row_stride) {
    const std::int64_t height = r.height_at(i);
    for (std::int64_t k = 0; k < depth; k += run)
      for (std::int64_t j = 0; j < height; ++j)
        copy_run(panels + j * r.row_step + k, from + j * x.row_stride + k, least(run, depth - k));
  }
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
