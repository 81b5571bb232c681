// Memory of GPUs. A block belongs to the stream it was taken for: given back, it serves the next request of its size
// class there at once, since work on a stream runs in order. Taking and giving back a cached block allocates nothing on
// the host and asks the driver nothing; only a request that would fail otherwise waits for the GPU.
#include <algorithm>
#include <map>
#include <mutex>
#include <new>
#include <vector>

#include "core/size_class.h"
#include "core/tensor.h"
#include "cuda/runtime.h"

namespace tilestack::gpu {
namespace {

constexpr std::size_t kSmallest = 512;  // bytes; keeps TMA's and vectors' alignment
constexpr std::size_t kSlab = 2 << 20;  // blocks up to a quarter of it are cut from one
constexpr std::size_t kSlabBlock = kSlab / 4;

struct Home;

// A piece of memory and, while it serves a tensor, that one's Storage.
struct Block {
  void* data;
  std::size_t bytes;
  int size_class;
  bool in_slab;
  Home* home;
  Block* next = nullptr;                 // in a free list
  std::vector<cudaStream_t> users = {};  // other streams that use it
  alignas(Storage) char storage[sizeof(Storage)] = {};
};

// Where blocks return to: a stream of a device or, for what is taken during a capture, the graph.
struct Home {
  int device = 0;
  cudaStream_t stream = nullptr;
  const void* graph = nullptr;
  Home* heir = nullptr;  // of a graph that is gone: the stream's
  std::int64_t out = 0;  // blocks that are not in its lists
  Block* free[kSizeClasses] = {};
};

// A block that other streams used: free when they have passed these events.
struct Pending {
  Block* block;
  std::vector<cudaEvent_t> events;
};

struct DevicePool {
  std::vector<Home*> homes;  // few: found by going through them
  Home idle = {};            // blocks that no stream uses any more: for whoever comes first
  std::vector<Pending> pending;
  std::int64_t allocated = 0, peak = 0, reserved = 0, allocations = 0, system_calls = 0;
};

struct Pools {
  std::mutex mutex;
  DevicePool of[kMaxDevices];
  std::map<cudaStream_t, Home*> captures;  // streams under capture
  bool poison = false;
};

Pools& pools() {
  static Pools* instance = new Pools;  // never destroyed: tensors may outlive everything
  return *instance;
}

Home* home_of(DevicePool& pool, int device, cudaStream_t stream) {
  for (Home* home : pool.homes)
    if (home->stream == stream && !home->graph) return home;
  return pool.homes.emplace_back(new Home{device, stream});
}

void make_free(Block* block) {
  Home* home = block->home;
  if (Home* heir = home->heir) {
    if (--home->out == 0) delete home;
    block->home = home = heir;
    ++home->out;
  }
  block->next = home->free[block->size_class];
  home->free[block->size_class] = block;
  --home->out;
}

Block* take_free(Home* home, int size_class) {
  Block* block = home->free[size_class];
  if (block) {
    home->free[size_class] = block->next;
    ++home->out;
  }
  return block;
}

void* device_malloc(DevicePool& pool, std::size_t bytes) {
  void* p = nullptr;
  const cudaError_t error = cudaMalloc(&p, bytes);
  if (error != cudaSuccess) {
    cudaGetLastError();
    if (error != cudaErrorMemoryAllocation) check(error, "cudaMalloc");
    return nullptr;
  }
  pool.reserved += std::int64_t(bytes);
  ++pool.system_calls;
  return p;
}

void collect_pending(DevicePool& pool) {
  std::erase_if(pool.pending, [](Pending& pending) {
    for (cudaEvent_t event : pending.events)
      if (cudaEventQuery(event) == cudaErrorNotReady) {
        cudaGetLastError();
        return false;
      }
    for (cudaEvent_t event : pending.events) cudaEventDestroy(event);
    make_free(pending.block);
    return true;
  });
}

// Whole blocks go back to the driver; slabs stay.
void give_back(DevicePool& pool) {
  std::vector<Home*> homes = pool.homes;
  homes.push_back(&pool.idle);
  for (Home* home : homes)
    for (Block*& list : home->free)
      for (Block** link = &list; *link;) {
        Block* block = *link;
        if (block->in_slab) {
          link = &block->next;
          continue;
        }
        *link = block->next;
        cudaFree(block->data);  // waits for the device
        pool.reserved -= std::int64_t(block->bytes);
        delete block;
      }
}

Block* new_block(DevicePool& pool, Home* home, int size_class) {
  const std::size_t bytes = bytes_of_class(size_class);
  if (bytes > kSlabBlock) {
    void* data = device_malloc(pool, bytes);
    if (!data) return nullptr;
    ++home->out;
    return new Block{data, bytes, size_class, false, home};
  }
  char* slab = static_cast<char*>(device_malloc(pool, kSlab));
  if (!slab) return nullptr;
  const std::size_t step = (bytes + kSmallest - 1) / kSmallest * kSmallest;
  for (std::size_t at = (kSlab / step - 1) * step;; at -= step) {  // the lowest is taken first
    ++home->out;
    make_free(new Block{slab + at, bytes, size_class, true, home});
    if (at == 0) break;
  }
  return take_free(home, size_class);
}

[[noreturn]] void out_of_memory(const DevicePool& pool, int device, std::size_t bytes) {
  std::size_t free = 0, total = 0;
  cudaMemGetInfo(&free, &total);
  fail(Failure::memory, "out of memory on cuda:" + std::to_string(device) + ": asked for " + std::to_string(bytes) +
                            " bytes, " + std::to_string(pool.allocated) + " in use by tensors, " +
                            std::to_string(pool.reserved) + " held, " + std::to_string(free) + " of " +
                            std::to_string(total) + " free on the GPU");
}

Block* take(std::size_t bytes, int device) {
  Pools& all = pools();
  const cudaStream_t stream = stream_of(device);
  std::lock_guard lock(all.mutex);
  DevicePool& pool = all.of[device];
  if (bytes >= std::size_t(1) << 46) out_of_memory(pool, device, bytes);
  const int size_class = size_class_of(std::max(bytes, kSmallest));
  Home* captured = nullptr;
  if (!all.captures.empty())
    if (const auto found = all.captures.find(stream); found != all.captures.end()) captured = found->second;
  Home* const home = captured ? captured : home_of(pool, device, stream);
  if (!captured && !pool.pending.empty()) collect_pending(pool);
  Block* block = take_free(home, size_class);
  if (!block && (block = take_free(&pool.idle, size_class))) {
    --pool.idle.out;
    ++home->out;
    block->home = home;
  }
  if (!block) block = new_block(pool, home, size_class);
  if (!block && !captured) {
    cudaDeviceSynchronize();
    collect_pending(pool);
    give_back(pool);
    block = new_block(pool, home, size_class);
  }
  if (!block) out_of_memory(pool, device, bytes);
  pool.allocated += std::int64_t(block->bytes);
  pool.peak = std::max(pool.peak, pool.allocated);
  ++pool.allocations;
  if (all.poison) cudaMemsetAsync(block->data, 0xff, block->bytes, stream);
  return block;
}

void put_back(Block* block) {
  Pools& all = pools();
  std::lock_guard lock(all.mutex);
  DevicePool& pool = all.of[block->home->device];
  pool.allocated -= std::int64_t(block->bytes);
  if (block->users.empty()) return make_free(block);
  Pending pending{block, {}};
  for (cudaStream_t user : block->users) {
    cudaEvent_t event = nullptr;
    cudaEventCreateWithFlags(&event, cudaEventDisableTiming);
    cudaEventRecord(event, user);
    pending.events.push_back(event);
  }
  block->users.clear();
  pool.pending.push_back(std::move(pending));
}

Block* block_of(Storage* storage) { return static_cast<Block*>(storage->owner); }

void free_storage(Storage* storage) {
  Block* block = block_of(storage);
  storage->~Storage();
  put_back(block);
}

}  // namespace

Storage* new_storage(std::size_t bytes, Device device) {
  Block* block = take(bytes, device.index);
  auto* storage = new (block->storage) Storage;
  storage->data = block->data;
  storage->bytes = bytes;
  storage->device = device;
  storage->owner = block;
  storage->free = &free_storage;
  return storage;
}

void record_stream(Storage* storage, void* stream) {
  if (storage->free != &free_storage) return;  // memory of someone else's
  Pools& all = pools();
  std::lock_guard lock(all.mutex);
  Block* block = block_of(storage);
  const auto user = static_cast<cudaStream_t>(stream);
  if (user != block->home->stream && std::find(block->users.begin(), block->users.end(), user) == block->users.end())
    block->users.push_back(user);
}

ScratchBlock workspace_allocate(std::size_t bytes) {
  if (bytes == 0) return {};
  Block* block = take(bytes, active_device());
  return {block->data, block};
}
void workspace_free(ScratchBlock scratch) {
  if (scratch.block) put_back(static_cast<Block*>(scratch.block));
}

MemoryStats memory_stats(int device) {
  Pools& all = pools();
  std::lock_guard lock(all.mutex);
  const DevicePool& pool = all.of[device];
  return {pool.allocated, pool.peak, pool.reserved, pool.allocations, pool.system_calls};
}

void reset_peak_memory(int device) {
  Pools& all = pools();
  std::lock_guard lock(all.mutex);
  all.of[device].peak = all.of[device].allocated;
}

void empty_cache() {
  Pools& all = pools();
  std::lock_guard lock(all.mutex);
  for (DevicePool& pool : all.of) {
    collect_pending(pool);
    give_back(pool);
  }
}

void set_poison(bool on) { pools().poison = on; }

void begin_graph_memory(cudaStream_t stream, int device, const void* graph) {
  Pools& all = pools();
  std::lock_guard lock(all.mutex);
  all.captures[stream] = all.of[device].homes.emplace_back(new Home{device, stream, graph});
}

void end_graph_memory(cudaStream_t stream) {
  Pools& all = pools();
  std::lock_guard lock(all.mutex);
  all.captures.erase(stream);
}

namespace {

// What is free goes to everyone, once the GPU has done all that could use it. Blocks that are still in use go to the
// heir when they are freed; the last one takes their home away.
void retire(Pools& all, DevicePool& pool, Home* home, Home* heir) {
  const bool quiet = all.captures.empty() && cudaDeviceSynchronize() == cudaSuccess;
  std::erase(pool.homes, home);
  home->heir = quiet ? &pool.idle : heir;
  ++home->out;  // until all have moved
  for (int c = 0; c < kSizeClasses; ++c)
    while (Block* block = take_free(home, c)) make_free(block);
  home->heir = heir;
  if (--home->out == 0) delete home;
}

}  // namespace

void free_graph_memory(const void* graph) {
  Pools& all = pools();
  std::lock_guard lock(all.mutex);
  for (DevicePool& pool : all.of)
    for (Home* home : pool.homes)
      if (graph && home->graph == graph) return retire(all, pool, home, home_of(pool, home->device, home->stream));
}

void free_stream(cudaStream_t stream) {
  Pools& all = pools();
  std::lock_guard lock(all.mutex);
  for (DevicePool& pool : all.of)
    for (std::size_t i = 0; i < pool.homes.size();) {
      Home* home = pool.homes[i];
      if (home->stream != stream) {
        ++i;
        continue;
      }
      retire(all, pool, home, home_of(pool, home->device, nullptr));
      i = 0;
    }
  cudaStreamDestroy(stream);
}

}  // namespace tilestack::gpu
