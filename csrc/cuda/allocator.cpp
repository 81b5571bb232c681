// Memory of GPUs. A block belongs to the stream it was taken for: given back, it serves the next request of its size
// class on that stream at once, since work on a stream runs in order. Nothing here waits for the GPU but a request that
// would fail otherwise.
#include <algorithm>
#include <map>
#include <mutex>
#include <vector>

#include "core/size_class.h"
#include "core/tensor.h"
#include "cuda/runtime.h"

namespace tilestack::gpu {
namespace {

constexpr std::size_t kSmallest = 512;  // bytes; keeps TMA's and vectors' alignment
constexpr std::size_t kSlab = 2 << 20;  // blocks up to a quarter of it are cut from one
constexpr std::size_t kSlabBlock = kSlab / 4;

struct Block {
  void* data;
  std::size_t bytes;
  int device, size_class;
  cudaStream_t stream;
  const void* home;  // whose free list it returns to: the stream's or, if taken in a capture, the graph's
  bool in_slab;
  std::vector<cudaStream_t> users;  // other streams that use it
};

// A block that other streams used: free when they have passed these events.
struct Pending {
  Block* block;
  std::vector<cudaEvent_t> events;
};

using FreeLists = std::map<const void*, std::map<int, std::vector<Block*>>>;  // by home and size class

struct DevicePool {
  FreeLists free;
  std::vector<Pending> pending;
  std::int64_t allocated = 0, peak = 0, reserved = 0, allocations = 0, system_calls = 0;
};

struct Pools {
  std::mutex mutex;
  std::map<int, DevicePool> of;
  std::map<void*, Block*> blocks;                // in use
  std::map<cudaStream_t, const void*> captures;  // streams under capture, and their graphs' pools
  bool poison = false;
};

Pools& pools() {
  static Pools* instance = new Pools;  // never destroyed: tensors may outlive everything
  return *instance;
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

void make_free(DevicePool& pool, Block* block) { pool.free[block->home][block->size_class].push_back(block); }

void collect_pending(DevicePool& pool) {
  auto done = [&](Pending& pending) {
    for (cudaEvent_t event : pending.events)
      if (cudaEventQuery(event) == cudaErrorNotReady) {
        cudaGetLastError();
        return false;
      }
    for (cudaEvent_t event : pending.events) cudaEventDestroy(event);
    make_free(pool, pending.block);
    return true;
  };
  std::erase_if(pool.pending, done);
}

// Whole blocks go back to the driver; slabs stay.
void give_back(DevicePool& pool) {
  for (auto& [home, lists] : pool.free)
    for (auto& [size_class, list] : lists)
      std::erase_if(list, [&](Block* block) {
        if (block->in_slab) return false;
        cudaFree(block->data);  // waits for the device
        pool.reserved -= std::int64_t(block->bytes);
        delete block;
        return true;
      });
}

Block* from_slab(DevicePool& pool, int device, int size_class, cudaStream_t stream, const void* home) {
  const std::size_t bytes = bytes_of_class(size_class);
  char* slab = static_cast<char*>(device_malloc(pool, kSlab));
  if (!slab) return nullptr;
  const std::size_t step = (bytes + kSmallest - 1) / kSmallest * kSmallest;
  for (std::size_t at = 0; at + step <= kSlab; at += step)
    make_free(pool, new Block{slab + at, bytes, device, size_class, stream, home, true, {}});
  auto& list = pool.free[home][size_class];
  std::reverse(list.begin(), list.end());  // lowest address first
  Block* block = list.back();
  list.pop_back();
  return block;
}

Block* new_block(DevicePool& pool, int device, int size_class, cudaStream_t stream, const void* home) {
  const std::size_t bytes = bytes_of_class(size_class);
  if (bytes <= kSlabBlock) return from_slab(pool, device, size_class, stream, home);
  void* data = device_malloc(pool, bytes);
  return data ? new Block{data, bytes, device, size_class, stream, home, false, {}} : nullptr;
}

[[noreturn]] void out_of_memory(const DevicePool& pool, int device, std::size_t bytes) {
  std::size_t free = 0, total = 0;
  cudaMemGetInfo(&free, &total);
  fail(Failure::memory, "out of memory on cuda:" + std::to_string(device) + ": asked for " + std::to_string(bytes) +
                            " bytes, " + std::to_string(pool.allocated) + " in use by tensors, " +
                            std::to_string(pool.reserved) + " held, " + std::to_string(free) + " of " +
                            std::to_string(total) + " free on the GPU");
}

void* take(std::size_t bytes, int device) {
  Pools& all = pools();
  const cudaStream_t stream = stream_of(device);
  std::unique_lock lock(all.mutex);
  DevicePool& pool = all.of[device];
  if (bytes >= std::size_t(1) << 46) out_of_memory(pool, device, bytes);
  const int size_class = size_class_of(std::max(bytes, kSmallest));
  const auto capture = all.captures.find(stream);
  const bool capturing = capture != all.captures.end();
  const void* const home = capturing ? capture->second : stream;
  if (!capturing && !pool.pending.empty()) collect_pending(pool);
  auto& list = pool.free[home][size_class];
  Block* block = nullptr;
  if (!list.empty()) {
    block = list.back();
    list.pop_back();
  } else {
    block = new_block(pool, device, size_class, stream, home);
    if (!block && !capturing) {
      cudaDeviceSynchronize();
      collect_pending(pool);
      give_back(pool);
      block = new_block(pool, device, size_class, stream, home);
    }
    if (!block) out_of_memory(pool, device, bytes);
  }
  pool.allocated += std::int64_t(block->bytes);
  pool.peak = std::max(pool.peak, pool.allocated);
  ++pool.allocations;
  all.blocks[block->data] = block;
  if (all.poison) cudaMemsetAsync(block->data, 0xff, block->bytes, stream);
  return block->data;
}

void put_back(void* data) {
  Pools& all = pools();
  std::unique_lock lock(all.mutex);
  const auto found = all.blocks.find(data);
  Block* block = found->second;
  all.blocks.erase(found);
  DevicePool& pool = all.of[block->device];
  pool.allocated -= std::int64_t(block->bytes);
  if (block->users.empty()) return make_free(pool, block);
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

}  // namespace

Storage* new_storage(std::size_t bytes, Device device) {
  auto* storage = new Storage;
  storage->device = device;
  storage->bytes = bytes;
  storage->free = [](Storage* s) {
    if (s->data) put_back(s->data);
    delete s;
  };
  try {
    storage->data = take(bytes, device.index);
  } catch (...) {
    delete storage;
    throw;
  }
  return storage;
}

Storage* new_pinned_storage(std::size_t bytes) {
  void* data = nullptr;
  const cudaError_t error = cudaMallocHost(&data, bytes ? bytes : 1);
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    fail(Failure::memory, "out of pinned memory: asked for " + std::to_string(bytes) + " bytes");
  }
  check(error, "cudaMallocHost");
  auto* storage = new Storage;
  storage->data = data;
  storage->bytes = bytes;
  storage->free = [](Storage* s) {
    cudaFreeHost(s->data);  // waits for copies under way
    delete s;
  };
  return storage;
}

void record_stream(Storage* storage, void* stream) {
  Pools& all = pools();
  std::unique_lock lock(all.mutex);
  const auto found = all.blocks.find(storage->data);
  if (found == all.blocks.end()) return;  // memory of someone else's
  Block* block = found->second;
  const auto user = static_cast<cudaStream_t>(stream);
  if (user != block->stream && std::find(block->users.begin(), block->users.end(), user) == block->users.end())
    block->users.push_back(user);
}

void* workspace_allocate(std::size_t bytes) { return bytes ? take(bytes, active_device()) : nullptr; }
void workspace_free(void* pointer) {
  if (pointer) put_back(pointer);
}

MemoryStats memory_stats(int device) {
  Pools& all = pools();
  std::unique_lock lock(all.mutex);
  const DevicePool& pool = all.of[device];
  return {pool.allocated, pool.peak, pool.reserved, pool.allocations, pool.system_calls};
}

void reset_peak_memory(int device) {
  Pools& all = pools();
  std::unique_lock lock(all.mutex);
  all.of[device].peak = all.of[device].allocated;
}

void empty_cache() {
  Pools& all = pools();
  std::unique_lock lock(all.mutex);
  for (auto& [device, pool] : all.of) {
    collect_pending(pool);
    give_back(pool);
  }
}

void set_poison(bool on) { pools().poison = on; }

void use_graph_memory(cudaStream_t stream, const void* graph) {
  Pools& all = pools();
  std::unique_lock lock(all.mutex);
  if (graph) {
    all.captures[stream] = graph;
  } else {
    all.captures.erase(stream);
  }
}

void free_graph_memory(const void* graph) {
  Pools& all = pools();
  std::unique_lock lock(all.mutex);
  const auto go_home = [&](Block* block) {
    if (block->home == graph) block->home = block->stream;
  };
  for (auto& [data, block] : all.blocks) go_home(block);
  for (auto& [device, pool] : all.of) {
    for (Pending& pending : pool.pending) go_home(pending.block);
    auto lists = std::move(pool.free[graph]);
    pool.free.erase(graph);
    for (auto& [size_class, list] : lists)
      for (Block* block : list) {
        go_home(block);
        make_free(pool, block);
      }
  }
}

}  // namespace tilestack::gpu
