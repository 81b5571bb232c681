#pragma once
// Forward by wgmma, after FlashAttention-3 (Shah et al., 2024): while the tensor cores multiply the probabilities of
// one tile of keys with its values, the scores of the next one, already there, go through the softmax; and the two
// warpgroups take turns, so that one's softmax runs beside the other's products.
#include "ops/scaled_dot_product_attention/attention_wgmma.cuh"

namespace tilestack::cuda {
namespace {

template <class T, int kDim>
struct WideForward {
  static constexpr int kKeys = 128, kStages = kDim > 64 ? 2 : 4;
  using Keys = WideTile<T, kKeys, kDim>;

  struct Shared {
    WideTile<T, kWideRows, kDim> q;
    Keys k[kStages], v[kStages];
    alignas(8) std::uint64_t q_full;
    RingBarriers<kStages> k_ring, v_ring;
  };
};

struct ForwardMaps {
  HeadMap q, k, v, y;
};

// Whose turn it is to begin products.
struct Turns {
  int own;
  __device__ __forceinline__ explicit Turns(int own) : own(own) {
    if (own == 1) ptx::barrier_arrive(1, 256);
  }
  __device__ __forceinline__ void begin() const { ptx::barrier_sync(1 + own, 256); }
  __device__ __forceinline__ void end(bool last) const {
    if (own == 0 || !last) ptx::barrier_arrive(2 - own, 256);
  }
};

template <class T, int kDim>
__global__ void __launch_bounds__(kWideThreads, 1)
    wgmma_forward_kernel(const __grid_constant__ ForwardMaps maps, const __grid_constant__ Attention<T> p, float* lse) {
  using Tiles = WideForward<T, kDim>;
  constexpr int kKeys = Tiles::kKeys;
  auto& shared = gpu::dyn_shared<typename Tiles::Shared>();
  if (threadIdx.x == 0) {
    ptx::mbarrier_init(&shared.q_full, 1);
    shared.k_ring.init();
    shared.v_ring.init();
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
    ptx::mbarrier_arrive_expect_tx(&shared.q_full, shared.q.kBytes);
    shared.q.load(maps.q, &shared.q_full, task.at, task.first);
    for (int step = 0; step < steps; ++step, at.advance()) {
      shared.k[at.slot].load(maps.k, shared.k_ring.begin(at, Tiles::Keys::kBytes), kv, step * kKeys);
      shared.v[at.slot].load(maps.v, shared.v_ring.begin(at, Tiles::Keys::kBytes), kv, step * kKeys);
    }
    return;
  }

  ptx::registers_increase<240>();
  const int group = static_cast<int>(threadIdx.x) / 128 - 1, lane = static_cast<int>(threadIdx.x) % 32;
  const int row = task.first + group * 64 + static_cast<int>(threadIdx.x) % 128 / 32 * 16;  // the warp's first
  const Turns turns(group);
  float s[kKeys / 2], out[kDim / 2], shrink[2];
  std::uint32_t left[kKeys / 16][4];
  RowSoftmax softmax;
  const auto soften = [&](float (&s)[kKeys / 2], int key) {
    if (!p.is_plain(row, key + kKeys - 1)) {
      const int seen[2] = {p.keys_before(row + lane / 4 + 1) - key, p.keys_before(row + lane / 4 + 9) - key};
      each_element<kKeys>([&](int i, int h, int, int c) { s[i] = c < seen[h] ? s[i] : -__builtin_inff(); });
    }
    softmax.step(s, p.scale, shrink);
  };
  // Comes between the softmax and the wait for the product beside it: ptxas moves that wait up to the last branch.
  const auto wait_for_keys = [&](int step) {
    auto next = at;
    next.advance();
    if (step < steps) shared.k_ring.wait(next);
  };

  ptx::mbarrier_wait(&shared.q_full, 0);
  shared.k_ring.wait(at);
  turns.begin();
  multiply_heads<T>(s, shared.q, group * 64, shared.k[at.slot]);
  turns.end(steps == 1);
  ptx::wgmma_wait<0>();
  ptx::hold_registers(s);
  shared.k_ring.release(at);
  soften(s, 0);
  pack_rows<T, kKeys>(left, s);
  wait_for_keys(1);

#pragma unroll 1
  for (int step = 1; step < steps; ++step) {
    const auto before = at;
    at.advance();
    turns.begin();
    multiply_heads<T>(s, shared.q, group * 64, shared.k[at.slot]);
    shared.v_ring.wait(before);
    multiply_rows<T>(out, left, shared.v[before.slot], step > 1);
    turns.end(step + 1 == steps);
    ptx::wgmma_wait<1>();
    ptx::hold_registers(s);
    shared.k_ring.release(at);
    soften(s, step * kKeys);
    ptx::hold_registers(s);
    wait_for_keys(step + 1);
    ptx::wgmma_wait<0>();
    ptx::hold_registers(out);
    ptx::hold_registers(left);
    shared.v_ring.release(before);
    scale_rows(out, shrink);
    pack_rows<T, kKeys>(left, s);
  }
  shared.v_ring.wait(at);
  multiply_rows<T>(out, left, shared.v[at.slot], steps > 1);
  ptx::wgmma_wait<0>();
  ptx::hold_registers(out);
  ptx::hold_registers(left);

  float inverse[2];
  softmax.finish(p.scale, inverse, [&](int r, float log_sum) {
    if (row + r < p.queries)
      lse[(std::int64_t(task.at.batch) * p.heads + task.at.head) * p.queries + row + r] = log_sum;
  });
  shared.q.store(maps.y, task.at, task.first, group * 64, out, inverse);
  if (threadIdx.x % 128 == 0) ptx::bulk_wait_read<0>();
}

}  // namespace
}  // namespace tilestack::cuda
