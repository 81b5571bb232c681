#pragma once
#include <cstddef>
#include <cstdint>

namespace tilestack {

// The caching allocator of CPU memory. Blocks are 64-byte aligned and come in size classes, eight to a doubling; freed
// ones are kept for the next request of their class, because the first touch of fresh pages costs ten times a copy.
// Blocks of 2 MiB and more are mapped on their own and ask for huge pages.
void* allocate(std::size_t bytes);  // std::bad_alloc becomes MemoryError with the size asked for
void release(void* pointer);

struct MemoryStats {
  std::int64_t allocated;     // bytes in use, rounded up to size classes
  std::int64_t peak;          // the most that was in use since the last reset
  std::int64_t reserved;      // held from the system: in use and cached
  std::int64_t allocations;   // calls of allocate
  std::int64_t system_calls;  // of those, how many had to ask the system
};
MemoryStats memory_stats();
void reset_peak_memory();
// Gives cached blocks back to the system.
void empty_cache();
// Held across fork(), so that a child does not find the lock taken by a thread that it does not have.
void lock_allocator();
void unlock_allocator();
// Tests: new memory is filled with 0xff bytes (NaN in every float format).
void set_poison(bool on);

}  // namespace tilestack
