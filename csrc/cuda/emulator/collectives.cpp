#include <bit>

#include "cuda/emulator/race.h"
#include "cuda/emulator/scheduler.h"

namespace emu {

namespace {

std::string hex(std::uint32_t mask) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", mask);
  return text;
}

bool same_place(Site a, Site b) {
  return a.line() == b.line() && a.column() == b.column() &&
         (a.file_name() == b.file_name() || std::string_view(a.file_name()) == b.file_name());
}

Collective& meeting(Warp& warp, std::uint32_t mask) {
  Collective* unused = nullptr;
  for (const auto& pending : warp.pending) {
    if (pending->arrived && pending->mask == mask) return *pending;
    if (!pending->arrived) unused = pending.get();
  }
  if (!unused) unused = warp.pending.emplace_back(std::make_unique<Collective>()).get();
  unused->mask = mask;
  unused->what = nullptr;
  return *unused;
}

void release_waiters(Barrier& barrier) {
  if (race::enabled) race::barrier(barrier.waiters.data(), barrier.waiters.size());
  for (Thread* thread : barrier.waiters)
    if (thread != cur) wake(thread);
  barrier.waiters.clear();
  barrier.arrived = 0;
  barrier.what = nullptr;
}

}  // namespace

void collective(const char* what, std::uint32_t mask, void* argument, WarpFunction compute, bool all_needed,
                Site site) {
  Thread* self = cur;
  Warp& warp = self->block->warps[self->linear / kWarp];
  const std::uint32_t lane = self->lane(), missing = mask & (~warp.present | warp.ended);
  if (!(mask >> lane & 1)) fault(std::string(what) + ": mask " + hex(mask) + " lacks the calling lane", site);
  if (missing) [[unlikely]] {
    if (all_needed || (missing & warp.present))
      fault(std::string(what) + ": mask " + hex(mask) + " names lanes " + hex(missing) +
                " that ended or don't exist in this block",
            site);
    mask &= ~missing;
  }
  Collective& meet = meeting(warp, mask);
  if (!meet.what) {
    meet.what = what;
    meet.site = site;
  } else if (meet.what != what || !same_place(meet.site, site)) {
    fault(std::string(what) + ": lanes " + hex(meet.arrived) + " wait at another place, " + meet.what + " at " +
              describe(meet.site),
          site);
  }
  meet.arguments[lane] = argument;
  meet.threads[lane] = self;
  meet.arrived |= 1u << lane;
  if (meet.arrived != mask) return wait(what, &meet, site);
  compute(meet.arguments.data(), mask);
  meet.arrived = 0;
  for (std::uint32_t rest = mask & ~(1u << lane); rest; rest &= rest - 1) wake(meet.threads[std::countr_zero(rest)]);
}

int block_barrier(const char* what, int id, int value, Site site) {
  Block& block = *cur->block;
  Barrier& barrier = block.barriers[id];
  if (block.ended)
    fault(std::string(what) + ": " + std::to_string(block.ended) + " threads of the block have ended", site);
  if (!barrier.arrived) {
    barrier.site = site;
    barrier.what = what;
    barrier.expected = launch->threads;
    barrier.count = 0;
  } else if (barrier.expected != launch->threads || !same_place(barrier.site, site)) {
    fault(std::string(what) + ": divergent barrier, " + std::to_string(barrier.arrived) + " threads wait at " +
              barrier.what + " at " + describe(barrier.site),
          site);
  }
  barrier.count += value != 0;
  barrier.waiters.push_back(cur);
  block.at_barrier = ++barrier.arrived;
  if (barrier.arrived < launch->threads) {
    wait(what, &barrier, site);
  } else {
    block.count = barrier.count;
    block.at_barrier = 0;
    release_waiters(barrier);
  }
  return block.count;
}

void named_barrier(int id, std::uint32_t threads, bool waits, Site site) {
  const char* what = waits ? "barrier_sync" : "barrier_arrive";
  if (id < 0 || id >= kNamedBarriers) fault(std::string(what) + ": there is no barrier " + std::to_string(id), site);
  if (threads == 0 || threads % kWarp || threads > launch->threads)
    fault(std::string(what) + ": " + std::to_string(threads) + " threads are not whole warps of the block", site);
  Barrier& barrier = cur->block->barriers[id];
  if (!barrier.arrived) {
    barrier.expected = threads;
    barrier.site = site;
    barrier.what = what;
  } else if (barrier.expected != threads) {
    fault(std::string(what) + ": barrier " + std::to_string(id) + " expects " + std::to_string(barrier.expected) +
              " threads at " + describe(barrier.site) + ", here " + std::to_string(threads),
          site);
  }
  ++barrier.arrived;
  if (waits) barrier.waiters.push_back(cur);
  if (!waits && race::enabled) race::release(&barrier);
  if (barrier.arrived == threads) {
    if (race::enabled) {
      for (Thread* thread : barrier.waiters) race::acquire(&barrier, thread);  // of those that only arrived
      race::forget(&barrier);
    }
    release_waiters(barrier);
  } else if (waits) {
    wait(what, &barrier, site);
  }
}

}  // namespace emu
