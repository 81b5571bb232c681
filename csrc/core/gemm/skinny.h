#pragma once
// Products of few rows with a large matrix, which is read once, in the order of its memory, and not packed.
#include "core/gemm/direct.h"
#include "core/gemm/epilogue.h"

namespace tilestack::TILESTACK_ISA {
namespace {

constexpr int kSkinny = 8;        // rows, if the matrix is contiguous along the depth and larger than they are
constexpr int kSkinnyAcross = 4;  // if it is not
constexpr int kLines = 4;         // rows of B, or of depth, that are read side by side, at most
// Longer ones come from memory as a single stream, which is up to twice as fast as four: rows of B are read one after
// the other, or two at once where rows of A would be read too often; rows of depth are fetched in their order while
// those before them are multiplied.
constexpr std::int64_t kLongLine = 256;
template <class T>
constexpr bool has_eight = sizeof(T) == 4 && kVectorBytes > 16;
constexpr std::int64_t kSkinnyColumns = 512, kSkinnySums = 8192, kSkinnyDepths = 1 << 16;
constexpr std::int64_t kSkinnyWork = 1 << 17, kChunkWork = 1 << 18, kMostChunks = 32;

// sums[i][j] for `lines` rows of B that are contiguous along the depth; `steps` vectors of each are under way at once.
template <int M, int lines, int steps, class S, class T>
TILESTACK_INLINE void dot_lines(const T* a, std::int64_t a_stride, const S* const* b, std::int64_t depth, T* sums,
                                std::int64_t stride) {
  constexpr int L = kLanes<T>;
  Vec<T> sum[M][lines][steps] = {};
  std::int64_t k = 0;
  for (; k + steps * L <= depth; k += steps * L)
#pragma GCC unroll 4
    for (int j = 0; j < lines; ++j)
#pragma GCC unroll 4
      for (int s = 0; s < steps; ++s) {
        const Vec<T> v = load(b[j] + k + s * L);
        for (int i = 0; i < M; ++i) sum[i][j][s] = fma(load(a + i * a_stride + k + s * L), v, sum[i][j][s]);
      }
  for (; k < depth; k += L)
    for (int j = 0; j < lines; ++j) {
      const Vec<T> v = load_upto(b[j] + k, depth - k);
      for (int i = 0; i < M; ++i) sum[i][j][0] = fma(load_upto(a + i * a_stride + k, depth - k), v, sum[i][j][0]);
    }
  for (int i = 0; i < M; ++i)
    for (int j = 0; j < lines; ++j) {
      for (int s = 1; s < steps; ++s) sum[i][j][0] += sum[i][j][s];
      sums[i * stride + j] = sum_lanes(sum[i][j][0]);
    }
}

// sums[i][j] += the products of `lines` steps of depth, b_stride apart and each contiguous along B's rows. next: what
// is read after them, as one run of memory, or null.
template <int M, int lines, class S, class T>
TILESTACK_INLINE void add_lines(const T* a, std::int64_t a_stride, const S* b, std::int64_t b_stride, const S* next,
                                std::int64_t cols, T* sums, std::int64_t stride) {
  constexpr int L = kLanes<T>, kCacheLine = 64 / sizeof(S);
  Vec<T> factor[M][lines];
  for (int i = 0; i < M; ++i)
    for (int k = 0; k < lines; ++k) factor[i][k] = splat(a[i * a_stride + k]);
  for (std::int64_t j = 0; j < cols; j += L) {
    if (next)
      for (int ahead = 0; ahead < lines * L; ahead += kCacheLine) __builtin_prefetch(next + j * lines + ahead, 0, 2);
    Vec<T> line[lines];
    for (int k = 0; k < lines; ++k)
      line[k] = cols - j >= L ? load(b + k * b_stride + j) : load_partial(b + k * b_stride + j, cols - j);
    for (int i = 0; i < M; ++i) {
      Vec<T> sum = load(sums + i * stride + j);
      for (int k = 0; k < lines; ++k) sum = fma(factor[i][k], line[k], sum);
      store(sums + i * stride + j, sum);
    }
  }
}

// Columns [begin, end) of the product of the M rows `a`, contiguous, with a B of which the depth is contiguous.
template <int M, class S, class T>
void dot_columns(const Gemm& g, const T* a, std::int64_t a_stride, T* sums, std::int64_t begin, std::int64_t end) {
  const S* base = static_cast<const S*>(g.b.data) + begin * g.b.row_stride;
  const S* lines[kLines] = {base};
  // Sums stay in registers. Rows of A are read for each of B: two at once where A takes longer.
  constexpr int most_sums = kVectorBytes < 64 ? 8 : 16, side_by_side = M * kLines > most_sums ? most_sums / M : kLines;
  constexpr int longer = M < 4 || kVectorBytes < 64 ? 1 : 2, steps = side_by_side / longer;
  const std::int64_t last = end - begin - 1;
  if (g.k >= kLongLine) {
    for (std::int64_t j = 0; j <= last; j += longer, lines[0] += longer * g.b.row_stride) {
      if constexpr (longer > 1) lines[1] = lines[0] + (j < last ? g.b.row_stride : 0);
      dot_lines<M, longer, steps>(a, a_stride, lines, g.k, sums + j, kSkinnyColumns);
    }
    return;
  }
  for (std::int64_t j = 0; j <= last; j += side_by_side) {
    for (int l = 0; l < side_by_side; ++l) lines[l] = base + least(j + l, last) * g.b.row_stride;
    dot_lines<M, side_by_side, 1>(a, a_stride, lines, g.k, sums + j, kSkinnyColumns);
  }
}

// The part of steps [k, k + depth) of the depth in the sums of `cols` columns from `col` on, of a B of which the
// columns are contiguous. `stride`: of the sums, a multiple of a vector.
template <int M, class S, class T>
void add_depth(const Gemm& g, const T* a, std::int64_t a_stride, T* sums, std::int64_t stride, std::int64_t k,
               std::int64_t depth, std::int64_t col, std::int64_t cols) {
  const S* b = static_cast<const S*>(g.b.data) + col;
  for (std::int64_t e = 0; e < M * stride; e += kLanes<T>) store(sums + e, Vec<T>{});
  const std::int64_t ld = g.b.depth_stride, whole = k + depth / kLines * kLines, end = k + depth;
  const bool ahead = cols >= kLongLine && cols == ld;
  for (; k < whole; k += kLines)
    add_lines<M, kLines>(a + k, a_stride, b + k * ld, ld, ahead ? b + (k + kLines) * ld : nullptr, cols, sums, stride);
  for (; k < end; ++k) add_lines<M, 1, S>(a + k, a_stride, b + k * ld, ld, nullptr, cols, sums, stride);
}

// Writes `cols` columns of C, or rows of its transpose, from sums that are `stride` apart.
template <class S, class T>
void write_columns(const Gemm& g, bool swapped, const T* sums, std::int64_t stride, std::int64_t col,
                   std::int64_t cols) {
  if (!swapped) return write_rows<S>(g.c, sums, stride, 0, g.m, col, cols);
  for (std::int64_t j = 0; j < cols; j += kSkinnyColumns) {
    const std::int64_t rows = least(kSkinnyColumns, cols - j);
    T turned[kSkinny * kSkinnyColumns + kLanes<T>];
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t i = 0; i < g.m; ++i) turned[r * kSkinny + i] = sums[i * stride + j + r];
    write_rows<S>(g.c, turned, kSkinny, col + j, rows, 0, g.m);
  }
}

template <int M, class S, class T>
void run_along_depth(const Gemm& g, bool swapped, const T* a, std::int64_t a_stride) {
  const std::int64_t grain = least(kSkinnyColumns, up(kSkinnyWork, g.m * (g.k + 1) * kLanes<T>) * kLanes<T>);
  parallel_for(g.n, grain, [&](std::int64_t begin, std::int64_t end) {
    alignas(64) T sums[M * kSkinnyColumns + kLanes<T>];
    dot_columns<M, S>(g, a, a_stride, sums, begin, end);
    write_columns<S>(g, swapped, sums, kSkinnyColumns, begin, end - begin);
  });
}

// Each job takes whole rows of B, as they follow in memory; what they give is added up in their order.
template <int M, class S, class T>
void run_along_columns(const Gemm& g, bool swapped, const T* a, std::int64_t a_stride) {
  constexpr int L = kLanes<T>;
  const std::int64_t width = least(kSkinnySums, g.n), stride = (up(width, L) | 1) * L, blocks = up(g.n, width);
  const std::int64_t wanted = most(1, least(kMostChunks / blocks, g.k * g.n / kChunkWork));
  const std::int64_t depth = up(up(g.k, wanted), kLines) * kLines, chunks = up(g.k, depth), part = M * stride;
  Workspace<T> parts(blocks * chunks * part + L);
  parallel_for(blocks * chunks, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t job = begin; job < end; ++job) {
      const std::int64_t k = job % chunks * depth, col = job / chunks * width;
      add_depth<M, S>(g, a, a_stride, parts.data + job * part, stride, k, least(depth, g.k - k), col,
                      least(width, g.n - col));
    }
  });
  parallel_for(blocks, most(1, kSkinnyWork / (chunks * part)), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t block = begin; block < end; ++block) {
      T* sums = parts.data + block * chunks * part;
      for (std::int64_t c = 1; c < chunks; ++c)
        for (std::int64_t e = 0; e < part; e += L) store(sums + e, load(sums + e) + load(sums + c * part + e));
      write_columns<S>(g, swapped, sums, stride, block * width, least(width, g.n - block * width));
    }
  });
}

// Three rows are multiplied as four, five to seven as eight. Rows of A that are not contiguous or of another type are
// copied.
template <class S, class T>
void run_skinny_of(const Gemm& g, bool swapped) {
  const S* a = static_cast<const S*>(g.a.data);
  const int kind = g.m < 3 ? int(g.m) - 1 : g.m <= kSkinnyAcross ? 2 : 3, height = 1 << kind;
  const bool in_place = __is_same(S, T) && g.a.depth_stride == 1 && g.m == height;
  Workspace<T> copy(in_place ? 1 : height * g.k);
  if (!in_place)
    for (std::int64_t i = 0; i < height; ++i)
      for (std::int64_t k = 0; k < g.k; ++k)
        copy.data[i * g.k + k] = i < g.m ? convert<T>(a[i * g.a.row_stride + k * g.a.depth_stride]) : T(0);
  const T* const rows = in_place ? reinterpret_cast<const T*>(a) : copy.data;
  using Run = void (*)(const Gemm&, bool, const T*, std::int64_t);
  static constexpr Run runs[2][4] = {
      {run_along_columns<1, S, T>, run_along_columns<2, S, T>, run_along_columns<4, S, T>},
      {run_along_depth<1, S, T>, run_along_depth<2, S, T>, run_along_depth<4, S, T>}};
  Run run = runs[g.b.depth_stride == 1][kind];
  if constexpr (has_eight<T>)
    if (kind == 3) run = run_along_depth<8, S, T>;
  run(g, swapped, rows, in_place ? g.a.row_stride : g.k);
}

// Eight rows are read for every two of B: they must stay in the second cache.
template <class T>
TILESTACK_INLINE bool fits_eight(const Gemm& g) {
  return has_eight<T> && g.b.depth_stride == 1 && g.n >= 8 * kSkinny && kSkinny * g.k <= kSkinnyDepths &&
         !multiplies_pairs(g);
}

// True if it did the product.
template <class T>
bool run_skinny(const Gemm& g, bool swapped) {
  if (g.m > (fits_eight<T>(g) ? kSkinny : kSkinnyAcross) || g.k < 16 || g.a.windows || g.b.windows) return false;
  if (g.a.dtype != g.c.dtype || g.b.dtype != g.c.dtype) return false;
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
