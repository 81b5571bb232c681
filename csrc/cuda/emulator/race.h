#pragma once
#include "cuda/emulator/core.h"

// Hooks of the race detector, race.cpp. They cost one test where kernels are compiled without it.
namespace emu::race {

extern bool enabled;

void begin_launch();
void begin_block(Block& block);
// Everything that `from` did is seen by whoever acquires `key` later.
void release(const void* key);
void acquire(const void* key);
void barrier(Thread* const* threads, std::size_t count, bool whole_block);
void atomic(const void* p, std::size_t bytes);  // by the current thread, ordered with other atomics there
void device_memory_freed(const void* p, std::size_t bytes);

}  // namespace emu::race
