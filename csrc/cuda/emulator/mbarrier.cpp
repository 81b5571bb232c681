#include <algorithm>
#include <unordered_map>

#include "cuda/emulator/async_state.h"
#include "cuda/emulator/scheduler.h"

namespace emu {

namespace {

struct MBarrier {
  int count = 0, pending = 0;
  std::int64_t bytes = 0;  // expected and not landed
  std::uint32_t phase = 0;
  bool fenced = false;
  Site site;
  std::vector<Thread*> waiters;
  char ended = 0;  // its address is the race detector's key of phases that ended
};

std::unordered_map<std::uint64_t*, MBarrier>& barriers() {
  static std::unordered_map<std::uint64_t*, MBarrier> all;
  return all;
}

std::vector<Load> loads;  // under way

// What the barrier's 8 bytes hold, so that overwriting it shows.
std::uint64_t token(const std::uint64_t* bar) { return reinterpret_cast<std::uintptr_t>(bar) ^ 0x6d62617272696572ull; }

MBarrier& find(std::uint64_t* bar, const char* what, Site site) {
  check_aligned(bar, 8, what, site);
  check_shared(bar, 8, what, site);
  const auto found = barriers().find(bar);
  if (found == barriers().end()) fault(std::string(what) + ": the mbarrier was not initialised", site);
  if (*bar != token(bar)) fault(std::string(what) + ": the mbarrier was overwritten", site);
  return found->second;
}

void end_phase_if_complete(std::uint64_t* bar, MBarrier& barrier) {
  if (barrier.pending != 0 || barrier.bytes != 0) return;
  barrier.phase ^= 1;
  barrier.pending = barrier.count;
  if (race::enabled) race::transfer(bar, &barrier.ended);
  for (Thread* thread : barrier.waiters) wake(thread);
  barrier.waiters.clear();
}

void land(Load load) {
  load.run();
  const auto found = barriers().find(load.bar);
  if (found == barriers().end() || *load.bar != token(load.bar))
    fault("the mbarrier is gone when a TMA load lands", load.site);
  MBarrier& barrier = found->second;
  barrier.bytes -= load.bytes;
  if (race::enabled) race::release_async(load.bar, load.stamp);
  end_phase_if_complete(load.bar, barrier);
}

}  // namespace

void mbarrier_init(std::uint64_t* bar, int count, Site site) {
  require_arch(80, "mbarrier", site);
  check_aligned(bar, 8, "mbarrier_init", site);
  check_shared(bar, 8, "mbarrier_init", site);
  if (count < 1 || count > (1 << 20) - 1) fault("mbarrier_init: count " + std::to_string(count), site);
  if (block_of_shared(bar) != cur->block) fault("mbarrier_init: the mbarrier is another block's", site);
  MBarrier& barrier = barriers()[bar];
  barrier = {};
  barrier.count = barrier.pending = count;
  barrier.site = site;
  *bar = token(bar);
  async_state(*cur).unfenced.push_back(bar);
}

void mbarrier_invalidate(std::uint64_t* bar, Site site) {
  find(bar, "mbarrier_invalidate", site);
  barriers().erase(bar);
  *bar = ~0ull;
}

void mbarrier_arrive(std::uint64_t* bar, bool arrive, int expected_bytes, Site site) {
  MBarrier& barrier = find(bar, "mbarrier_arrive", site);
  if (expected_bytes) require_arch(90, "mbarrier.expect_tx", site);
  if (expected_bytes < 0 || expected_bytes >= 1 << 20)
    fault("mbarrier: " + std::to_string(expected_bytes) + " bytes expected", site);
  barrier.bytes += expected_bytes;
  if (arrive) {
    if (race::enabled) race::release(bar);
    if (--barrier.pending < 0) fault("mbarrier_arrive: more arrivals than the count", site);
  }
  if (arrive || expected_bytes) end_phase_if_complete(bar, barrier);
}

void mbarrier_arrive_remote(std::uint64_t* bar, int rank, Site site) {
  require_arch(90, "mbarrier.arrive.shared::cluster", site);
  auto* remote = static_cast<std::uint64_t*>(const_cast<void*>(cluster_map(bar, rank, site)));
  check_async_barrier(remote, "mbarrier_arrive_remote", site);
  mbarrier_arrive(remote, true, 0, site);
}

bool mbarrier_test(std::uint64_t* bar, std::uint32_t parity, const char* what, Site site) {
  require_arch(90, what, site);
  MBarrier& barrier = find(bar, what, site);
  if (barrier.phase != (parity & 1)) {
    if (race::enabled) race::acquire(&barrier.ended);
    return true;
  }
  pause(what, bar, site);
  return false;
}

void mbarrier_wait(std::uint64_t* bar, std::uint32_t parity, Site site) {
  require_arch(90, "mbarrier_wait", site);
  MBarrier& barrier = find(bar, "mbarrier_wait", site);
  // As late as may be: what lands here lands now, when somebody needs it.
  while (barrier.phase == (parity & 1) && barrier.pending == 0 && complete_load(bar)) {
  }
  if (barrier.phase == (parity & 1)) {
    barrier.waiters.push_back(cur);
    wait("mbarrier_wait", bar, site);
  }
  if (race::enabled) race::acquire(&barrier.ended);
}

void fence_barrier_init(Site site) {
  require_arch(90, "fence.mbarrier_init", site);
  for (std::uint64_t* bar : async_state(*cur).unfenced)
    if (const auto found = barriers().find(bar); found != barriers().end()) found->second.fenced = true;
  async_state(*cur).unfenced.clear();
}

void fence_proxy_async(Site site) {
  require_arch(90, "fence.proxy.async", site);
  fence_barrier_init(site);
  if (race::enabled) race::proxy_fence();
}

void check_async_barrier(std::uint64_t* bar, const char* what, Site site) {
  if (!find(bar, what, site).fenced)
    fault(std::string(what) + ": no fence_barrier_init after mbarrier_init at " + describe(barriers()[bar].site), site);
}

void issue_load(Load load) {
  const Completion completion = options().completion;
  if (completion == Completion::eager || (completion == Completion::random && random_bits() % 2))
    land(std::move(load));
  else
    loads.push_back(std::move(load));
}

bool complete_load(const std::uint64_t* bar) {
  const auto found =
      std::find_if(loads.begin(), loads.end(), [&](const Load& load) { return !bar || load.bar == bar; });
  if (found == loads.end()) return false;
  Load load = std::move(*found);
  loads.erase(found);
  land(std::move(load));
  return true;
}

// Nobody can run: what somebody waits for lands first.
bool async_progress() {
  for (const auto& [bar, barrier] : barriers())
    if (!barrier.waiters.empty() && complete_load(bar)) return true;
  return complete_load(nullptr);
}

void async_begin(Block& block) {
  for (auto at = barriers().begin(); at != barriers().end();)
    at = block_of_shared(at->first) == &block ? barriers().erase(at) : std::next(at);
  for (Thread& thread : block.threads)
    if (thread.async) thread.async->clear();
}

void async_end_thread(Thread& thread) {
  if (!thread.async) return;
  AsyncState& state = *thread.async;
  for (const auto& group : state.stores.groups)
    for (const Store& store : group) fault("the thread ends before bulk_wait_read for its store", store.site);
  if (!state.stores.open.empty()) fault("the thread ends without bulk_commit", state.stores.open[0].site);
  if (!state.products.open.empty()) fault("the thread ends without wgmma_commit", state.products.open[0].site);
  for (const auto& group : state.products.groups)
    for (const Wgmma& product : group) fault("the thread ends before wgmma_wait", product.site);
}

void async_end_block(Block& block) {
  for (const Load& load : loads)
    if (load.block == &block || block_of_shared(load.bar) == &block)
      fault("the block ends before a TMA load to its shared memory has landed", load.site);
  for (const auto& [bar, barrier] : barriers())
    if (barrier.bytes && block_of_shared(bar) == &block)
      fault("the block ends while an mbarrier expects " + std::to_string(barrier.bytes) + " more bytes", barrier.site);
}

void async_reset() {
  wgmma_reset();
  loads.clear();
  barriers().clear();
}

std::string describe_mbarriers() {
  std::string text;
  int lines = 0;
  for (const auto& [bar, barrier] : barriers()) {
    if (barrier.waiters.empty() || ++lines > 8) continue;
    const Block* block = block_of_shared(bar);
    text += "  mbarrier of " + describe(barrier.site) + " in block " + std::to_string(block ? block->linear : 0) +
            ": phase " + std::to_string(barrier.phase) + ", lacks " + std::to_string(barrier.pending) + " of " +
            std::to_string(barrier.count) + " arrivals and " + std::to_string(barrier.bytes) + " bytes, " +
            std::to_string(barrier.waiters.size()) + " threads wait\n";
  }
  return text;
}

}  // namespace emu
