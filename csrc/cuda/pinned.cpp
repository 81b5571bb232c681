// Host memory that GPUs read by themselves. The driver takes and gives it back slowly, waiting for the GPU, so blocks
// are kept; one serves again when the copies from it that nobody waited for are done.
#include <algorithm>
#include <bit>
#include <map>
#include <mutex>
#include <vector>

#include "core/tensor.h"
#include "cuda/runtime.h"

namespace tilestack::gpu {
namespace {

struct PinnedBlock {
  char* data;
  std::size_t bytes;
  std::vector<cudaEvent_t> copies;  // under way, or were when last looked at

  bool is_idle() {
    while (!copies.empty()) {
      const cudaError_t status = cudaEventQuery(copies.front());
      if (status == cudaErrorNotReady) {
        cudaGetLastError();
        return false;
      }
      cudaEventDestroy(copies.front());
      copies.erase(copies.begin());
    }
    return true;
  }
};

struct PinnedPool {
  std::mutex mutex;
  std::map<const char*, PinnedBlock*> blocks;  // all, by address
  std::vector<PinnedBlock*> free;
};

PinnedPool& pinned_pool() {
  static PinnedPool* instance = new PinnedPool;  // never destroyed: tensors may outlive everything
  return *instance;
}

PinnedBlock* take_free(std::size_t bytes) {
  PinnedPool& pool = pinned_pool();
  std::lock_guard lock(pool.mutex);
  const auto found = std::find_if(pool.free.begin(), pool.free.end(),
                                  [&](PinnedBlock* block) { return block->bytes == bytes && block->is_idle(); });
  if (found == pool.free.end()) return nullptr;
  PinnedBlock* block = *found;
  pool.free.erase(found);
  return block;
}

PinnedBlock* take_new(std::size_t bytes) {
  void* data = nullptr;
  const cudaError_t error = cudaMallocHost(&data, bytes);
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    fail(Failure::memory, "out of pinned memory: asked for " + std::to_string(bytes) + " bytes");
  }
  check(error, "cudaMallocHost");
  auto* block = new PinnedBlock{static_cast<char*>(data), bytes, {}};
  PinnedPool& pool = pinned_pool();
  std::lock_guard lock(pool.mutex);
  pool.blocks[block->data] = block;
  return block;
}

void free_pinned_storage(Storage* storage) {
  PinnedPool& pool = pinned_pool();
  std::lock_guard lock(pool.mutex);
  pool.free.push_back(static_cast<PinnedBlock*>(storage->owner));
  delete storage;
}

}  // namespace

Storage* new_pinned_storage(std::size_t bytes) {
  const std::size_t size = std::bit_ceil(std::max(bytes, std::size_t(4096)));
  PinnedBlock* block = take_free(size);
  if (!block) block = take_new(size);
  auto* storage = new Storage;
  storage->data = block->data;
  storage->bytes = bytes;
  storage->owner = block;
  storage->free = free_pinned_storage;
  return storage;
}

void note_copy_from_pinned(const void* from) {
  if (is_capturing()) return;  // replays read the memory that the caller keeps
  PinnedPool& pool = pinned_pool();
  std::lock_guard lock(pool.mutex);
  auto after = pool.blocks.upper_bound(static_cast<const char*>(from));
  if (after == pool.blocks.begin()) return;
  PinnedBlock* block = std::prev(after)->second;
  if (from >= block->data + block->bytes) return;
  block->is_idle();  // forgets what is done
  cudaEvent_t event = nullptr;
  check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "cudaEventCreate");
  check(cudaEventRecord(event, current_stream()), "cudaEventRecord");
  block->copies.push_back(event);
}

}  // namespace tilestack::gpu
