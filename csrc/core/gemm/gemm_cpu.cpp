// Products take the first way that fits: run_direct (direct.h) if they are tiny, run_skinny (skinny.h) if one operand
// has few rows, else this file's: run_either_way chooses which operand is A, run_packed plans and, for each stage,
// packs what is shared and runs the tasks, whose tiles micro_kernel.h multiplies and epilogue.h writes. Sums of slices
// come last. Read from the bottom up, the plan at the end.
//
// panel  rows that are packed together: at most kTileRows of A, kTileCols of B
// strip  a panel of A as the kernel reads it, packed or in place
// tile   of C: the product of two panels
// block  the depth of one call of the kernel, which fits the caches
// slice  blocks of depth that are summed by a task of their own, where C is small and depth large
// stage  panels of B that are packed for all tasks at a time
// task   what a thread takes: tiles of a slice, and of a range of A's panels and one of a stage's
//
// What can be read where it is, is not packed. An operand that several tasks share is packed for all of them first, a
// large A piece by piece by the task that uses it, while it is hot. Products of bfloat16 go the same way by pairs of
// elements (pack_pairs.h) where the processor multiplies these.
#include "core/gemm/pack_pairs.h"
#include "core/gemm/skinny.h"
#include "core/parallel.h"

namespace tilestack::TILESTACK_ISA {
namespace {

using std::int64_t;

constexpr int64_t kTaskWork = 1 << 18;    // multiply-adds that are worth handing to a thread
constexpr int64_t kTasks = 24;            // enough for threads to finish together
constexpr int64_t kTaskPanels = 8;        // panels of A in a block of tiles: half of the second cache
constexpr int64_t kLeastPanels = 3;       // so many read B often enough
constexpr int64_t kColumnPanels = 32;     // of A, that a task passes over what it packs of a B of many panels
constexpr int64_t kGroup = 4;             // panels of B that a task packs together
constexpr int64_t kRunPanels = 8;         // packed side by side, at most, where their rows are neighbours in memory
constexpr int64_t kSharedA = 8 << 20;     // bytes of A that are packed as a whole
constexpr int64_t kSharedB = 2 << 20;     // bytes of B packed at a time: a part of the last cache
constexpr int64_t kSlices = 16;           // of depth
constexpr int64_t kSliceBytes = 8 << 20;  // of their partial sums

// Low tiles pass over a strip of A so quickly that it must come as one run of memory; then transposing pays from here
// on.
constexpr bool kTransposesA = kTileRows < 12;
constexpr int64_t kManyPanels = 32;  // of B
// Each strip passes over B once: this many bytes of it may stay in place, more if the rows of A are few.
constexpr int64_t kInPlaceBytes = kTileRows < 12 ? 1 << 18 : 1 << 20;
constexpr int64_t kFewStrips = 64;

struct Plan {
  int64_t a_panels, b_panels, depth, block;         // block: depth of one pass
  int64_t a_height;                                 // rows of a panel of A, but for the last
  int64_t a_row_step;                               // of its packed rows, 0 where A is packed by depth
  bool a_in_place, b_in_place, a_shared, b_shared;  // shared: packed for all tasks
  int64_t slices, slice_depth;
  int64_t stage_panels;                // of B
  int64_t a_tasks, b_tasks;            // parts that the panels of A, and a stage's of B, are divided into for tasks
  int64_t a_panel_size, b_panel_size;  // elements
};

// Whether lines of the first cache that are `stride` elements apart would all fall into one of its 64 sets.
template <class T>
TILESTACK_INLINE bool crowds(int64_t stride) {
  return stride % (64 * 64 / int64_t(sizeof(T))) == 0;
}
template <class T>
TILESTACK_INLINE bool is_matrix_of(const GemmOperand& x) {
  return !x.windows && x.dtype == dtype_of<T>;
}
template <class T>
TILESTACK_INLINE bool a_in_place(const GemmOperand& a) {
  return is_matrix_of<T>(a) && ((a.depth_stride == 1 && !crowds<T>(a.row_stride)) ||
                                (a.row_stride == 1 && a.depth_stride > 0 && a.depth_stride <= 4 * kTileRows));
}
// Whole vectors of B's rows, where they are small or are read too seldom to be worth a copy.
template <class T>
TILESTACK_INLINE bool b_in_place(const Gemm& g) {
  return is_matrix_of<T>(g.b) && g.b.row_stride == 1 && g.n % kLanes<T> == 0 &&
         (g.m <= kTileRows || g.k * g.n * int64_t(sizeof(T)) <= kInPlaceBytes ||
          (g.m <= kFewStrips * kTileRows && !crowds<T>(g.b.depth_stride)));
}

template <class T>
TILESTACK_INLINE Plan plan_of(const Gemm& g) {
  Plan p{};
  p.a_panels = up(g.m, kTileRows);
  p.a_height = up(g.m, p.a_panels);
  p.a_in_place = a_in_place<T>(g.a);
  p.b_in_place = b_in_place<T>(g);
  p.b_panels = up(g.n, kTileCols<T>);
  p.depth = g.k;
  constexpr int64_t max_block = kMaxDepth * 4 / int64_t(sizeof(T));
  const int64_t tiles = p.a_panels * p.b_panels, tile_bytes = kTileSize<T> * int64_t(sizeof(T));
  p.slices = 1;
  if (tiles < 4 * kTasks || g.k > 8 * most(g.m, g.n))
    p.slices = most(1, least(least(kSlices, g.k / (2 * max_block)), kSliceBytes / (tiles * tile_bytes)));
  const int64_t slice = up(g.k, p.slices), blocks = slice <= max_block ? 1 : up(slice, max_block * 2 / 3);
  p.block = most(1, up(up(g.k, p.slices * blocks), 8) * 8);
  p.slice_depth = p.block * blocks;
  p.slices = most(1, up(g.k, p.slice_depth));
  // An odd number of lines, and room for a vector beyond the end.
  const bool as_rows = has_rows(g.a) && !(kTransposesA && p.b_panels >= kManyPanels);
  p.a_row_step = as_rows ? (up(p.block + kLanes<T>, 16) | 1) * 16 : 0;
  p.a_panel_size = p.a_row_step > 0 ? p.a_row_step * p.a_height : up(p.block * kTileRows + kLanes<T>, 16) * 16;
  p.b_panel_size = up(p.block * kTileCols<T> + kLanes<T>, 16) * 16;

  p.a_tasks = p.b_tasks = 1;
  p.stage_panels = p.b_panels;
  const int64_t worth = most(1, up(g.m * g.n * g.k, kTaskWork)), tasks = least(worth, kTasks);
  const int64_t few_panels = !p.b_in_place && p.b_panels >= kTasks ? kColumnPanels : kTaskPanels;
  if (p.slices > 1) {
    p.a_tasks = up(p.a_panels, 2 * kTaskPanels);
  } else if (p.a_panels <= few_panels) {  // all rows and some columns a task, which packs its own B
    // Longer ones, for runs of memory, where panels of B are packed across its rows.
    const int64_t most_tasks = has_rows(g.b) ? p.b_panels : most(least(8, p.b_panels), p.b_panels / kGroup);
    p.b_tasks = least(most_tasks, least(worth, 4 * kTasks));
    p.a_shared = p.b_tasks > 1 && !p.a_in_place;
  } else {  // blocks of tiles: few panels of B first, then less of A
    p.b_shared = !p.b_in_place;
    p.a_shared = !p.a_in_place && !g.a.windows && p.a_panels < 3 * kTasks &&
                 p.a_panels * p.a_panel_size * blocks * int64_t(sizeof(T)) <= kSharedA;
    const bool own_a = !p.a_in_place && !p.a_shared;  // tasks that share rows would pack them twice
    const int64_t fit = kSharedB / int64_t(sizeof(T)) / (p.b_panel_size * blocks);
    p.stage_panels = least(p.b_panels, most(own_a ? kTasks : kTaskPanels, fit));
    p.stage_panels = up(p.b_panels, up(p.b_panels, p.stage_panels));
    p.a_tasks = up(p.a_panels, kTaskPanels);
    if (!own_a) p.b_tasks = least(up(p.stage_panels, kGroup), up(tasks, p.a_tasks));
    p.a_tasks = most(p.a_tasks, least(up(tasks, p.b_tasks), up(p.a_panels, kLeastPanels)));
    if (!own_a) p.b_tasks = most(p.b_tasks, least(p.stage_panels, tasks / p.a_tasks));
  }
  return p;
}

// One stage's work: panels [b_begin, b_end) of B with all of A.
template <class T>
struct Job {
  const Gemm& g;
  const Plan& p;
  bool swapped;
  int64_t pair_depth;      // elements, if the depth of g counts pairs of them, else 0
  T *shared_a, *shared_b;  // the packed operands: [block of depth][panel]
  T* partials;             // sums of each slice, tile by tile
  int64_t b_begin, b_end;

  int64_t rows_of(int64_t panel) const { return least(p.a_height, g.m - panel * p.a_height); }
  int64_t cols_of(int64_t panel) const { return least(kTileCols<T>, g.n - panel * kTileCols<T>); }

  void pack_a(T* to, int64_t begin, int64_t end, int64_t k0, int64_t k1) const {
    const int64_t first = begin * p.a_height, count = least(end * p.a_height, g.m) - first;
    pack_range<kTileRows, kTransposesA>(g.a, to, {first, count, k0, k1, p.a_panel_size, p.a_height, p.a_row_step});
  }
  void pack_b(T* to, int64_t begin, int64_t end, int64_t k0, int64_t k1) const {
    const int64_t first = begin * kTileCols<T>, count = least(end * kTileCols<T>, g.n) - first;
    pack_range<kTileCols<T>, true>(g.b, to, {first, count, k0, k1, p.b_panel_size, kTileCols<T>});
  }
  template <int W, bool kTransposes>
  void pack_range(const GemmOperand& x, T* to, PackRange r) const {
    if constexpr (sizeof(T) == 4)
      if (pair_depth > 0) return pack_pairs<W, kTransposes>(x, to, r, pair_depth);
    pack_operand<W, kTransposes>(x, to, r);
  }
  Strip<T> a_strip(const T* packed, int64_t panel, int64_t k) const {
    if (!p.a_in_place) return p.a_row_step > 0 ? Strip<T>{packed, p.a_row_step, 1} : Strip<T>{packed, 1, kTileRows};
    const T* first = static_cast<const T*>(g.a.data) + panel * p.a_height * g.a.row_stride + k * g.a.depth_stride;
    return {first, g.a.row_stride, g.a.depth_stride};
  }

  void pack_shared(bool is_a) const {
    const int64_t count = is_a ? p.a_panels : b_end - b_begin, size = is_a ? p.a_panel_size : p.b_panel_size;
    const int64_t run = has_rows(is_a ? g.a : g.b) ? 1 : least(kRunPanels, up(count, 2));
    const int64_t grain = most(run, kElementChunk / (p.depth * size / p.block + 1));
    parallel_for(count, grain, [&](int64_t begin, int64_t end) {
      for (int64_t k = 0; k < p.depth; k += p.block) {
        const int64_t to = (k / p.block * count + begin) * size, k_end = least(k + p.block, p.depth);
        is_a ? pack_a(shared_a + to, begin, end, k, k_end)
             : pack_b(shared_b + to, b_begin + begin, b_begin + end, k, k_end);
      }
    });
  }

  // The tiles of panels [a0, a1) of A and [b0, b1) of B, over one slice of depth.
  void run_task(int64_t slice, int64_t a0, int64_t a1, int64_t b0, int64_t b1) const {
    const int64_t k_begin = slice * p.slice_depth, k_end = least(k_begin + p.slice_depth, p.depth);
    const int64_t group = least(kGroup, b1 - b0), tiles = (a1 - a0) * (b1 - b0);
    const bool sliced = p.slices > 1, blocked = k_end - k_begin > p.block;
    const int64_t own_a = p.a_shared || p.a_in_place ? 0 : (a1 - a0) * p.a_panel_size;
    const int64_t own_b = p.b_shared || p.b_in_place ? 0 : group * p.b_panel_size;
    const int64_t b_step = p.b_in_place ? g.b.depth_stride : kTileCols<T>;
    Workspace<T> space(own_a + own_b + (blocked && !sliced ? tiles * kTileSize<T> : 0));
    T* const packed_a = space.data;
    T* const packed_b = packed_a + own_a;
    T* const sums = packed_b + own_b;
    alignas(64) T single[kTileSize<T>];
    int64_t k = k_begin;
    do {
      const int64_t depth = least(p.block, k_end - k), block = k / p.block;
      const bool last = k + depth >= k_end;
      if (own_a) pack_a(packed_a, a0, a1, k, k + depth);
      for (int64_t jb = b0; jb < b1; jb += group) {
        const int64_t je = least(jb + group, b1);
        if (own_b) pack_b(packed_b, jb, je, k, k + depth);
        for (int64_t i = a0; i < a1; ++i) {
          const T* a =
              own_a ? packed_a + (i - a0) * p.a_panel_size : shared_a + (block * p.a_panels + i) * p.a_panel_size;
          for (int64_t j = jb; j < je; ++j) {
            const T* b = p.b_in_place ? static_cast<const T*>(g.b.data) + j * kTileCols<T> + k * g.b.depth_stride
                         : own_b      ? packed_b + (j - jb) * p.b_panel_size
                                      : shared_b + (block * (b_end - b_begin) + j - b_begin) * p.b_panel_size;
            const bool direct = !sliced && in_c(j);
            T* tile = sliced    ? partials + ((slice * p.a_panels + i) * p.b_panels + j) * kTileSize<T>
                      : blocked ? sums + ((i - a0) * (b1 - b0) + j - b0) * kTileSize<T>
                                : single;
            TileSums<T> out = direct ? tile_of_c(i, j) : TileSums<T>{tile, kTileCols<T>, nullptr, 0};
            if (k > k_begin) out.start = out.data, out.start_step = out.row_step;
            if (direct || (last && !sliced)) fetch_tile_of_c(i, j);
            tile_kernel<T>(pair_depth > 0, rows_of(i), cols_of(j))(depth, a_strip(a, i, k), b, b_step, out, {});
            if (last && !sliced && !direct) finish(tile, i, j);
          }
        }
      }
      k += depth;
    } while (k < k_end);
  }

  // Whether C takes the sums of a panel of B as they are, or with the bias, and whole vectors of them: then they need
  // no other place.
  bool in_c(int64_t panel) const {
    const GemmOutput& c = g.c;
    return !swapped && c.dtype == dtype_of<T> && c.grid_cols == 0 && !c.pre && !c.residual &&
           c.activation == Activation::none && cols_of(panel) % kLanes<T> == 0;
  }
  TileSums<T> tile_of_c(int64_t i, int64_t j) const {
    const int64_t col = j * kTileCols<T>;
    T* const first = static_cast<T*>(g.c.data) + i * p.a_height * g.c.row_stride + col;
    return {first, g.c.row_stride, g.c.bias ? static_cast<const T*>(g.c.bias) + col : nullptr, 0};
  }
  // What the kernel's work hides: lines of C that are not in the second cache. Inlined, as a call would be taken for
  // one without effect.
  TILESTACK_INLINE void fetch_tile_of_c(int64_t i, int64_t j) const {
    if (swapped || g.c.grid_cols > 0) return;
    const int64_t size = int64_t(size_of(g.c.dtype)), step = g.c.row_stride * size;
    const char* line = static_cast<const char*>(g.c.data) + i * p.a_height * step + j * kTileCols<T> * size;
    const int64_t rows = rows_of(i), width = cols_of(j) * size;
    for (int64_t r = 0; r < rows; ++r, line += step)
      for (int64_t at = 0; at < width; at += 64) __builtin_prefetch(line + at, 0, 2);
  }

  void finish(const T* tile, int64_t i, int64_t j) const {
    write_tile_as<T>(g.c.dtype, g.c, swapped, tile, i * p.a_height, rows_of(i), j * kTileCols<T>, cols_of(j));
  }

  void run_tasks() const {
    const int64_t a_tasks = p.a_tasks, b_tasks = least(p.b_tasks, b_end - b_begin), count = b_end - b_begin;
    parallel_for(p.slices * a_tasks * b_tasks, 1, [&](int64_t begin, int64_t end) {
      for (int64_t task = begin; task < end; ++task) {
        const int64_t a = task / b_tasks % a_tasks, b = task % b_tasks;
        run_task(task / (a_tasks * b_tasks), p.a_panels * a / a_tasks, p.a_panels * (a + 1) / a_tasks,
                 b_begin + count * b / b_tasks, b_begin + count * (b + 1) / b_tasks);
      }
    });
  }

  // Sums the slices in order.
  void add_slices() const {
    const int64_t tiles = p.a_panels * p.b_panels;
    parallel_for(tiles, most(1, kElementGrain / (p.slices * kTileSize<T>)), [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; ++t) {
        T* tile = partials + t * kTileSize<T>;
        for (int64_t e = 0; e < rows_of(t / p.b_panels) * kTileCols<T>; e += kLanes<T>) {
          Vec<T> sum = load(tile + e);
          for (int64_t s = 1; s < p.slices; ++s) sum += load(tile + s * tiles * kTileSize<T> + e);
          store(tile + e, sum);
        }
        finish(tile, t / p.b_panels, t % p.b_panels);
      }
    });
  }
};

template <class T>
void run_packed(const Gemm& g, bool swapped, int64_t pair_depth) {
  const Plan p = plan_of<T>(g);
  const int64_t blocks = up(p.slice_depth, p.block);
  const int64_t a_size = p.a_shared ? blocks * p.a_panels * p.a_panel_size : 0;
  const int64_t b_size = p.b_shared ? blocks * p.stage_panels * p.b_panel_size : 0;
  const int64_t partial_size = p.slices > 1 ? p.slices * p.a_panels * p.b_panels * kTileSize<T> : 0;
  Workspace<T> space(a_size + b_size + partial_size);
  Job<T> job{g, p, swapped, pair_depth, space.data, space.data + a_size, space.data + a_size + b_size, 0, p.b_panels};
  if (p.a_shared) job.pack_shared(true);
  for (int64_t b = 0; b < p.b_panels; b += p.stage_panels) {
    job.b_begin = b;
    job.b_end = least(b + p.stage_panels, p.b_panels);
    if (p.b_shared) job.pack_shared(false);
    job.run_tasks();
  }
  if (p.slices > 1) job.add_slices();
}

// About how many cycles a step of depth takes: vectors run along n, and operands are packed. Tenths of cycles.
template <class T>
int64_t cost(const Gemm& g) {
  const int64_t multiply = g.m * up(g.n, kLanes<T>) * 10;
  const int64_t a = a_in_place<T>(g.a) ? 1 : 3;
  const int64_t b = b_in_place<T>(g) ? 1 : has_rows(g.b) ? 5 : 3;
  return multiply + (a * g.m + b * g.n) * int64_t(sizeof(T)) / 4;
}

TILESTACK_INLINE Gemm turned(const Gemm& g) { return {g.n, g.m, g.k, g.b, g.a, g.c}; }

template <class T>
void run_either_way(const Gemm& g, int64_t pair_depth = 0) {
  const Gemm other = turned(g);
  const int64_t turning = 15 * g.m * g.n / most(1, g.k);  // of tiles of C
  cost<T>(other) + turning < cost<T>(g) ? run_packed<T>(other, true, pair_depth) : run_packed<T>(g, false, pair_depth);
}

template <class T>
void run_as(const Gemm& g) {
  if (run_direct<T>(g) || run_skinny<T>(g, false) || run_skinny<T>(turned(g), true)) return;
  multiplies_pairs(g) ? run_either_way<float>(in_pairs(g), g.k) : run_either_way<T>(g);
}

void run(const Gemm& g) {
  if (g.m <= 0 || g.n <= 0) return;
  g.c.dtype == DType::float64 ? run_as<double>(g) : run_as<float>(g);
}

void tile(const TileProduct& t) {
  const auto kernel = tile_kernel<float>(false, t.rows, t.cols);
  TileSums<float> sums{t.sums, t.row_step, t.start, t.start_step};
  int64_t k = 0;
  do {  // without depth, too: there is a start to copy
    kernel(least(t.block, t.depth - k), {t.a + k * t.a_depth_step, t.a_row_step, t.a_depth_step}, t.b + k * t.b_step,
           t.b_step, sums, {t.runs, t.a_run_step, t.b_run_step});
    sums.start = t.sums;
    sums.start_step = t.row_step;
    k += t.block;
  } while (k < t.depth);
}

void write(const GemmOutput& c, bool swapped, const float* tile, int64_t row, int64_t rows, int64_t col, int64_t cols) {
  write_tile_as<float>(c.dtype, c, swapped, tile, row, rows, col, cols);
}

}  // namespace
constinit const GemmKernels gemm = {run, tile, write};
}  // namespace tilestack::TILESTACK_ISA
