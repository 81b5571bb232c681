#include "core/allocator.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <utility>

#include "core/check.h"
#include "core/parallel.h"
#include "core/size_class.h"

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace tilestack {
namespace {

// AddressSanitizer sees neither that a cached block is free nor where in a block the bytes that were asked for end.
void allow([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
  ASAN_UNPOISON_MEMORY_REGION(memory, bytes);
#endif
}
void forbid([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
  ASAN_POISON_MEMORY_REGION(memory, bytes);
#endif
}

// Stands in the 64 bytes before each block.
struct alignas(64) Header {
  Header* next;          // in a free list
  std::size_t capacity;  // bytes after the header
  std::int32_t size_class;
};
static_assert(sizeof(Header) == 64);

constexpr std::size_t kHugePage = std::size_t(1) << 21;
// Where in a mapping the header stands: the data of a tensor, after this header and one of its own, then begins a page.
// A processor holds a load back that follows a store to an address with the same low 12 bits. Arrays of others begin a
// little after a page's start (numpy's 16 bytes): in step with them a loop's loads are ahead of its stores, so none
// waits.
constexpr std::size_t kHeaderOffset = 4096 - 2 * sizeof(Header);
constexpr int kLocalClasses = 8 * 7;  // blocks below 8 KiB are cached per thread, without a lock
constexpr int kLocalDepth = 32;

struct Pool {
  std::mutex mutex;
  Header* free[kSizeClasses] = {};
  std::atomic<std::int64_t> cached{0};
} pool;

std::atomic<std::int64_t> allocated, peak, reserved, allocations, system_calls;
// The most that was in use since the last and the last but one turn of trim_if_large.
std::atomic<std::int64_t> recent_peak, former_peak;
std::atomic<bool> poison;

bool is_mapped(std::size_t capacity) { return capacity + sizeof(Header) >= kHugePage; }
std::size_t mapped_bytes(std::size_t capacity) {
  return (kHeaderOffset + sizeof(Header) + capacity + kHugePage - 1) / kHugePage * kHugePage;
}

void* system_allocate(std::size_t capacity) {
#if defined(MAP_ANONYMOUS)
  if (is_mapped(capacity)) {
    // One huge page more than needed, so that the block can start on a huge page; the slack is unmapped again.
    const std::size_t bytes = mapped_bytes(capacity);
    char* raw = static_cast<char*>(
        mmap(nullptr, bytes + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (raw == MAP_FAILED) return nullptr;
    char* start =
        reinterpret_cast<char*>((reinterpret_cast<std::uintptr_t>(raw) + kHugePage - 1) / kHugePage * kHugePage);
    if (start > raw) munmap(raw, start - raw);
    if (raw + kHugePage > start) munmap(start + bytes, raw + kHugePage - start);
#if defined(MADV_HUGEPAGE)
    madvise(start, bytes, MADV_HUGEPAGE);
#endif
    return start + kHeaderOffset;
  }
#endif
  return std::aligned_alloc(64, (capacity + sizeof(Header) + 63) / 64 * 64);
}

void system_free(Header* header) {
  reserved -= std::int64_t(header->capacity);
  allow(header + 1, header->capacity);
#if defined(MAP_ANONYMOUS)
  if (is_mapped(header->capacity)) {
    munmap(reinterpret_cast<char*>(header) - kHeaderOffset, mapped_bytes(header->capacity));
    return;
  }
#endif
  std::free(header);
}

void put_back(Header* header) {
  std::lock_guard lock(pool.mutex);
  header->next = pool.free[header->size_class];
  pool.free[header->size_class] = header;
  pool.cached += std::int64_t(header->capacity);
}

// Per-thread free lists of small blocks; what is left goes to the pool when the thread ends.
struct LocalCache {
  Header* free[kLocalClasses] = {};
  int count[kLocalClasses] = {};
  bool closed = false;
  ~LocalCache() {
    closed = true;
    for (Header*& head : free)
      while (head) put_back(std::exchange(head, head->next));
  }
};
thread_local LocalCache local;

Header* take_local(int size_class) {
  if (size_class >= kLocalClasses || !local.free[size_class]) return nullptr;
  --local.count[size_class];
  return std::exchange(local.free[size_class], local.free[size_class]->next);
}

bool keep_local(Header* header) {
  const int c = header->size_class;
  if (c >= kLocalClasses || local.closed || local.count[c] == kLocalDepth) return false;
  header->next = local.free[c];
  local.free[c] = header;
  ++local.count[c];
  return true;
}

Header* take_pooled(int size_class) {
  std::lock_guard lock(pool.mutex);
  Header* header = pool.free[size_class];
  if (header) {
    pool.free[size_class] = header->next;
    pool.cached -= std::int64_t(header->capacity);
  }
  return header;
}

Header* take_new(int size_class) {
  const std::size_t capacity = bytes_of_class(size_class);
  void* memory = system_allocate(capacity);
  if (!memory) {
    empty_cache();
    memory = system_allocate(capacity);
  }
  if (!memory) return nullptr;
  ++system_calls;
  reserved += std::int64_t(capacity);
  auto* header = new (memory) Header{nullptr, capacity, size_class};
  return header;
}

void raise(std::atomic<std::int64_t>& most, std::int64_t now) {
  std::int64_t seen = most.load(std::memory_order_relaxed);
  while (now > seen && !most.compare_exchange_weak(seen, now, std::memory_order_relaxed)) {
  }
}

void count_allocated(std::int64_t bytes) {
  const std::int64_t now = allocated.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  raise(peak, now);
  raise(recent_peak, now);
}

// A step of training frees most of what it took and takes it again in the next: as much as was in use at once stays.
// With shapes that keep changing, blocks of classes that are not asked for again pile up beyond that, and memory of a
// large job that has ended is not asked for either: both go back to the system.
void trim_if_large() {
  constexpr std::int64_t kSpare = std::int64_t(256) << 20;
  constexpr int kTurn = 4096;  // releases
  static std::atomic<int> releases;
  if (++releases % kTurn == 0) former_peak = recent_peak.exchange(allocated);
  const std::int64_t most = std::max(recent_peak.load(), former_peak.load());
  if (pool.cached + allocated > most + most / 4 + kSpare) empty_cache();
}

}  // namespace

void* allocate(std::size_t bytes) {
  const int size_class = bytes < (std::size_t(1) << 46) ? size_class_of(bytes) : kSizeClasses;
  Header* header = nullptr;
  if (size_class < kSizeClasses) {
    header = take_local(size_class);
    if (!header) header = take_pooled(size_class);
    if (!header) header = take_new(size_class);
  }
  if (!header)
    throw OutOfMemory(fill_in("out of memory: asked for {} bytes, {} in use, {} held",
                              {text(bytes), text(allocated.load()), text(reserved.load())}));
  allocations.fetch_add(1, std::memory_order_relaxed);
  count_allocated(std::int64_t(header->capacity));
  allow(header + 1, header->capacity);
  if (poison.load(std::memory_order_relaxed)) std::memset(header + 1, 0xff, header->capacity);
  forbid(reinterpret_cast<char*>(header + 1) + bytes, header->capacity - bytes);
  return header + 1;
}

void release(void* pointer) {
  if (!pointer) return;
  Header* header = static_cast<Header*>(pointer) - 1;
  allocated.fetch_sub(std::int64_t(header->capacity), std::memory_order_relaxed);
  forbid(header + 1, header->capacity);
  if (keep_local(header)) return;
  const bool large = is_mapped(header->capacity);
  put_back(header);
  if (large) trim_if_large();
}

MemoryStats memory_stats() { return {allocated, peak, reserved, allocations, system_calls}; }
void reset_peak_memory() { peak = allocated.load(); }
void set_poison(bool on) { poison = on; }

void empty_cache() {
  for (int c = 0; c < kSizeClasses; ++c) {
    while (Header* header = take_local(c)) system_free(header);
    while (Header* header = take_pooled(c)) system_free(header);
  }
}

void lock_allocator() { pool.mutex.lock(); }
void unlock_allocator() { pool.mutex.unlock(); }

void* scratch_allocate(std::size_t bytes) { return allocate(bytes); }
void scratch_free(void* pointer) { release(pointer); }

}  // namespace tilestack
