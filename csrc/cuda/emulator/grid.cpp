#include <sys/mman.h>

#include <cstring>
#include <new>
#include <numeric>

#include "cuda/emulator/race.h"
#include "cuda/emulator/scheduler.h"

namespace emu {

Launch* launch = nullptr;
dim3 grid_dim, block_dim;

namespace {

constexpr std::size_t kSlots = 256, kMaxResidentThreads = 32768, kReserved = 1024;

Launch state;
std::uint64_t next_group, groups, step, offset;
std::uint64_t launches = 0;
int group_size;  // blocks of a cluster
unsigned char* arena = nullptr;
std::vector<std::pair<std::size_t, std::size_t>> places;  // offset and bytes of each GPU_SHARED

void poison([[maybe_unused]] const void* p, [[maybe_unused]] std::size_t bytes) {
#if EMU_ASAN
  __asan_poison_memory_region(p, bytes);
#endif
}

void unpoison([[maybe_unused]] const void* p, [[maybe_unused]] std::size_t bytes) {
#if EMU_ASAN
  __asan_unpoison_memory_region(p, bytes);
#endif
}

std::size_t static_begin() { return kDynamicOffset + (state.shape.shared + 127) / 128 * 128 + (EMU_ASAN ? 128 : 0); }

void begin_block(Block& block, std::uint64_t linear, int slot, int rank, int group) {
  const dim3 grid = state.shape.grid;
  block.linear = static_cast<std::uint32_t>(linear);
  block.index = {unsigned(linear % grid.x), unsigned(linear / grid.x % grid.y), unsigned(linear / grid.x / grid.y)};
  block.live = state.threads;
  block.ended = block.at_barrier = 0;
  block.slot = slot;
  block.rank = rank;
  block.group = group;
  block.shared = shared_arena() + slot * kSharedSlot;
  unpoison(block.shared, kSharedSlot);
  std::memset(block.shared, 0xff, static_begin() + state.static_shared);
  if (EMU_ASAN) {
    poison(block.shared, kDynamicOffset);
    poison(block.shared + kDynamicOffset + state.shape.shared, kSharedSlot - kDynamicOffset - state.shape.shared);
    for (const auto& [place, bytes] : places) unpoison(block.shared + place, bytes);
  }
  for (Barrier& barrier : block.barriers) {
    barrier.arrived = 0;
    barrier.waiters.clear();
  }
  for (Warp& warp : block.warps) {
    warp.ended = 0;
    for (auto& pending : warp.pending) pending->arrived = 0;
  }
  async_begin(block);
  if (race::enabled) race::begin_block(block);
  const bool shuffled = options().seed % 4 == Ready::priority;
  for (Thread& thread : block.threads) {
    thread.fiber = nullptr;
    thread.ended = false;
    thread.waiting.what = nullptr;
    if (shuffled) thread.priority = static_cast<std::uint32_t>(random_bits());
    ready.push(&thread);
  }
}

// A block's threads and warps, the same for all blocks of the launch.
std::unique_ptr<Block> make_block() {
  auto block = std::make_unique<Block>();
  const dim3 shape = state.shape.block;
  block->threads.resize(state.threads);
  block->warps.resize((state.threads + kWarp - 1) / kWarp);
  std::uint32_t i = 0;
  for (unsigned z = 0; z < shape.z; ++z)
    for (unsigned y = 0; y < shape.y; ++y)
      for (unsigned x = 0; x < shape.x; ++x, ++i) {
        Thread& thread = block->threads[i];
        thread.index = {x, y, z};
        thread.linear = i;
        thread.block = block.get();
        block->warps[i / kWarp].present |= 1u << i % kWarp;
      }
  return block;
}

// Clusters run in an order of the seed: multiples of a number without common factor.
void choose_order() {
  next_group = 0;
  step = groups > 2 ? random_bits() % groups : 1;
  while (std::gcd(step, groups) != 1) ++step;
  offset = random_bits() % groups;
}

void begin_group(int group) {
  const std::uint64_t linear = (next_group++ * step + offset) % groups * group_size;
  for (int rank = 0; rank < group_size; ++rank) {
    const int slot = group * group_size + rank;
    if (int(state.blocks.size()) <= slot) state.blocks.push_back(make_block());
    begin_block(*state.blocks[slot], linear + rank, slot, rank, group);
  }
}

bool same_shape(dim3 a, dim3 b) { return a.x == b.x && a.y == b.y && a.z == b.z; }

}  // namespace

unsigned char* shared_arena() {
  if (!arena) {
    void* memory = mmap(nullptr, (kSlots + 1) * kSharedSlot, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    const auto address = reinterpret_cast<std::uintptr_t>(memory);
    arena = reinterpret_cast<unsigned char*>((address + kSharedSlot - 1) / kSharedSlot * kSharedSlot);
  }
  return arena;
}

bool in_shared(const void* p) {
  const auto* byte = static_cast<const unsigned char*>(p);
  return arena && byte >= arena && byte < arena + kSlots * kSharedSlot;
}

Block* block_of_shared(const void* p) {
  if (!in_shared(p)) return nullptr;
  const std::size_t slot = (static_cast<const unsigned char*>(p) - arena) / kSharedSlot;
  return slot < launch->blocks.size() ? launch->blocks[slot].get() : nullptr;
}

std::uint32_t shared_address(const void* p, Site site) {
  if (block_of_shared(p) != cur->block) fault("the address is not in the block's shared memory", site);
  return static_cast<std::uint32_t>(static_cast<const unsigned char*>(p) - cur->block->shared);
}

std::size_t max_shared() { return (options().arch >= 90 ? 227u : 163u) << 10; }

void place_shared(SharedSite& site, std::size_t bytes, std::size_t align) {
  const std::size_t begin = static_begin(), gap = EMU_ASAN ? 64 : 0;
  const std::size_t place = (begin + state.static_shared + align - 1) / align * align;
  if (place + bytes - begin > 48 << 10) fault("more than 48 KB of GPU_SHARED in a block", Site());
  if (place + bytes > kDynamicOffset + max_shared()) fault("more shared memory than the device has", Site());
  for (const auto& block : state.blocks) {
    unpoison(block->shared + place, bytes);
    std::memset(block->shared + place, 0xff, bytes);
  }
  state.static_shared = static_cast<std::uint32_t>(place + bytes + gap - begin);
  places.emplace_back(place, bytes);
  site = {state.id, static_cast<std::uint32_t>(place)};
}

void* dynamic_shared(std::size_t bytes, std::size_t align) {
  if (bytes > state.shape.shared)
    fault(
        "dyn_shared: needs " + std::to_string(bytes) + " bytes, the launch gave " + std::to_string(state.shape.shared),
        Site());
  if (align > 1024) fault("dyn_shared: alignment above 1024", Site());
  return cur->block->shared + kDynamicOffset;
}

void begin_blocks() {
  const std::size_t together = state.shape.cooperative ? groups : 1;
  for (std::size_t group = 0; group < together; ++group) begin_group(static_cast<int>(group));
}

void end_block(Block& block) {
  async_end_block(block);
  for (int id = 0; id < kNamedBarriers; ++id)
    if (block.barriers[id].arrived)
      fault("the block ends with threads missing at barrier " + std::to_string(id), block.barriers[id].site);
  for (int rank = 0; rank < group_size; ++rank)
    if (state.blocks[block.group * group_size + rank]->live) return;
  if (next_group < groups) begin_group(block.group);
}

bool run_grid(const LaunchShape& shape, const Call& call) {
  const std::uint64_t blocks = std::uint64_t(shape.grid.x) * shape.grid.y * shape.grid.z;
  const std::uint32_t threads = shape.block.x * shape.block.y * shape.block.z;
  const bool reuse = same_shape(state.shape.block, shape.block) && state.blocks.size() <= std::size_t(shape.cluster);
  if (!reuse) state.blocks.clear();
  state.shape = shape;
  state.call = &call;
  state.id = ++launches;
  state.static_shared = 0;
  places.clear();
  state.threads = threads;
  launch = &state;
  grid_dim = shape.grid;
  block_dim = shape.block;
  group_size = shape.cluster;
  groups = blocks / shape.cluster;
  begin_schedule();
  set_report("");
  if (shape.cooperative && (blocks > kSlots || blocks * threads > kMaxResidentThreads)) {
    set_report(describe_launch() + ": too many blocks for a cooperative launch");
    return false;
  }
  CatchFaults faults;
  catch_sanitizer();
  if (race::enabled) race::begin_launch(shape.cooperative ? blocks : shape.cluster);
  choose_order();
  begin_blocks();
  cur = ready.pop();
  cur->fiber = new_fiber();
  switch_fiber(host_fiber, *cur->fiber);
  cur = nullptr;
  launch = nullptr;
  if (last_report().empty()) return true;
  async_reset();
  state.blocks.clear();
  reset_fibers();
  return false;
}

}  // namespace emu
