#pragma once
#include "cuda/emulator/core.h"

// Hooks of the race detector, race.cpp. They cost one test where kernels are compiled without it.
namespace emu::race {

extern bool enabled;

void begin_launch();
void begin_block(Block& block);
// What the thread and all that it has seen did before is seen by whoever acquires the key.
void release(const void* key, Thread* thread = cur);
void acquire(const void* key, Thread* thread = cur);
void forget(const void* key);
void transfer(const void* from, const void* to);          // to's becomes from's, which is forgotten
void barrier(Thread* const* threads, std::size_t count);  // all of them see what all of them did
void atomic(const void* p, std::size_t bytes);            // by the current thread, ordered with other atomics there
// Accesses by instructions.
void read(const void* p, std::size_t bytes, Thread* thread = cur);
void write(const void* p, std::size_t bytes, Thread* thread = cur);

// Accesses of the asynchronous proxy: made by an agent, seen by whoever joins its time.
struct Stamp {
  std::uint32_t agent = 0, time = 0;
};
Stamp begin_async(std::uint32_t agent);  // of the current thread's block, 0 to 63
void async_read(const void* p, std::size_t bytes, Stamp stamp);
void async_write(const void* p, std::size_t bytes, Stamp stamp);
void release_async(const void* key, Block& block, Stamp stamp);
void join_async(Stamp stamp, Thread* thread = cur);
void proxy_fence();  // what the current thread has seen so far, the asynchronous proxy sees

}  // namespace emu::race
