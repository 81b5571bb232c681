// The race detector. Kernels (.cu files) are compiled with -fsanitize=thread, everything else without, and the program
// is linked without it: the functions that the compiler calls at each access are defined here. -O1 keeps lines exact.
//
// For each byte of shared memory, and each word of global memory, the last write and two reads are remembered, with the
// time of who made them. An access that doesn't see a conflicting one before it, by barriers or mbarriers, is a race.
// Blocks are ordered by atomics on global memory only. Writes by threads are seen by TMA and wgmma after
// fence_proxy_async; what they read and wrote is seen by who waited for it.
#include "cuda/emulator/race.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "cuda/emulator/fiber.h"

namespace emu {
int device_of(const void* p);
}

namespace emu::race {

namespace {

enum Kind : std::uint8_t { plain, atomic_kind, async };

struct Access {
  Epoch epoch;
  std::uint32_t place = 0;  // where in the code: an offset, or kSite + a number
  std::uint32_t block = 0, block_time = 0;
  std::uint8_t mask = 0;  // bytes of a word of global memory; 0: no access
  Kind kind = plain;
};

struct Cell {
  Access write, reads[2];
};

constexpr std::uint32_t kSite = 1u << 31, kPageBytes = 1024;
constexpr std::size_t kManyBlocks = 512, kSlots = 256;

std::vector<Site> sites;
std::uint32_t random_reader = 0;

// Blocks know each other's times by atomics.
struct BlockClock {
  std::uint32_t time = 1;
  std::unordered_map<std::uint32_t, std::uint32_t> knows;
};
std::vector<BlockClock> block_clocks;  // by slot
std::unordered_map<const void*, std::unordered_map<std::uint32_t, std::uint32_t>> atomics;
bool many_blocks = false;

Cell* shared_cells = nullptr;       // of each byte
bool* shared_split = nullptr;       // of each word: whether its bytes were used apart
std::size_t shared_cells_used = 0;  // slots

struct Page {
  std::uint64_t launch = 0;
  Cell cells[kPageBytes / 4];
};
std::unordered_map<std::uintptr_t, std::unique_ptr<Page>> pages;

enum class Memory : std::uint8_t { unknown, other, shared, global };

Memory classify(const void* p) {
  // Device allocations are whole pages in this build.
  struct Known {
    std::uintptr_t page = 0;
    std::uint64_t launch = 0;
    Memory memory = Memory::unknown;
  };
  static Known table[4096];
  const std::uintptr_t page = reinterpret_cast<std::uintptr_t>(p) >> 12;
  Known& entry = table[page % 4096];
  if (entry.page != page || entry.launch != launch->id)
    entry = {page, launch->id, in_shared(p) ? Memory::shared : device_of(p) >= 0 ? Memory::global : Memory::other};
  return entry.memory;
}

const char* base() {
  static const char anchor = 0;
  return &anchor;
}
std::uint32_t place_of(const void* pc) {
  // Distance from this module's data, which 31 bits hold.
  return static_cast<std::uint32_t>(static_cast<const char*>(pc) - base() + (1 << 30)) & ~kSite;
}
std::uint32_t place_of(Site site) {
  if (!site.line()) return 0;
  for (std::size_t i = 0; i < sites.size(); ++i)
    if (sites[i].line() == site.line() && sites[i].file_name() == site.file_name())
      return kSite | static_cast<std::uint32_t>(i);
  sites.push_back(site);
  return kSite | static_cast<std::uint32_t>(sites.size() - 1);
}
std::string describe_place(std::uint32_t place) {
  if (!place) return "?";
  if (place & kSite) return emu::describe(sites[place & ~kSite]);
  const char* pc = base() + place - (1 << 30);
  const std::string text = describe_code(pc - 1, false);
  return text.empty() ? "?" : text;
}

const char* name_of(const Access& access, bool is_write) {
  if (access.kind == atomic_kind) return "atomic";
  return is_write               ? access.kind == async ? "asynchronous write" : "write"
         : access.kind == async ? "asynchronous read"
                                : "read";
}

[[noreturn]] void report(const Thread& thread, const void* p, const Access& now, bool is_write, const Access& before,
                         bool before_is_write) {
  const bool global = !in_shared(p);
  const bool gone = global && launch->blocks[slot_of(before.epoch)]->linear != before.block;
  std::string message = std::string("race in ") + (global ? "global" : "shared") +
                        " memory: " + name_of(now, is_write) + " by " + (now.kind == async ? "what " : "") +
                        emu::describe(thread) + (now.kind == async ? " began" : "") + " at " +
                        describe_place(now.place) + ", after " + name_of(before, before_is_write) + " by " +
                        (gone ? "block " + std::to_string(before.block) : describe(before.epoch)) + " at " +
                        describe_place(before.place) + " that it is not ordered after";
  if (now.kind == async && before.kind == plain && before_is_write && seen(thread, before.epoch))
    message += " (fence_proxy_async is missing)";
  fault(message, Site());
}

// Whether `thread`, doing `now`, comes after `before`.
bool ordered(const Thread& thread, const Access& now, const Access& before, bool before_is_write, bool global) {
  if (global && before.block != now.block) {
    const BlockClock& clock = block_clocks[thread.block->slot];
    const auto found = clock.knows.find(before.block);
    if (found != clock.knows.end() && found->second >= before.block_time) return true;
    if (many_blocks) return true;
    if (launch->blocks[slot_of(before.epoch)]->linear != before.block) return false;
  }
  if (now.kind == async && before.kind != async && before_is_write) return seen_by_proxy(thread, before.epoch);
  return seen(thread, before.epoch);
}

void check(Cell& cell, const Thread& thread, const void* p, const Access& now, bool is_write, bool global) {
  const auto conflicts = [&](const Access& before, bool before_is_write) {
    return (before.mask & now.mask) && !(now.kind == atomic_kind && before.kind == atomic_kind) &&
           !ordered(thread, now, before, before_is_write, global);
  };
  if (conflicts(cell.write, true)) [[unlikely]]
    report(thread, p, now, is_write, cell.write, true);
  if (is_write) {
    for (const Access& read : cell.reads)
      if (conflicts(read, false)) [[unlikely]]
        report(thread, p, now, is_write, read, false);
    cell.write = now;
    cell.reads[0].mask = cell.reads[1].mask = 0;
    return;
  }
  // A reader that this one comes after is replaced, else one of both.
  for (Access& read : cell.reads)
    if (!read.mask || read.epoch.id == now.epoch.id || ordered(thread, now, read, false, global)) {
      read = now;
      return;
    }
  cell.reads[++random_reader % 2] = now;
}

Cell* global_cell(std::uintptr_t word) {
  static std::uintptr_t last_page = 0;
  static Page* last = nullptr;
  const std::uintptr_t page = word / kPageBytes;
  if (page != last_page || !last) {
    auto& entry = pages[page];
    if (!entry) entry = std::make_unique<Page>();
    last = entry.get();
    last_page = page;
  }
  if (last->launch != launch->id) {
    for (Cell& cell : last->cells) cell = {};
    last->launch = launch->id;
  }
  return &last->cells[word % kPageBytes / 4];
}

// Of a word whose bytes are always used together, the first byte's cell stands for all.
void access_shared(const Thread& thread, const void* p, std::size_t bytes, const Access& now, bool is_write) {
  const std::size_t begin = static_cast<const unsigned char*>(p) - shared_arena(), end = begin + bytes;
  for (std::size_t at = begin; at < end;) {
    const std::size_t word = at & ~std::size_t(3), next = std::min(word + 4, end);
    Cell* cells = shared_cells + word;
    bool& split = shared_split[word / 4];
    if (!split && (at != word || next - at < 4)) {
      cells[1] = cells[2] = cells[3] = cells[0];
      split = true;
    }
    if (!split) {
      check(cells[0], thread, shared_arena() + word, now, is_write, false);
      at = next;
    }
    for (; at < next; ++at) check(cells[at - word], thread, shared_arena() + at, now, is_write, false);
  }
}

void access(const Thread& thread, const void* p, std::size_t bytes, Access now, bool is_write) {
  const Memory memory = classify(p);
  if (memory == Memory::other) return;
  if (memory == Memory::shared) {
    now.mask = 1;
    access_shared(thread, p, bytes, now, is_write);
    return;
  }
  now.block = thread.block->linear;
  now.block_time = block_clocks[thread.block->slot].time;
  const auto address = reinterpret_cast<std::uintptr_t>(p);
  for (std::uintptr_t word = address & ~std::uintptr_t(3); word < address + bytes; word += 4) {
    const std::uintptr_t first = std::max(word, address), last = std::min(word + 4, address + bytes);
    now.mask = static_cast<std::uint8_t>(((1u << (last - first)) - 1) << (first - word));
    check(*global_cell(word), thread, reinterpret_cast<const void*>(word), now, is_write, true);
  }
}

void* map_zeros(std::size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return memory;
}

// What instrumented code calls.
[[gnu::always_inline]] inline void touch(const void* p, std::size_t bytes, bool is_write, const void* pc) {
  if (!cur) return;
  const auto* byte = static_cast<const char*>(p);
  const auto* stack = static_cast<const char*>(cur->fiber->bottom);
  if (byte >= stack && byte < stack + cur->fiber->bytes) return;
  access(*cur, p, bytes, {now(*cur), place_of(pc), 0, 0, 0, plain}, is_write);
}

}  // namespace

void begin_shadow() {
  if (!shared_cells) {
    shared_cells = static_cast<Cell*>(map_zeros(sizeof(Cell) * kSharedSlot * kSlots));
    shared_split = static_cast<bool*>(map_zeros(kSharedSlot / 4 * kSlots));
  }
  // Pages that were touched become zero again.
  madvise(shared_cells, sizeof(Cell) * kSharedSlot * shared_cells_used, MADV_DONTNEED);
  madvise(shared_split, kSharedSlot / 4 * shared_cells_used, MADV_DONTNEED);
  const dim3 grid = launch->shape.grid;
  const std::size_t blocks = std::size_t(grid.x) * grid.y * grid.z;
  shared_cells_used = launch->shape.cooperative ? blocks : launch->shape.cluster;
  block_clocks.assign(shared_cells_used, {});
  atomics.clear();
  many_blocks = false;
}

void read(const void* p, std::size_t bytes, Thread* thread, Site site) {
  access(*thread, p, bytes, {now(*thread), place_of(site), 0, 0, 0, plain}, false);
}
void write(const void* p, std::size_t bytes, Thread* thread, Site site) {
  access(*thread, p, bytes, {now(*thread), place_of(site), 0, 0, 0, plain}, true);
}
void async_read(const void* p, std::size_t bytes, Stamp stamp, Site site) {
  access(*cur, p, bytes, {{stamp.time, stamp.agent}, place_of(site), 0, 0, 0, async}, false);
}
void async_write(const void* p, std::size_t bytes, Stamp stamp, Site site) {
  access(*cur, p, bytes, {{stamp.time, stamp.agent}, place_of(site), 0, 0, 0, async}, true);
}

void atomic(const void* p, std::size_t bytes) {
  access(*cur, p, bytes, {now(*cur), 0, 0, 0, 0, atomic_kind}, true);
  if (classify(p) != Memory::global) return;
  const dim3 grid = launch->shape.grid;
  if (std::size_t(grid.x) * grid.y * grid.z > kManyBlocks) {  // too many to tell them apart
    many_blocks = true;
    return;
  }
  BlockClock& own = block_clocks[cur->block->slot];
  auto& clock = atomics[p];
  for (const auto& [block, time] : clock) {
    std::uint32_t& mine = own.knows[block];
    mine = std::max(mine, time);
  }
  clock = own.knows;
  clock[cur->block->linear] = own.time++;
}

void forget_atomics(const Block& block) { block_clocks[block.slot] = {}; }

}  // namespace emu::race

using emu::race::touch;

extern "C" {

void __tsan_init() { emu::race::enabled = true; }
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}

#define EMU_ACCESS(bytes)                                                                             \
  void __tsan_read##bytes(void* p) { touch(p, bytes, false, __builtin_return_address(0)); }           \
  void __tsan_write##bytes(void* p) { touch(p, bytes, true, __builtin_return_address(0)); }           \
  void __tsan_unaligned_read##bytes(void* p) { touch(p, bytes, false, __builtin_return_address(0)); } \
  void __tsan_unaligned_write##bytes(void* p) { touch(p, bytes, true, __builtin_return_address(0)); }
EMU_ACCESS(1)
EMU_ACCESS(2)
EMU_ACCESS(4)
EMU_ACCESS(8)
EMU_ACCESS(16)
#undef EMU_ACCESS
void __tsan_read_range(void* p, std::size_t bytes) { touch(p, bytes, false, __builtin_return_address(0)); }
void __tsan_write_range(void* p, std::size_t bytes) { touch(p, bytes, true, __builtin_return_address(0)); }

// The host's own atomics, of gpu.h and the standard library.
#define EMU_ATOMIC(bits, T)                                                                                         \
  T __tsan_atomic##bits##_load(const volatile T* p, int) { return __atomic_load_n(p, __ATOMIC_SEQ_CST); }           \
  void __tsan_atomic##bits##_store(volatile T* p, T v, int) { __atomic_store_n(p, v, __ATOMIC_SEQ_CST); }           \
  T __tsan_atomic##bits##_exchange(volatile T* p, T v, int) { return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST); } \
  T __tsan_atomic##bits##_fetch_add(volatile T* p, T v, int) { return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST); } \
  T __tsan_atomic##bits##_fetch_sub(volatile T* p, T v, int) { return __atomic_fetch_sub(p, v, __ATOMIC_SEQ_CST); } \
  T __tsan_atomic##bits##_fetch_and(volatile T* p, T v, int) { return __atomic_fetch_and(p, v, __ATOMIC_SEQ_CST); } \
  T __tsan_atomic##bits##_fetch_or(volatile T* p, T v, int) { return __atomic_fetch_or(p, v, __ATOMIC_SEQ_CST); }   \
  T __tsan_atomic##bits##_fetch_xor(volatile T* p, T v, int) { return __atomic_fetch_xor(p, v, __ATOMIC_SEQ_CST); } \
  int __tsan_atomic##bits##_compare_exchange_strong(volatile T* p, T* expected, T v, int, int) {                    \
    return __atomic_compare_exchange_n(p, expected, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                  \
  }                                                                                                                 \
  int __tsan_atomic##bits##_compare_exchange_weak(volatile T* p, T* expected, T v, int, int) {                      \
    return __atomic_compare_exchange_n(p, expected, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                  \
  }
EMU_ATOMIC(8, std::uint8_t)
EMU_ATOMIC(16, std::uint16_t)
EMU_ATOMIC(32, std::uint32_t)
EMU_ATOMIC(64, std::uint64_t)
#undef EMU_ATOMIC
void __tsan_atomic_thread_fence(int) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
void __tsan_atomic_signal_fence(int) {}
}
