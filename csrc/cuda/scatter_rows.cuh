#pragma once
// Rows of y to where keys say in x, deterministically: the rows' positions are sorted by key, so that rows that meet
// follow each other, in their order, as a run.
#include "cuda/places.cuh"
#include "cuda/sort.cuh"

namespace tilestack::gpu {

constexpr int kScatterThreads = 256;

// x[o, base + step * key(i), k] and y[o, i, k].
struct ScatterShape {
  Places outer, inner;  // of x
  std::int64_t base, step;
  FastDiv by_inner, by_rows;  // by_rows: by how many chunks or rows there are
  std::uint32_t vectors, n, units;
  std::uint32_t none;  // rows of this key and of larger ones go nowhere
  const std::uint32_t *keys, *positions;
};

// Unit (o, row, k) of x and y.
struct ScatterUnit {
  std::uint32_t row, k, o;
  std::int64_t x, y;  // without what the row adds

  template <int kWidth>
  static __device__ __forceinline__ ScatterUnit find(const ScatterShape& shape, std::uint32_t unit) {
    ScatterUnit at;
    at.k = shape.by_inner.split(unit);
    at.row = shape.by_rows.split(unit);
    at.o = unit;
    at.x = shape.base + shape.outer.at(at.o) + shape.inner.at(at.k);
    at.y = (std::int64_t(at.o) * shape.n * shape.vectors + at.k) * kWidth;
    return at;
  }
};
template <int kWidth>
__device__ __forceinline__ std::int64_t row_of_y(const ScatterShape& shape, std::uint32_t j) {
  return std::int64_t(shape.positions[j]) * shape.vectors * kWidth;
}

// x = y: of each run the last row.
template <int kWidth, class T>
__global__ void put_rows_kernel(T* x, const T* y, ScatterShape shape) {
  for (std::int64_t unit = global_thread(); unit < shape.units; unit += global_threads()) {
    const auto at = ScatterUnit::find<kWidth>(shape, std::uint32_t(unit));
    const std::uint32_t key = shape.keys[at.row];
    if (key >= shape.none || (at.row + 1 < shape.n && shape.keys[at.row + 1] == key)) continue;
    store(x + at.x + key * shape.step, load<kWidth>(y + at.y + row_of_y<kWidth>(shape, at.row)));
  }
}

// Sums over runs. The sorted rows are cut into chunks. What a run has in one chunk is added up in its order; a run
// that lies in one chunk is done. Of others, the pieces go to `pieces`: [chunk][0] holds a piece whose run began
// earlier, [chunk][1] one that begins a run which goes on; then the first chunk's owner adds up the pieces in order.
template <class C>
struct Pieces {
  C* data;
  std::uint32_t outer;

  template <int kWidth>
  __device__ __forceinline__ C* at(const ScatterShape& shape, const ScatterUnit& unit, std::uint32_t chunk,
                                   int which) const {
    const std::int64_t slot = (std::int64_t(chunk) * 2 + which) * outer + unit.o;
    return data + (slot * shape.vectors + unit.k) * kWidth;
  }
};

template <int kWidth, class T>
__device__ __forceinline__ void add_to(T* x, const Pack<Compute<T>, kWidth>& sum, bool accumulate) {
  Pack<Compute<T>, kWidth> out = sum;
  if (accumulate) {
    const auto before = load_compute<kWidth>(x);
#pragma unroll
    for (int k = 0; k < kWidth; ++k) out[k] = Compute<T>(before[k] + sum[k]);
  }
  store_compute(x, out);
}

template <int kWidth, class T>
__global__ void sum_chunks_kernel(T* x, const T* y, ScatterShape shape, Pieces<Compute<T>> pieces, int chunk_rows,
                                  bool accumulate) {
  constexpr int kAhead = 4;  // rows under way at once
  using Sum = Pack<Compute<T>, kWidth>;
  for (std::int64_t unit = global_thread(); unit < shape.units; unit += global_threads()) {
    const auto at = ScatterUnit::find<kWidth>(shape, std::uint32_t(unit));
    const std::uint32_t begin = at.row * chunk_rows, end = min(begin + chunk_rows, shape.n);
    std::uint32_t key = shape.keys[begin];
    bool began_earlier = begin > 0 && shape.keys[begin - 1] == key;
    Sum sum{};
    const auto finish = [&](bool goes_on) {
      if (key >= shape.none) return;
      if (!began_earlier && !goes_on) {
        add_to<kWidth>(x + at.x + key * shape.step, sum, accumulate);
      } else {
        store(pieces.template at<kWidth>(shape, at, at.row, began_earlier ? 0 : 1), sum);
      }
    };
    for (std::uint32_t j = begin; j < end; j += kAhead) {
      Sum rows[kAhead];
      std::uint32_t keys[kAhead];
#pragma unroll
      for (int i = 0; i < kAhead; ++i) {
        keys[i] = shape.keys[min(j + i, end - 1)];
        rows[i] = load_compute<kWidth>(y + at.y + row_of_y<kWidth>(shape, min(j + i, end - 1)));
      }
#pragma unroll
      for (int i = 0; i < kAhead; ++i) {
        if (j + i >= end) break;
        if (keys[i] != key) {
          finish(false);
          key = keys[i];
          began_earlier = false;
          sum = Sum{};
        }
#pragma unroll
        for (int k = 0; k < kWidth; ++k) sum[k] = Compute<T>(sum[k] + rows[i][k]);
      }
    }
    finish(end < shape.n && shape.keys[end] == key);
  }
}

// Where the run of keys[i] ends.
__device__ __forceinline__ std::uint32_t end_of_run(const std::uint32_t* keys, std::uint32_t i, std::uint32_t n) {
  const std::uint32_t key = keys[i];
  std::uint32_t inside = i, end = n;
  while (end - inside > 1) {
    const std::uint32_t middle = inside + (end - inside) / 2;
    (keys[middle] == key ? inside : end) = middle;
  }
  return end;
}

template <int kWidth, class T>
__global__ void sum_pieces_kernel(T* x, ScatterShape shape, Pieces<Compute<T>> pieces, int chunk_rows,
                                  bool accumulate) {
  for (std::int64_t unit = global_thread(); unit < shape.units; unit += global_threads()) {
    const auto at = ScatterUnit::find<kWidth>(shape, std::uint32_t(unit));
    const std::uint32_t begin = at.row * chunk_rows, next = begin + chunk_rows;
    if (next >= shape.n) continue;
    const std::uint32_t key = shape.keys[next - 1];
    if (key >= shape.none || shape.keys[next] != key) continue;                           // no run goes on
    if (shape.keys[begin] == key && begin > 0 && shape.keys[begin - 1] == key) continue;  // not its first chunk
    const std::uint32_t last = (end_of_run(shape.keys, next, shape.n) - 1) / chunk_rows;
    auto sum = load<kWidth>(pieces.template at<kWidth>(shape, at, at.row, 1));
#pragma unroll 4
    for (std::uint32_t chunk = at.row + 1; chunk <= last; ++chunk) {
      const auto piece = load<kWidth>(pieces.template at<kWidth>(shape, at, chunk, 0));
#pragma unroll
      for (int k = 0; k < kWidth; ++k) sum[k] = Compute<T>(sum[k] + piece[k]);
    }
    add_to<kWidth>(x + at.x + key * shape.step, sum, accumulate);
  }
}

// What a call scatters. x: the dimensions that are not picked from; o counts the first `before` of them. `end`: keys
// from it on go nowhere.
struct Scatter {
  const char* op;
  const View& x;
  int before;
  const View& y;
  const SortedPositions& sorted;
  std::int64_t n, base, step, end;

  template <class T>
  bool in_vectors() const {
    constexpr int kWidth = kPack<T>;
    return Places(x, before, x.ndim).in_vectors(kWidth) && Places(x, 0, before).divides(kWidth) && step % kWidth == 0 &&
           base % kWidth == 0 && is_aligned(x.pointer, 16) && is_aligned(y.pointer, 16);
  }
  ScatterShape shape(int width, std::int64_t rows) const {
    ScatterShape s{Places(x, 0, before), Places(x, before, x.ndim), base, step, {}, {}, 0, 0, 0, 0, nullptr, nullptr};
    s.inner.set_width(width);
    const std::int64_t vectors = s.inner.numel();
    s.by_inner = FastDiv(vectors);
    s.by_rows = FastDiv(rows);
    s.vectors = std::uint32_t(vectors);
    s.n = std::uint32_t(n);
    s.units = counted(op, s.outer.numel() * rows * vectors);
    s.none = std::uint32_t(end);
    s.keys = sorted.keys();
    s.positions = sorted.positions();
    return s;
  }
  std::int64_t numel() const { return x.numel() * n; }
};

template <int kWidth, class T>
void put_rows_in(const Scatter& s) {
  const ScatterShape shape = s.shape(kWidth, s.n);
  launch(put_rows_kernel<kWidth, T>, {blocks_for(shape.units, kScatterThreads), kScatterThreads}, s.x.data<T>(),
         s.y.data<T>(), shape);
}

// x = y, the last of rows that meet. Of any type: T is an unsigned integer of the elements' size.
template <class T>
void put_rows(const Scatter& s) {
  if (s.numel() == 0) return;
  s.in_vectors<T>() ? put_rows_in<kPack<T>, T>(s) : put_rows_in<1, T>(s);
}

template <int kWidth, class T>
void sum_rows_in(const Scatter& s, bool accumulate) {
  constexpr std::int64_t kEnoughThreads = 1 << 16;
  const std::int64_t chunk_rows = s.numel() / kWidth / 32 >= kEnoughThreads ? 32 : 8;
  const std::int64_t chunks = ceil_div(s.n, chunk_rows), outer = Places(s.x, 0, s.before).numel();
  const ScatterShape shape = s.shape(kWidth, chunks);
  const Workspace<Compute<T>> memory(chunks * 2 * outer * shape.vectors * kWidth);
  const Pieces<Compute<T>> pieces{memory, std::uint32_t(outer)};
  const Launch grid{blocks_for(shape.units, kScatterThreads), kScatterThreads};
  launch(sum_chunks_kernel<kWidth, T>, grid, s.x.data<T>(), s.y.data<T>(), shape, pieces, int(chunk_rows), accumulate);
  if (chunks > 1) launch(sum_pieces_kernel<kWidth, T>, grid, s.x.data<T>(), shape, pieces, int(chunk_rows), accumulate);
}

// x = the sum of the rows of y that meet there, or x += it. Where there are none, x stays as it is.
template <class T>
void sum_rows(const Scatter& s, bool accumulate) {
  if (s.numel() == 0) return;
  s.in_vectors<T>() ? sum_rows_in<kPack<T>, T>(s, accumulate) : sum_rows_in<1, T>(s, accumulate);
}

}  // namespace tilestack::gpu
