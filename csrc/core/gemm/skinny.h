#pragma once
// Products of at most kSkinny rows with a large matrix, which is read once, in the order of its memory, and not packed.
#include "core/gemm/direct.h"
#include "core/gemm/epilogue.h"

namespace tilestack::TILESTACK_ISA {
namespace {

constexpr int kSkinny = 4;
constexpr int kLines = 4;  // rows of B, or of depth, that are read side by side
constexpr std::int64_t kSkinnyColumns = 512;
constexpr std::int64_t kSkinnyWork = 1 << 17;

// sums[i][j] for kLines rows of B that are contiguous along the depth.
template <int M, class S, class T>
TILESTACK_INLINE void dot_lines(const T* a, std::int64_t a_stride, const S* const* b, std::int64_t depth, T* sums,
                                std::int64_t stride) {
  constexpr int L = kLanes<T>;
  Vec<T> sum[M][kLines] = {};
  std::int64_t k = 0;
  for (; k + L <= depth; k += L)
    for (int j = 0; j < kLines; ++j) {
      const Vec<T> v = load(b[j] + k);
      for (int i = 0; i < M; ++i) sum[i][j] = fma(load(a + i * a_stride + k), v, sum[i][j]);
    }
  if (k < depth)
    for (int j = 0; j < kLines; ++j) {
      const Vec<T> v = load_partial(b[j] + k, depth - k);
      for (int i = 0; i < M; ++i) sum[i][j] = fma(load(a + i * a_stride + k), v, sum[i][j]);
    }
  for (int i = 0; i < M; ++i)
    for (int j = 0; j < kLines; ++j) sums[i * stride + j] = sum_lanes(sum[i][j]);
}

// sums[i][j] += the products of kLines steps of depth, each contiguous along B's rows.
template <int M, class S, class T>
TILESTACK_INLINE void add_lines(const T* a, std::int64_t a_stride, const S* const* b, std::int64_t cols, T* sums,
                                std::int64_t stride) {
  constexpr int L = kLanes<T>;
  Vec<T> factor[M][kLines];
  for (int i = 0; i < M; ++i)
    for (int k = 0; k < kLines; ++k) factor[i][k] = splat(a[i * a_stride + k]);
  for (std::int64_t j = 0; j < cols; j += L) {
    Vec<T> line[kLines];
    for (int k = 0; k < kLines; ++k) line[k] = cols - j >= L ? load(b[k] + j) : load_partial(b[k] + j, cols - j);
    for (int i = 0; i < M; ++i) {
      Vec<T> sum = load(sums + i * stride + j);
      for (int k = 0; k < kLines; ++k) sum = fma(factor[i][k], line[k], sum);
      store(sums + i * stride + j, sum);
    }
  }
}

// Columns [begin, end) of the product of the M rows `a`, contiguous and zero beyond the depth, with B.
template <int M, class S, class T>
void skinny_columns(const Gemm& g, const T* a, std::int64_t a_stride, T* sums, std::int64_t stride, std::int64_t begin,
                    std::int64_t end) {
  const S* base = static_cast<const S*>(g.b.data) + begin * g.b.row_stride;
  const S* lines[kLines];
  if (g.b.depth_stride == 1) {
    for (std::int64_t j = 0; j < end - begin; j += kLines) {
      for (int l = 0; l < kLines; ++l) lines[l] = base + least(j + l, end - begin - 1) * g.b.row_stride;
      dot_lines<M>(a, a_stride, lines, g.k, sums + j, stride);
    }
    return;
  }
  for (std::int64_t e = 0; e < M * stride; e += kLanes<T>) store(sums + e, Vec<T>{});
  for (std::int64_t k = 0; k < g.k; k += kLines) {
    for (int l = 0; l < kLines; ++l)
      lines[l] = k + l < g.k ? base + (k + l) * g.b.depth_stride : reinterpret_cast<const S*>(kZeros);
    add_lines<M>(a + k, a_stride, lines, end - begin, sums, stride);
  }
}

template <class S, class T>
void run_skinny_of(const Gemm& g, bool swapped) {
  constexpr int L = kLanes<T>;
  const std::int64_t a_stride = (g.k + kLines + L) / L * L;
  Workspace<T> rows(kSkinny * a_stride);
  const S* a = static_cast<const S*>(g.a.data);
  for (std::int64_t i = 0; i < g.m; ++i) {
    T* to = rows.data + i * a_stride;
    for (std::int64_t k = 0; k < g.k; ++k) to[k] = convert<T>(a[i * g.a.row_stride + k * g.a.depth_stride]);
    for (std::int64_t k = g.k; k < a_stride; ++k) to[k] = 0;
  }
  using Columns = void (*)(const Gemm&, const T*, std::int64_t, T*, std::int64_t, std::int64_t, std::int64_t);
  static constexpr Columns kernels[kSkinny] = {skinny_columns<1, S, T>, skinny_columns<2, S, T>,
                                               skinny_columns<3, S, T>, skinny_columns<4, S, T>};
  const Columns columns = kernels[g.m - 1];
  std::int64_t grain = least(kSkinnyColumns, up(kSkinnyWork, g.m * (g.k + 1) * L) * L);
  if (g.b.depth_stride != 1) grain = most(grain, 256);  // long enough runs of memory
  parallel_for(g.n, grain, [&](std::int64_t begin, std::int64_t end) {
    alignas(64) T sums[kSkinny * kSkinnyColumns + kLanes<T>];
    columns(g, rows.data, a_stride, sums, kSkinnyColumns, begin, end);
    if (!swapped) return write_rows<S>(g.c, sums, kSkinnyColumns, 0, g.m, begin, end - begin);
    T turned[kSkinny * kSkinnyColumns + kLanes<T>];
    for (std::int64_t j = 0; j < end - begin; ++j)
      for (std::int64_t i = 0; i < g.m; ++i) turned[j * kSkinny + i] = sums[i * kSkinnyColumns + j];
    write_rows<S>(g.c, turned, kSkinny, begin, end - begin, 0, g.m);
  });
}

// True if it did the product.
template <class T>
bool run_skinny(const Gemm& g, bool swapped) {
  if (g.m > kSkinny || g.k < 16 || g.a.windows || g.b.windows || g.a.dtype != g.c.dtype || g.b.dtype != g.c.dtype)
    return false;
  if (g.b.depth_stride != 1 && g.b.row_stride != 1) return false;
  switch (g.c.dtype) {
    case DType::float64:
      if constexpr (sizeof(T) == 8) run_skinny_of<double, T>(g, swapped);
      break;
    case DType::bfloat16:
      if constexpr (sizeof(T) == 4) run_skinny_of<bfloat16, T>(g, swapped);
      break;
    case DType::float16:
      if constexpr (sizeof(T) == 4) run_skinny_of<float16, T>(g, swapped);
      break;
    default:
      if constexpr (sizeof(T) == 4) run_skinny_of<float, T>(g, swapped);
  }
  return true;
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
