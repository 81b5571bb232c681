// Vector clocks. Each thread and each agent (a stream of TMA or wgmma work) has a time; a thread's clock says up to
// which time of every other it has seen. After a barrier threads share one clock, copied when one of them learns more.
#include <algorithm>
#include <unordered_map>

#include "cuda/emulator/race.h"

namespace emu::race {

bool enabled = false;

namespace {

using Clock = std::vector<std::uint32_t>;
using Shared = std::shared_ptr<Clock>;

struct Known {
  Shared ordinary, proxy;  // null: nothing
};

std::uint32_t stride = 0;  // ids of a block: its threads, then its agents
std::vector<std::uint32_t> times;
std::vector<Known> known;  // of threads
std::unordered_map<const void*, Known> keys;

// The larger of both; remembers the last, since many threads join the same clocks.
Shared merge(const Shared& a, const Shared& b) {
  static Shared last_a, last_b, last;
  if (!a || a == b) return b;
  if (!b) return a;
  if (last_a == a && last_b == b) return last;
  auto result = std::make_shared<Clock>(*a);
  bool grew = false;
  for (std::size_t i = 0; i < result->size(); ++i)
    if ((*b)[i] > (*result)[i]) (*result)[i] = (*b)[i], grew = true;
  last_a = a;
  last_b = b;
  last = grew ? result : a;
  return last;
}

Shared with(const Shared& clock, std::uint32_t id, std::uint32_t time) {
  static Shared last_from, last;
  static std::uint32_t last_id = 0, last_time = 0;
  if (clock && (*clock)[id] >= time) return clock;
  if (last && last_from == clock && last_id == id && last_time == time) return last;
  auto result = clock ? std::make_shared<Clock>(*clock) : std::make_shared<Clock>(times.size());
  (*result)[id] = time;
  last_from = clock;
  last = result;
  last_id = id;
  last_time = time;
  return result;
}

void raise(Shared& clock, const Shared& by) {
  if (!by || clock == by) return;
  if (!clock)
    clock = std::make_shared<Clock>(*by);
  else if (clock.use_count() > 1)
    clock = merge(clock, by);
  else
    for (std::size_t i = 0; i < clock->size(); ++i) (*clock)[i] = std::max((*clock)[i], (*by)[i]);
}

void raise(Shared& clock, std::uint32_t id, std::uint32_t time) {
  if (!clock) clock = std::make_shared<Clock>(times.size());
  if (clock.use_count() > 1) clock = std::make_shared<Clock>(*clock);
  (*clock)[id] = std::max((*clock)[id], time);
}

}  // namespace

std::uint32_t id_of(const Thread& thread) {
  return static_cast<std::uint32_t>(thread.block->slot) * stride + thread.linear;
}
Epoch now(const Thread& thread) { return {times[id_of(thread)], id_of(thread)}; }
std::uint32_t slot_of(Epoch epoch) { return epoch.id / stride; }

bool seen(const Thread& thread, Epoch epoch) {
  const std::uint32_t id = id_of(thread);
  const Shared& clock = known[id].ordinary;
  return epoch.id == id || (clock && (*clock)[epoch.id] >= epoch.time);
}

bool seen_by_proxy(const Thread& thread, Epoch epoch) {
  const Shared& clock = known[id_of(thread)].proxy;
  return clock && (*clock)[epoch.id] >= epoch.time;
}

std::string describe(Epoch epoch) {
  const Block& block = *launch->blocks[slot_of(epoch)];
  const std::uint32_t index = epoch.id % stride;
  if (index < launch->threads) return emu::describe(block.threads[index]);
  return "asynchronous work of block " + std::to_string(block.linear);
}

void begin_launch(std::size_t resident_blocks) {
  stride = launch->threads + kAgents;
  times.assign(resident_blocks * stride, 1);
  known.assign(times.size(), {});
  keys.clear();
  begin_shadow();
}

// A new block finds shared memory as earlier ones left it; nothing of theirs is in its way.
void begin_block(const Block& block) {
  forget_atomics(block);
  const auto clock = std::make_shared<Clock>(times);
  for (const Thread& thread : block.threads) known[id_of(thread)] = {clock, clock};
  for (std::uint32_t& time : times) ++time;  // what others do from now on is not seen
}

void release(const void* key, Thread* thread) {
  const std::uint32_t id = id_of(*thread);
  Known& to = keys[key];
  raise(to.ordinary, known[id].ordinary);
  raise(to.ordinary, id, times[id]++);
  raise(to.proxy, known[id].proxy);
}

void acquire(const void* key, Thread* thread) {
  const auto found = keys.find(key);
  if (found == keys.end()) return;
  Known& to = known[id_of(*thread)];
  to.ordinary = merge(to.ordinary, found->second.ordinary);
  to.proxy = merge(to.proxy, found->second.proxy);
}

void forget(const void* key) { keys.erase(key); }

void transfer(const void* from, const void* to) {
  keys[to] = keys[from];
  keys.erase(from);
}

void barrier(Thread* const* threads, std::size_t count) {
  Known all;
  Shared ordinary, proxy;  // the last that was merged: mostly they all are the same
  for (std::size_t i = 0; i < count; ++i) {
    const Known& own = known[id_of(*threads[i])];
    if (own.ordinary != ordinary) raise(all.ordinary, ordinary = own.ordinary);
    if (own.proxy != proxy) raise(all.proxy, proxy = own.proxy);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t id = id_of(*threads[i]);
    raise(all.ordinary, id, times[id]++);
  }
  for (std::size_t i = 0; i < count; ++i) known[id_of(*threads[i])] = all;
}

Stamp begin_async(std::uint32_t agent) {
  const std::uint32_t id = static_cast<std::uint32_t>(cur->block->slot) * stride + launch->threads + agent % kAgents;
  return {id, ++times[id]};
}

void release_async(const void* key, Stamp stamp) { raise(keys[key].ordinary, stamp.agent, stamp.time); }

void join_async(Stamp stamp, Thread* thread) {
  Shared& clock = known[id_of(*thread)].ordinary;
  clock = with(clock, stamp.agent, stamp.time);
}

void proxy_fence() {
  const std::uint32_t id = id_of(*cur);
  Known& own = known[id];
  own.proxy = merge(own.proxy, with(own.ordinary, id, times[id]));
  ++times[id];
}

}  // namespace emu::race
