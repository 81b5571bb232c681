#pragma once
// Backward by wgmma: one kernel for dq, by blocks of queries, and one for dk and dv, by blocks of keys. Both compute
// the probabilities anew; so every sum stays in the registers of one warpgroup, in one order, where a single kernel
// would have to add parts of dq in memory, block after block.
#include "ops/scaled_dot_product_attention/attention_wgmma.cuh"

namespace tilestack::cuda {
namespace {

// What backward reads of each query: lse log2(e), and sum(dy y). Rows of a head are whole tiles; beyond the last query
// they make probabilities 0.
struct QueryRows {
  float *base, *dot;
  int padded;
  __device__ __forceinline__ std::int64_t at(int heads, HeadPlace place, int query) const {
    return (std::int64_t(place.batch) * heads + place.head) * padded + query;
  }
};

// 16 lanes a row. T: of 16 bits, at most 128 elements in vectors of 8.
template <class T>
__global__ void __launch_bounds__(kAttentionThreads)
    query_rows_kernel(HeadRows<const T> y, HeadRows<const T> dy, const float* lse, QueryRows rows, int queries,
                      int heads, int cols, std::int64_t count) {
  const std::int64_t row = gpu::global_thread() / 16, head = row / rows.padded;
  const int i = static_cast<int>(row % rows.padded), part = static_cast<int>(threadIdx.x) % 16;
  const int b = static_cast<int>(head / heads), h = static_cast<int>(head % heads);
  float sum = 0;
  if (row < count && i < queries && part * 8 < cols) {
    const auto a = gpu::load_compute<8>(y.at(b, h, i) + part * 8), d = gpu::load_compute<8>(dy.at(b, h, i) + part * 8);
#pragma unroll
    for (int e = 0; e < 8; ++e) sum += a[e] * d[e];
  }
  sum = warp_sum<16>(sum);
  if (row >= count || part != 0) return;
  rows.base[row] = i < queries ? lse[head * queries + i] * kLog2E : __builtin_inff();
  rows.dot[row] = sum;
}

struct QueryMaps {
  HeadMap q, k, v, dy, dq;
};

template <class T, int kDim>
struct WideQueries {
  static constexpr int kKeys = kDim > 64 ? 64 : 128, kStages = kDim > 64 ? 3 : 2;
  using Keys = WideTile<T, kKeys, kDim>;

  struct Shared {
    WideTile<T, kWideRows, kDim> q, dy;
    Keys k[kStages], v[kStages];
    alignas(8) std::uint64_t own_full;
    RingBarriers<kStages> ring;
  };
};

template <class T, int kDim>
__global__ void __launch_bounds__(kWideThreads, 1)
    wgmma_query_kernel(const __grid_constant__ QueryMaps maps, const __grid_constant__ Attention<T> p, QueryRows rows) {
  using Tiles = WideQueries<T, kDim>;
  constexpr int kKeys = Tiles::kKeys;
  auto& shared = gpu::dyn_shared<typename Tiles::Shared>();
  if (threadIdx.x == 0) {
    ptx::mbarrier_init(&shared.own_full, 1);
    shared.ring.init();
    ptx::fence_barrier_init();
  }
  __syncthreads();
  const WideTask task(p.queries, p.heads, p.batch, p.causal, true);
  const int last = task.first + kWideRows < p.queries ? task.first + kWideRows : p.queries;
  const int steps = gpu::ceil_div(p.keys_before(last), kKeys);
  RingPosition<Tiles::kStages> at;

  if (threadIdx.x < 128) {
    ptx::registers_decrease<24>();
    if (threadIdx.x != 0) return;
    const HeadPlace kv{task.at.batch, p.kv_head(task.at.head)};
    ptx::mbarrier_arrive_expect_tx(&shared.own_full, 2 * shared.q.kBytes);
    shared.q.load(maps.q, &shared.own_full, task.at, task.first);
    shared.dy.load(maps.dy, &shared.own_full, task.at, task.first);
    for (int step = 0; step < steps; ++step, at.advance()) {
      std::uint64_t* full = shared.ring.begin(at, 2 * Tiles::Keys::kBytes);
      shared.k[at.slot].load(maps.k, full, kv, step * kKeys);
      shared.v[at.slot].load(maps.v, full, kv, step * kKeys);
    }
    return;
  }

  ptx::registers_increase<240>();
  const int group = static_cast<int>(threadIdx.x) / 128 - 1, lane = static_cast<int>(threadIdx.x) % 32;
  const int row = task.first + group * 64 + static_cast<int>(threadIdx.x) % 128 / 32 * 16;
  const float factor = p.scale * kLog2E;
  float base[2], dot[2];
#pragma unroll
  for (int h = 0; h < 2; ++h) {
    const std::int64_t i = rows.at(p.heads, task.at, row + lane / 4 + h * 8);
    base[h] = rows.base[i];
    dot[h] = rows.dot[i];
  }
  float s[kKeys / 2], dp[kKeys / 2], out[kDim / 2];
  std::uint32_t left[kKeys / 16][4];
  auto before = at;
  int step = 0;

  ptx::mbarrier_wait(&shared.own_full, 0);
#pragma unroll 1
  do {
    shared.ring.wait(at);
    multiply_heads<T>(s, shared.q, group * 64, shared.k[at.slot]);
    multiply_heads<T>(dp, shared.dy, group * 64, shared.v[at.slot]);
    ptx::wgmma_wait<1>();
    ptx::hold_registers(s);
    if (step > 0) {
      ptx::hold_registers(left);
      shared.ring.release(before);
    }
    const int key = step * kKeys;
    each_element<kKeys>([&](int i, int h, int, int) { s[i] = ptx::exp2_approx(s[i] * factor - base[h]); });
    if (!p.is_plain(row, key + kKeys - 1)) {
      const int seen[2] = {p.keys_before(row + lane / 4 + 1) - key, p.keys_before(row + lane / 4 + 9) - key};
      each_element<kKeys>([&](int i, int h, int, int c) { s[i] = c < seen[h] ? s[i] : 0; });
    }
    ptx::hold_registers(s);
    ptx::wgmma_wait<0>();
    ptx::hold_registers(dp);
    each_element<kKeys>([&](int i, int h, int, int) { s[i] *= dp[i] - dot[h]; });
    pack_rows<T, kKeys>(left, s);
    multiply_rows<T>(out, left, shared.k[at.slot], step > 0);
    before = at;
    at.advance();
  } while (++step < steps);
  ptx::wgmma_wait<0>();
  ptx::hold_registers(out);
  ptx::hold_registers(left);
  shared.q.store(maps.dq, task.at, task.first, group * 64, out, {p.scale, p.scale});
  if (threadIdx.x % 128 == 0) ptx::bulk_wait_read<0>();
}

struct KeyMaps {
  HeadMap q, k, v, dy, dk, dv;
};

template <class T, int kDim>
struct WideKeys {
  static constexpr int kQueries = 64, kStages = kDim > 64 ? 3 : 4;
  using Queries = WideTile<T, kQueries, kDim>;
  static constexpr int kBytes = 2 * Queries::kBytes + 2 * kQueries * 4;

  struct Shared {
    WideTile<T, kWideRows, kDim> k, v;
    Queries q[kStages], dy[kStages];
    alignas(16) float base[kStages][kQueries], dot[kStages][kQueries];
    alignas(8) std::uint64_t own_full;
    RingBarriers<kStages> ring;
  };
};

// Scores lie transposed here: a row is a key, a column a query. Heads of queries that share the keys come one after
// another.
template <class T, int kDim>
__global__ void __launch_bounds__(kWideThreads, 1)
    wgmma_key_kernel(const __grid_constant__ KeyMaps maps, const __grid_constant__ Attention<T> p, QueryRows rows) {
  using Tiles = WideKeys<T, kDim>;
  constexpr int kQueries = Tiles::kQueries;
  auto& shared = gpu::dyn_shared<typename Tiles::Shared>();
  if (threadIdx.x == 0) {
    ptx::mbarrier_init(&shared.own_full, 1);
    shared.ring.init();
    ptx::fence_barrier_init();
  }
  __syncthreads();
  const WideTask task(p.keys, p.kv_heads, p.batch, p.causal, false);
  // At least the last tile: keys that no query sees get zeros from it.
  const int tiles = gpu::ceil_div(p.queries, kQueries), sharers = p.heads / p.kv_heads;
  const int least = p.causal ? task.first / kQueries : 0, begin = least < tiles ? least : tiles - 1;
  RingPosition<Tiles::kStages> at;

  if (threadIdx.x < 128) {
    ptx::registers_decrease<24>();
    if (threadIdx.x != 0) return;
    ptx::mbarrier_arrive_expect_tx(&shared.own_full, 2 * shared.k.kBytes);
    shared.k.load(maps.k, &shared.own_full, task.at, task.first);
    shared.v.load(maps.v, &shared.own_full, task.at, task.first);
    for (int sharer = 0; sharer < sharers; ++sharer)
      for (int tile = begin; tile < tiles; ++tile, at.advance()) {
        const HeadPlace from{task.at.batch, task.at.head * sharers + sharer};
        const std::int64_t i = rows.at(p.heads, from, tile * kQueries);
        std::uint64_t* full = shared.ring.begin(at, Tiles::kBytes);
        shared.q[at.slot].load(maps.q, full, from, tile * kQueries);
        shared.dy[at.slot].load(maps.dy, full, from, tile * kQueries);
        ptx::bulk_load(shared.base[at.slot], rows.base + i, kQueries * 4, full);
        ptx::bulk_load(shared.dot[at.slot], rows.dot + i, kQueries * 4, full);
      }
    return;
  }

  ptx::registers_increase<240>();
  const int group = static_cast<int>(threadIdx.x) / 128 - 1, lane = static_cast<int>(threadIdx.x) % 32;
  const int row = task.first + group * 64 + static_cast<int>(threadIdx.x) % 128 / 32 * 16;
  const int steps = sharers * (tiles - begin);
  const float factor = p.scale * kLog2E;
  float s[kQueries / 2], dp[kQueries / 2], out_k[kDim / 2], out_v[kDim / 2];
  std::uint32_t left[kQueries / 16][4], left_v[kQueries / 16][4];
  auto before = at;
  int step = 0, tile = begin;

  ptx::mbarrier_wait(&shared.own_full, 0);
#pragma unroll 1
  do {
    shared.ring.wait(at);
    multiply_heads<T>(s, shared.k, group * 64, shared.q[at.slot]);
    multiply_heads<T>(dp, shared.v, group * 64, shared.dy[at.slot]);
    ptx::wgmma_wait<1>();
    ptx::hold_registers(s);
    if (step > 0) {
      ptx::hold_registers(left);
      __syncwarp();  // every lane has read the slot's base and dot
      shared.ring.release(before);
    }
    const float *base = shared.base[at.slot], *dot = shared.dot[at.slot];
    const int query = tile * kQueries;
    each_element<kQueries>([&](int i, int, int, int c) { s[i] = ptx::exp2_approx(s[i] * factor - base[c]); });
    if (p.causal && query < row + 15) {
      const int hidden[2] = {row + lane / 4 - query, row + lane / 4 + 8 - query};
      each_element<kQueries>([&](int i, int h, int, int c) { s[i] = c < hidden[h] ? 0 : s[i]; });
    }
    pack_rows<T, kQueries>(left_v, s);
    multiply_rows<T>(out_v, left_v, shared.dy[at.slot], step > 0);
    ptx::wgmma_wait<1>();
    ptx::hold_registers(dp);
    each_element<kQueries>([&](int i, int, int, int c) { s[i] *= dp[i] - dot[c]; });
    pack_rows<T, kQueries>(left, s);
    multiply_rows<T>(out_k, left, shared.q[at.slot], step > 0);
    ptx::wgmma_wait<1>();
    ptx::hold_registers(left_v);
    before = at;
    at.advance();
    if (++tile == tiles) tile = begin;
  } while (++step < steps);
  ptx::wgmma_wait<0>();
  ptx::hold_registers(out_v);
  ptx::hold_registers(out_k);
  ptx::hold_registers(left);
  shared.v.store(maps.dv, task.at, task.first, group * 64, out_v, {1.0f, 1.0f});
  shared.k.store(maps.dk, task.at, task.first, group * 64, out_k, {p.scale, p.scale});
  if (threadIdx.x % 128 == 0) ptx::bulk_wait_read<0>();
}

}  // namespace
}  // namespace tilestack::cuda
