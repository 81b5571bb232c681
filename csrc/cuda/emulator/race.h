#pragma once
#include "cuda/emulator/core.h"

// Hooks of the race detector. They cost one test where kernels are compiled without it. race.cpp says how to build it.
namespace emu::race {

extern bool enabled;

// What the thread and all that it has seen did before is seen by whoever acquires the key.
void release(const void* key, Thread* thread = cur);
void acquire(const void* key, Thread* thread = cur);
void forget(const void* key);
void transfer(const void* from, const void* to);          // to's becomes from's, which is forgotten
void barrier(Thread* const* threads, std::size_t count);  // all of them see what all of them did

// Accesses by instructions.
void read(const void* p, std::size_t bytes, Thread* thread = cur, Site site = Site());
void write(const void* p, std::size_t bytes, Thread* thread = cur, Site site = Site());
void atomic(const void* p, std::size_t bytes);  // by the current thread; those on global memory order blocks

// Accesses of the asynchronous proxy: made by an agent, seen by whoever joins its time.
struct Stamp {
  std::uint32_t agent = 0, time = 0;
};
Stamp begin_async(std::uint32_t agent);  // of the current thread's block, below kAgents
void async_read(const void* p, std::size_t bytes, Stamp stamp, Site site = Site());
void async_write(const void* p, std::size_t bytes, Stamp stamp, Site site = Site());
void release_async(const void* key, Stamp stamp);
void join_async(Stamp stamp, Thread* thread = cur);
void proxy_fence();  // what the current thread has seen so far, the asynchronous proxy sees

// Between race.cpp, race_clocks.cpp and grid.cpp.
constexpr std::uint32_t kAgents = 96;  // loads by mbarrier, then stores and products by warp
void begin_launch(std::size_t resident_blocks);
void begin_block(const Block& block);
void begin_shadow();
void forget_atomics(const Block& block);

// When somebody did something: id of a thread or agent, and its time then.
struct Epoch {
  std::uint32_t time = 0, id = 0;
};
std::uint32_t id_of(const Thread& thread);
Epoch now(const Thread& thread);
bool seen(const Thread& thread, Epoch epoch);           // by the thread's ordinary accesses
bool seen_by_proxy(const Thread& thread, Epoch epoch);  // by what it begins asynchronously
std::string describe(Epoch epoch);
std::uint32_t slot_of(Epoch epoch);

}  // namespace emu::race
