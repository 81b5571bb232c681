#include "core/elementwise_run.h"

#include <cstdlib>
#include <cstring>
#include <utility>

namespace tilestack {
namespace {

constexpr std::int64_t kTile = 512;           // elements; tiles of all operands fit the first cache
constexpr std::int64_t kTransposedEdge = 64;  // lines read across are used up before they leave the second cache
constexpr std::int64_t kShortRow = 32;        // shorter ones are packed rather than run one by one
constexpr std::int64_t kLongest = 4096;       // elements of a tile that is not packed
constexpr std::int64_t kStreamBytes = std::int64_t(16) << 20;

bool is_constant(const View& x) {
  for (int i = 0; i < x.ndim; ++i)
    if (x.shape[i] > 1 && x.strides[i] != 0) return false;
  return true;
}

bool same_strides(const View& x, const View& y) {
  for (int i = 0; i < y.ndim; ++i)
    if (y.shape[i] > 1 && x.strides[i] != y.strides[i]) return false;
  return true;
}

char* advanced(void* pointer, std::int64_t bytes) { return static_cast<char*>(pointer) + bytes; }

bool is_aligned(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer) % 64 == 0; }

// A result too large to stay in the caches until it is read, and not in them already as an input.
bool worth_streaming(const ElementRun& run, int count, std::int64_t n) {
  for (int k = 1; k < count; ++k)
    if (run.pointers[k] == run.pointers[0]) return false;
  return n * std::int64_t(size_of(run.dtypes[0])) >= kStreamBytes && is_aligned(run.pointers[0]);
}

// n elements, each operand dense or constant.
void run_dense(const ElementRun& run, int count, std::int64_t n, ElementLoop loop, const void* f) {
  if (n <= kElementGrain) return loop(f, run, n);
  ElementRun all = run;
  all.stream = worth_streaming(run, count, n);
  parallel_for(n, kElementChunk, [&](std::int64_t begin, std::int64_t end) {
    ElementRun part = all;
    for (int k = 0; k < count; ++k)
      if (!all.constant[k]) part.pointers[k] = advanced(all.pointers[k], begin * std::int64_t(size_of(all.dtypes[k])));
    loop(f, part, end - begin);
  });
}

// Operands seen over as few dimensions as their strides allow, the innermost first. Strides in bytes.
struct Nest {
  int ndim = 0;
  std::int64_t shape[kMaxDims + 2] = {};
  std::int64_t strides[kMaxOperands][kMaxDims + 2] = {};

  Nest(const View* const* views, int count) {
    const View& y = *views[0];
    for (int i = y.ndim - 1; i >= 0; --i) {
      if (y.shape[i] == 1) continue;
      shape[ndim] = y.shape[i];
      for (int k = 0; k < count; ++k) strides[k][ndim] = views[k]->strides[i] * std::int64_t(size_of(views[k]->dtype));
      for (int at = ndim++; at > 0 && is_inner(at, at - 1, count); --at) swap(at, at - 1, count);
    }
    merge(count);
  }

 private:
  // By the first operand that tells the two apart.
  bool is_inner(int a, int b, int count) const {
    for (int k = 0; k < count; ++k) {
      const std::int64_t x = std::abs(strides[k][a]), y = std::abs(strides[k][b]);
      if (x != y && x != 0 && y != 0) return x < y;
    }
    return false;
  }
  void swap(int a, int b, int count) {
    std::swap(shape[a], shape[b]);
    for (int k = 0; k < count; ++k) std::swap(strides[k][a], strides[k][b]);
  }
  bool continues(int inner, int outer, int count) const {
    for (int k = 0; k < count; ++k)
      if (strides[k][outer] != strides[k][inner] * shape[inner]) return false;
    return true;
  }
  void merge(int count) {
    int last = 0;
    for (int i = 1; i < ndim; ++i) {
      if (continues(last, i, count)) {
        shape[last] *= shape[i];
        continue;
      }
      ++last;
      shape[last] = shape[i];
      for (int k = 0; k < count; ++k) strides[k][last] = strides[k][i];
    }
    ndim = ndim ? last + 1 : 0;
    for (int i = ndim; i < 2; ++i) shape[i] = 1;
    if (ndim < 2) ndim = 2;
  }
};

// A rectangle of elements: `row` and `col` are the strides in bytes.
struct Rectangle {
  char* pointer;
  std::int64_t rows, cols, row, col;

  bool is_dense(std::int64_t item) const { return col == item && (rows == 1 || row == cols * item); }
  bool is_constant() const { return col == 0 && (rows == 1 || row == 0); }
};

// Between a rectangle of any strides and dense memory. Goes along the smaller stride of the rectangle.
template <bool pack, class T>
void move_items(const Rectangle& r, char* dense) {
  const auto one = [&](std::int64_t i, std::int64_t j) {
    char *item = r.pointer + i * r.row + j * r.col, *place = dense + (i * r.cols + j) * std::int64_t(sizeof(T));
    std::memcpy(pack ? place : item, pack ? item : place, sizeof(T));
  };
  if (std::abs(r.row) < std::abs(r.col) && r.rows > 1) {
    for (std::int64_t j = 0; j < r.cols; ++j)
      for (std::int64_t i = 0; i < r.rows; ++i) one(i, j);
  } else {
    for (std::int64_t i = 0; i < r.rows; ++i)
      for (std::int64_t j = 0; j < r.cols; ++j) one(i, j);
  }
}

// Packs a rectangle of four-byte elements that are neighbours down its columns, in blocks of 4 by 4.
void pack_transposed(const Rectangle& r, char* dense) {
  typedef std::uint32_t Four __attribute__((vector_size(16)));
  const std::int64_t rows = r.rows / 4 * 4, cols = r.cols / 4 * 4, bytes = r.cols * 4;
  for (std::int64_t j = 0; j < cols; j += 4)
    for (std::int64_t i = 0; i < rows; i += 4) {
      Four v[4];
      for (int k = 0; k < 4; ++k) std::memcpy(&v[k], r.pointer + i * 4 + (j + k) * r.col, sizeof v[k]);
      const Four a = __builtin_shufflevector(v[0], v[1], 0, 4, 1, 5),
                 b = __builtin_shufflevector(v[2], v[3], 0, 4, 1, 5);
      const Four c = __builtin_shufflevector(v[0], v[1], 2, 6, 3, 7),
                 d = __builtin_shufflevector(v[2], v[3], 2, 6, 3, 7);
      const Four out[4] = {__builtin_shufflevector(a, b, 0, 1, 4, 5), __builtin_shufflevector(a, b, 2, 3, 6, 7),
                           __builtin_shufflevector(c, d, 0, 1, 4, 5), __builtin_shufflevector(c, d, 2, 3, 6, 7)};
      for (int k = 0; k < 4; ++k) std::memcpy(dense + (i + k) * bytes + j * 4, &out[k], sizeof out[k]);
    }
  for (std::int64_t i = 0; i < r.rows; ++i)
    for (std::int64_t j = i < rows ? cols : 0; j < r.cols; ++j)
      std::memcpy(dense + i * bytes + j * 4, r.pointer + i * 4 + j * r.col, 4);
}

template <bool pack>
void move(const Rectangle& r, char* dense, std::int64_t item) {
  if (pack && item == 4 && r.row == 4 && r.col != 4) return pack_transposed(r, dense);
  if (r.col == item) {
    const std::int64_t bytes = r.cols * item;
    for (std::int64_t i = 0; i < r.rows; ++i)
      std::memcpy(pack ? dense + i * bytes : r.pointer + i * r.row, pack ? r.pointer + i * r.row : dense + i * bytes,
                  std::size_t(bytes));
    return;
  }
  switch (item) {
    case 1:
      return move_items<pack, std::uint8_t>(r, dense);
    case 2:
      return move_items<pack, std::uint16_t>(r, dense);
    case 4:
      return move_items<pack, std::uint32_t>(r, dense);
    default:
      return move_items<pack, std::uint64_t>(r, dense);
  }
}

// The elements of a nest cut into tiles of its two innermost dimensions. by_rows: rows are long, and dense or constant
// in each operand, so that none must be packed.
struct Tiling {
  const Nest& nest;
  bool by_rows;
  std::int64_t rows, cols, tiles[kMaxDims + 2], count = 1;

  Tiling(const Nest& nest_, const ElementRun& run, int operands) : nest(nest_), by_rows(nest.shape[0] >= kShortRow) {
    bool transposed = false;
    for (int k = 0; k < operands; ++k) {
      const std::int64_t row = std::abs(nest.strides[k][1]), col = nest.strides[k][0];
      transposed |= row != 0 && row < std::abs(col) && nest.shape[1] > 1;
      by_rows = by_rows && (col == std::int64_t(size_of(run.dtypes[k])) || (col == 0 && k > 0));
    }
    const std::int64_t most = transposed ? kTransposedEdge : by_rows ? kLongest : kTile;
    const std::int64_t size = transposed ? kTransposedEdge * kTransposedEdge : most;
    cols = nest.shape[0] < most ? nest.shape[0] : most;
    rows = size / cols;
    if (rows > nest.shape[1]) rows = nest.shape[1];
    for (int i = 0; i < nest.ndim; ++i) {
      const std::int64_t size = i == 0 ? cols : i == 1 ? rows : 1;
      tiles[i] = (nest.shape[i] + size - 1) / size;
      count *= tiles[i];
    }
  }

  // Bounds of tile t in the two innermost dimensions, and where each operand's first element is.
  void locate(std::int64_t t, Rectangle* out, const ElementRun& run, int operands) const {
    std::int64_t at[kMaxDims + 2];
    for (int i = 0; i < nest.ndim; ++i) {
      at[i] = t % tiles[i] * (i == 0 ? cols : i == 1 ? rows : 1);
      t /= tiles[i];
    }
    const std::int64_t height = nest.shape[1] - at[1] < rows ? nest.shape[1] - at[1] : rows;
    const std::int64_t width = nest.shape[0] - at[0] < cols ? nest.shape[0] - at[0] : cols;
    for (int k = 0; k < operands; ++k) {
      std::int64_t offset = 0;
      for (int i = 0; i < nest.ndim; ++i) offset += at[i] * nest.strides[k][i];
      out[k] = {advanced(run.pointers[k], offset), height, width, nest.strides[k][1], nest.strides[k][0]};
    }
  }
};

void run_rows(const Tiling& tiling, std::int64_t begin, std::int64_t end, const ElementRun& run, int count,
              ElementLoop loop, const void* f) {
  Rectangle at[kMaxOperands];
  for (std::int64_t t = begin; t < end; ++t) {
    tiling.locate(t, at, run, count);
    ElementRun row = run;
    for (int k = 0; k < count; ++k) {
      row.pointers[k] = at[k].pointer;
      row.constant[k] = k > 0 && at[k].col == 0;
    }
    row.stream = run.stream && is_aligned(at[0].pointer) && at[0].row % 64 == 0 && at[0].cols % 64 == 0;
    for (std::int64_t i = 0; i < at[0].rows; ++i) {
      loop(f, row, at[0].cols);
      for (int k = 0; k < count; ++k) row.pointers[k] = advanced(row.pointers[k], at[k].row);
    }
  }
}

void run_tiles(const Tiling& tiling, std::int64_t begin, std::int64_t end, const ElementRun& run, int count,
               ElementLoop loop, const void* f) {
  const std::int64_t packed_bytes = (tiling.rows * tiling.cols * 8 + 63) / 64 * 64;
  const Scratch<char> scratch(packed_bytes * count);
  char* packed[kMaxOperands];
  for (int k = 0; k < count; ++k) packed[k] = scratch.data + k * packed_bytes;
  Rectangle at[kMaxOperands];
  for (std::int64_t t = begin; t < end; ++t) {
    tiling.locate(t, at, run, count);
    ElementRun tile = run;
    for (int k = 0; k < count; ++k) {
      const std::int64_t item = std::int64_t(size_of(run.dtypes[k]));
      tile.constant[k] = k > 0 && at[k].is_constant();
      tile.pointers[k] = tile.constant[k] || at[k].is_dense(item) ? at[k].pointer : packed[k];
      if (k > 0 && tile.pointers[k] == packed[k]) move<true>(at[k], packed[k], item);
    }
    const std::int64_t n = at[0].rows * at[0].cols;
    tile.stream = run.stream && is_aligned(tile.pointers[0]) && n % 64 == 0 && tile.pointers[0] != packed[0];
    loop(f, tile, n);
    if (tile.pointers[0] == packed[0]) move<false>(at[0], packed[0], std::int64_t(size_of(run.dtypes[0])));
  }
}

}  // namespace

void run_elementwise(const View* const* views, int count, ElementLoop loop, const void* f) {
  const View& y = *views[0];
  const std::int64_t n = y.numel();
  if (n == 0) return;
  ElementRun run = {};
  bool dense = y.is_contiguous() || y.is_channels_last();
  for (int k = 0; k < count; ++k) {
    run.pointers[k] = views[k]->pointer;
    run.dtypes[k] = views[k]->dtype;
    run.constant[k] = k > 0 && is_constant(*views[k]);
    dense = dense && (k == 0 || run.constant[k] || same_strides(*views[k], y));
  }
  if (dense) return run_dense(run, count, n, loop, f);

  const Nest nest(views, count);
  dense = nest.shape[1] == 1;
  for (int k = 0; k < count; ++k)
    dense = dense && (run.constant[k] || nest.strides[k][0] == std::int64_t(size_of(run.dtypes[k])));
  if (dense) return run_dense(run, count, n, loop, f);

  run.stream = worth_streaming(run, count, n);
  const Tiling tiling(nest, run, count);
  const std::int64_t size = tiling.rows * tiling.cols;
  parallel_for(tiling.count, grain_of(tiling.count, size), [&](std::int64_t begin, std::int64_t end) {
    (tiling.by_rows ? run_rows : run_tiles)(tiling, begin, end, run, count, loop, f);
  });
}

}  // namespace tilestack
