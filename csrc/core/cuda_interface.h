#pragma once
// What the core and the CUDA module know of each other. The module is a shared object of its own, loaded when a GPU is
// first asked for; nothing else crosses between the two, so neither needs the other's symbols.
#include "core/allocator.h"
#include "core/kernels.h"
#include "core/philox.h"

namespace tilestack {

struct Storage;

enum class Failure { value, runtime, index, memory };

// What the core gives to the module.
struct CoreServices {
  std::size_t size;
  // Throws the exception of that kind. Exceptions are made and caught in the core alone.
  void (*fail)(Failure kind, const char* message);
  // Runs body(context) with the interpreter lock released, for calls that wait for the GPU.
  void (*unlocked)(void (*body)(void* context), void* context);
  bool (*allows_tf32)();  // products of float32 may round their operands
};

struct GpuProperties {
  char name[256];
  int major, minor, multiprocessors;
  std::int64_t memory;  // bytes
};

// What the module gives to the core. Streams, events and graphs are the runtime's handles. Functions without a device
// work on the one activated last by this thread.
struct CudaBackend {
  std::size_t size;
  const char* contracts;  // TILESTACK_CONTRACTS, a hash of the headers by which core and kernels understand each other
  const char* architectures;  // what the kernels were compiled for: "sm_80 sm_90a"
  const void* (*table)(const char* op);
  const char* (*why_not)();  // null if there is a GPU
  int (*device_count)();
  void (*properties)(int device, GpuProperties* out);
  void (*activate)(int device);
  int (*active)();
  void (*synchronize)(int device);

  Storage* (*new_storage)(std::size_t bytes, Device device);
  Storage* (*new_pinned_storage)(std::size_t bytes);
  void (*record_stream)(Storage* storage, void* stream);  // in use there: not to be handed out again before it is done
  // On the current stream of the GPU among the two. To the host it waits until the bytes are there, unless `lazy`.
  void (*copy)(void* to, Device to_device, const void* from, Device from_device, std::size_t bytes, bool lazy);
  MemoryStats (*memory_stats)(int device);
  void (*reset_peak_memory)(int device);
  void (*empty_cache)();
  void (*set_poison)(bool on);

  void* (*current_stream)(int device);
  void (*set_stream)(int device, void* stream);
  void* (*new_stream)(int device, int priority);
  void (*free_stream)(void* stream);
  void (*synchronize_stream)(void* stream);
  bool (*stream_done)(void* stream);

  void* (*new_event)(bool timing);
  void (*free_event)(void* event);
  void (*record_event)(void* event, void* stream);
  void (*wait_event)(void* stream, void* event);
  void (*synchronize_event)(void* event);
  bool (*event_done)(void* event);
  float (*elapsed)(void* start, void* end);  // milliseconds

  // What this thread launches on the current stream; `random` is the stream of random numbers at that point.
  void (*begin_capture)(Philox random);
  void* (*end_capture)();  // the graph
  void (*abort_capture)();
  void (*launch_graph)(void* graph, Philox random);
  void (*free_graph)(void* graph);
  // Between these, ops with arguments that change take the new ones and launch nothing.
  void (*begin_refresh)(void* graph);
  void (*end_refresh)();
};

// The module's one symbol. Null if the core is of another version.
constexpr const char* kCudaEntry = "tilestack_cuda_backend";
using CudaEntry = const CudaBackend* (*)(const CoreServices* services);

}  // namespace tilestack
