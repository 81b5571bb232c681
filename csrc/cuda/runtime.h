#pragma once
// The CUDA module's own runtime: what kernels' hosts use beside gpu.h, and what the module's files share.
#include <string>

#include "core/cuda_interface.h"
#include "cuda/gpu.h"

namespace tilestack::gpu {

// Puts an op's table into the module: TILESTACK_CUDA_TABLE(relu) after its definition, in namespace tilestack::cuda.
struct Registration {
  Registration(const char* op, const void* table);
};
#define TILESTACK_CUDA_TABLE(name) \
  [[maybe_unused]] static const ::tilestack::gpu::Registration name##_registration{#name, &name};

// Uninitialised memory of an op's own, 512-byte aligned, from the caching allocator. It may be given back before the
// kernels that use it have run: it is reused in the order of the stream.
struct ScratchBlock {
  void* data = nullptr;
  void* block = nullptr;
};
ScratchBlock workspace_allocate(std::size_t bytes);
void workspace_free(ScratchBlock scratch);

template <class T>
struct Workspace {
  ScratchBlock scratch;
  T* data;
  explicit Workspace(std::int64_t n)
      : scratch(workspace_allocate(std::size_t(n) * sizeof(T))), data(static_cast<T*>(scratch.data)) {}
  ~Workspace() { workspace_free(scratch); }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  operator T*() const { return data; }
};

// Bytes from and to the host on the current stream; to the host it waits until they are there.
void copy_to_device(void* to, const void* from, std::size_t bytes);
void copy_to_host(void* to, const void* from, std::size_t bytes);
// Bytes set to 0, on the current stream.
inline void clear(void* to, std::size_t bytes) {
  if (bytes) check(cudaMemsetAsync(to, 0, bytes, current_stream()), "cudaMemsetAsync");
}

int active_device();

// Kernels that find a bad index can't throw. They leave a report here, go on without touching memory by it, and the
// next call that waits for the GPU raises IndexError. In host memory that the GPU can write; one for each device.
struct IndexReport {
  unsigned claimed;
  const char* op;
  std::int64_t index, size;
};
IndexReport* index_report();

inline __device__ void report_index(IndexReport* report, const char* op, std::int64_t index, std::int64_t size) {
  if (atomicExch(&report->claimed, 1u) != 0) return;
  report->op = op;
  report->index = index;
  report->size = size;
}
// True if 0 <= index < size; else reports it.
inline __device__ bool index_fits(IndexReport* report, const char* op, std::int64_t index, std::int64_t size) {
  if (index >= 0 && index < size) return true;
  report_index(report, op, index, size);
  return false;
}

// Between the module's files.
[[noreturn]] void fail(Failure kind, const std::string& message);
void raise_index_report(int device);  // after waiting for the device
void unlocked(void (*body)(void* context), void* context);
bool allows_tf32();  // by products of float32
cudaStream_t stream_of(int device);
void set_stream_of(int device, cudaStream_t stream);
bool is_capturing();

Storage* new_storage(std::size_t bytes, Device device);
Storage* new_pinned_storage(std::size_t bytes);
void note_copy_from_pinned(const void* from);  // one on the current stream that nobody waits for
void record_stream(Storage* storage, void* stream);
MemoryStats memory_stats(int device);
void reset_peak_memory(int device);
void empty_cache();
void set_poison(bool on);
// What is taken on a stream between these belongs to the graph, until that is freed.
void begin_graph_memory(cudaStream_t stream, int device, const void* graph);
void end_graph_memory(cudaStream_t stream);
void free_graph_memory(const void* graph);
// Destroys it; its memory goes to the default stream.
void free_stream(cudaStream_t stream);

}  // namespace tilestack::gpu
