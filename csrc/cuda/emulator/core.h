#pragma once
// The emulated processor: threads of a launch as fibers of one thread of the host, warps, blocks, barriers.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

#include "cuda/emulator/vector_types.h"

namespace emu {

using Site = std::source_location;
struct Block;
struct Fiber;
struct Thread;
struct AsyncState;  // copies and products that a thread has begun, async.h

constexpr int kWarp = 32;
constexpr std::uint32_t kFullWarp = 0xffffffffu;

// Why a thread doesn't run.
struct Waiting {
  const char* what = nullptr;
  Site site;
  const void* object = nullptr;
};

struct Thread {
  uint3 index{};  // threadIdx
  std::uint32_t linear = 0;
  Block* block = nullptr;
  Fiber* fiber = nullptr;
  Waiting waiting;
  std::uint32_t priority = 0;
  bool ended = false;
  AsyncState* async = nullptr;
  std::uint32_t lane() const { return linear % kWarp; }
};

using WarpFunction = void (*)(void** lanes, std::uint32_t mask);

// One meeting of the lanes of a mask, at one place of the code.
struct Collective {
  std::uint32_t mask = 0, arrived = 0;
  const char* what = nullptr;
  Site site;
  std::array<void*, kWarp> arguments{};
  std::array<Thread*, kWarp> threads{};
};

struct Warp {
  std::uint32_t present = 0, ended = 0;  // lanes
  std::vector<std::unique_ptr<Collective>> pending;
};

struct Barrier {
  std::uint32_t expected = 0, arrived = 0;
  int count = 0;  // of threads whose value is not zero
  Site site;
  const char* what = nullptr;
  std::vector<Thread*> waiters;
};

constexpr int kNamedBarriers = 16;

struct Block {
  uint3 index{};  // blockIdx
  std::uint32_t linear = 0, live = 0, ended = 0;
  unsigned char* shared = nullptr;  // its slot of the arena
  int slot = 0, rank = 0;           // rank in its cluster
  int group = 0;                    // cluster, among those that run
  std::vector<Thread> threads;
  std::vector<Warp> warps;
  std::array<Barrier, kNamedBarriers> barriers;
  std::uint32_t at_barrier = 0;  // threads that wait for all others
  int count = 0;                 // of the last block barrier
};

// What a launch says of itself; gpu::launch fills it.
struct LaunchShape {
  dim3 grid, block;
  std::size_t shared = 0;
  int cluster = 1;
  bool cooperative = false;
  const void* kernel = nullptr;
  Site site = Site::current();
};

struct Call {  // a kernel with its arguments
  virtual ~Call() = default;
  virtual void run() const = 0;  // as the current thread
};

// Of the launch that runs; one at a time in a process.
struct Launch {
  LaunchShape shape;
  const Call* call = nullptr;
  std::uint64_t id = 0;
  std::uint32_t static_shared = 0;             // bytes given to GPU_SHARED so far, in each block
  std::uint32_t threads = 0;                   // of a block
  std::vector<std::unique_ptr<Block>> blocks;  // that run now
};

extern Thread* cur;
extern Launch* launch;
extern dim3 grid_dim, block_dim;

// Runs the grid to its end; false if a check failed, which last_report() then describes.
bool run_grid(const LaunchShape& shape, const Call& call);

// Ends the launch with this report; kernel, block and thread are added.
[[noreturn]] void fault(const std::string& message, Site site = Site::current());
// As above, but the kernel goes on to its next wait: for reporters that must return.
void fault_later(const std::string& message);
std::string last_report();
std::string describe(Site site);                                // "file.cu:12"
std::string describe(const Thread& thread);                     // "block (0,0,0) thread (3,0,0)"
std::string describe_code(const void* address, bool function);  // by debug information, where there is some

// Scheduling. wait() returns after wake(); pause() lets others run, and fails if nobody gets anywhere.
void wait(const char* what, const void* object, Site site);
void wake(Thread* thread);
void pause(const char* what, const void* object, Site site);
std::uint64_t random_bits();
// The environment chooses: TILESTACK_EMULATOR_SEED (0: threads take turns in order and all asynchronous work is late;
// the remainder by 4 names the order of threads, odd seeds run streams at once, seed / 4 % 3 is the Completion),
// TILESTACK_EMULATOR_ARCH (90 or 80), _DEVICES (1), _SMS (4), _MEMORY (2048 MB).
enum class Completion { late, eager, random };
struct Options {
  std::uint64_t seed;
  int arch, devices, multiprocessors;
  std::size_t memory;  // bytes of each device
  Completion completion;
};
const Options& options();
void set_seed(std::uint64_t seed);
void require_arch(int arch, const char* instruction, Site site = Site::current());

// Shared memory.
constexpr std::size_t kSharedSlot = 256 << 10, kDynamicOffset = 1024;
struct SharedSite {
  std::uint64_t launch = 0;
  std::uint32_t offset = 0;
};
void place_shared(SharedSite& site, std::size_t bytes, std::size_t align);
inline void* static_shared(SharedSite& site, std::size_t bytes, std::size_t align) {
  if (site.launch != launch->id) [[unlikely]]
    place_shared(site, bytes, align);
  return cur->block->shared + site.offset;
}
void* dynamic_shared(std::size_t bytes, std::size_t align);
unsigned char* shared_arena();
std::size_t max_shared();  // of a block
bool in_shared(const void* p);
Block* block_of_shared(const void* p);  // nullptr if no running block owns it
std::uint32_t shared_address(const void* p, Site site = Site::current());

// Meetings. The last lane that arrives computes for all, from what the lanes' arguments point to.
void collective(const char* what, std::uint32_t mask, void* argument, WarpFunction compute, bool all_needed, Site site);
int block_barrier(const char* what, int id, int value, Site site);  // how many values are not zero
void named_barrier(int id, std::uint32_t threads, bool waits, Site site);

// Memory of the devices.
void* device_allocate(std::size_t bytes, int device);
bool device_free(void* p);
bool device_owns(const void* p, std::size_t bytes);
// For allocators that keep freed memory: fills it with NaN and, under AddressSanitizer, forbids it.
void mark_unused(void* p, std::size_t bytes);
void mark_used(void* p, std::size_t bytes);
// Where a generic address may point to: device memory or the shared memory of this cluster.
void check_global(const void* p, std::size_t bytes, const char* what, Site site);
void check_shared(const void* p, std::size_t bytes, const char* what, Site site);
void check_aligned(const void* p, std::size_t align, const char* what, Site site);

}  // namespace emu
