#include <bit>

#include "cuda/emulator/async_state.h"
#include "cuda/emulator/scheduler.h"

namespace emu {

namespace {

struct ClusterBarrier {
  std::uint64_t of_launch = 0;
  std::uint32_t arrived = 0, left = 0;
  std::uint64_t phase = 0;
  std::vector<Thread*> waiters;
  char ended = 0;
};

ClusterBarrier& barrier_of(int group) {
  static std::vector<std::unique_ptr<ClusterBarrier>> all;
  while (int(all.size()) <= group) all.push_back(std::make_unique<ClusterBarrier>());
  ClusterBarrier& barrier = *all[group];
  if (barrier.of_launch != launch->id) {
    barrier.of_launch = launch->id;
    barrier.arrived = barrier.left = 0;
    barrier.waiters.clear();
  }
  return barrier;
}

void compute_elected(void** lanes, std::uint32_t mask) { *static_cast<bool*>(lanes[std::countr_zero(mask)]) = true; }

}  // namespace

// A phase ends when every thread of the cluster has arrived; each then waits once before it arrives again.
void cluster_arrive(Site site) {
  require_arch(90, "barrier.cluster", site);
  AsyncState& state = async_state(*cur);
  if (state.arrived_in_cluster) fault("cluster_arrive: the thread has arrived and not waited", site);
  state.arrived_in_cluster = true;
  ClusterBarrier& barrier = barrier_of(cur->block->group);
  state.cluster_phase = barrier.phase;
  if (race::enabled) race::release(&barrier);
  if (++barrier.arrived < launch->threads * static_cast<std::uint32_t>(launch->shape.cluster)) return;
  barrier.arrived = 0;
  ++barrier.phase;
  if (race::enabled) race::transfer(&barrier, &barrier.ended);
  for (Thread* thread : barrier.waiters) wake(thread);
  barrier.waiters.clear();
}

void cluster_wait(Site site) {
  AsyncState& state = async_state(*cur);
  if (!state.arrived_in_cluster) fault("cluster_wait: the thread has not arrived", site);
  ClusterBarrier& barrier = barrier_of(cur->block->group);
  if (barrier.phase == state.cluster_phase) {
    barrier.waiters.push_back(cur);
    wait("cluster_wait", &barrier, site);
  }
  state.arrived_in_cluster = false;
  if (race::enabled) race::acquire(&barrier.ended);
}

const void* cluster_map(const void* shared, int rank, Site site) {
  const Block* block = block_of_shared(shared);
  if (!block || block->group != cur->block->group) fault("cluster_map: the address is not in shared memory", site);
  if (rank < 0 || rank >= launch->shape.cluster)
    fault("cluster_map: block " + std::to_string(rank) + " of a cluster of " + std::to_string(launch->shape.cluster),
          site);
  const Block* target = launch->blocks[std::size_t(block->group) * launch->shape.cluster + rank].get();
  if (!target->live) fault("the other block of the cluster has ended", site);
  return target->shared + (static_cast<const unsigned char*>(shared) - block->shared);
}

bool elect_one(Site site) {
  require_arch(90, "elect.sync", site);
  bool elected = false;
  collective("elect_one", kFullWarp, &elected, compute_elected, true, site);
  return elected;
}

}  // namespace emu
