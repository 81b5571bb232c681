// The CUDA module's entry: hands the core its tables of kernels and its runtime.
#include <cstring>
#include <map>
#include <string>

#include "core/tensor.h"
#include "cuda/graph.h"
#include "cuda/runtime.h"

#ifndef TILESTACK_CUDA_ARCHITECTURES
#define TILESTACK_CUDA_ARCHITECTURES "emulator"
#endif

namespace tilestack::gpu {

const CoreServices* services = nullptr;
void activate(int device);

namespace {

std::map<std::string, const void*>& tables() {
  static std::map<std::string, const void*> all;
  return all;
}

const void* table(const char* op) {
  const auto found = tables().find(op);
  return found == tables().end() ? nullptr : found->second;
}

int device_count() {
  static const int count = [] {
    int n = 0;
    return cudaGetDeviceCount(&n) == cudaSuccess ? n : 0;
  }();
  return count;
}

const char* why_not() {
  static const std::string why = []() -> std::string {
    int n = 0;
    const cudaError_t error = cudaGetDeviceCount(&n);
    if (error != cudaSuccess) return std::string("the NVIDIA driver says: ") + cudaGetErrorString(error);
    if (n == 0) return "no GPU found";
    int major = 0;
    cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0);
    if (major < 8) return "the GPU's compute capability is below 8.0, the least that the kernels support";
    return "";
  }();
  return why.empty() ? nullptr : why.c_str();
}

void properties(int device, GpuProperties* out) {
  cudaDeviceProp p;
  check(cudaGetDeviceProperties(&p, device), "cudaGetDeviceProperties");
  std::memcpy(out->name, p.name, sizeof out->name);
  out->major = p.major;
  out->minor = p.minor;
  out->multiprocessors = p.multiProcessorCount;
  out->memory = std::int64_t(p.totalGlobalMem);
}

// f() without the interpreter lock.
template <class F>
void unlocked(F f) {
  gpu::unlocked([](void* context) { (*static_cast<F*>(context))(); }, &f);
}

void synchronize(int device) {
  activate(device);
  cudaError_t error = cudaSuccess;
  unlocked([&] { error = cudaDeviceSynchronize(); });
  check(error, "cudaDeviceSynchronize");
  raise_index_report(device);
}

void copy_between(void* to, int to_device, const void* from, int from_device, std::size_t bytes) {
  // Both devices' streams take part: the source's work so far comes first, and the copy before what follows there.
  activate(from_device);
  cudaEvent_t event = nullptr;
  check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "cudaEventCreate");
  check(cudaEventRecord(event, current_stream()), "cudaEventRecord");
  activate(to_device);
  check(cudaStreamWaitEvent(current_stream(), event), "cudaStreamWaitEvent");
  cudaEventDestroy(event);
  check(cudaMemcpyPeerAsync(to, to_device, from, from_device, bytes, current_stream()), "cudaMemcpyPeerAsync");
  check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "cudaEventCreate");
  check(cudaEventRecord(event, current_stream()), "cudaEventRecord");
  check(cudaStreamWaitEvent(stream_of(from_device), event), "cudaStreamWaitEvent");
  cudaEventDestroy(event);
}

void copy(void* to, Device to_device, const void* from, Device from_device, std::size_t bytes, bool lazy) {
  const bool to_host = to_device.kind == Device::cpu, from_host = from_device.kind == Device::cpu;
  if (!to_host && !from_host && to_device.index != from_device.index)
    return copy_between(to, to_device.index, from, from_device.index, bytes);
  activate(to_host ? from_device.index : to_device.index);
  const cudaMemcpyKind kind = to_host     ? cudaMemcpyDeviceToHost
                              : from_host ? cudaMemcpyHostToDevice
                                          : cudaMemcpyDeviceToDevice;
  cudaError_t error = cudaSuccess;
  unlocked([&] { error = cudaMemcpyAsync(to, from, bytes, kind, current_stream()); });
  check(error, "cudaMemcpyAsync");
  if (lazy && from_host) note_copy_from_pinned(from);
  if (lazy || (!to_host && !from_host)) return;
  if (from_host) {  // memory that is not pinned has been read when the call returns
    cudaPointerAttributes attributes;
    const bool known = cudaPointerGetAttributes(&attributes, from) == cudaSuccess;
    if (!known) cudaGetLastError();
    if (!known || attributes.type != cudaMemoryTypeHost) return;
  }
  unlocked([&] { error = cudaStreamSynchronize(current_stream()); });
  check(error, "cudaStreamSynchronize");
  raise_index_report(active_device());
}

cudaStream_t as_stream(void* stream) { return static_cast<cudaStream_t>(stream); }
cudaEvent_t as_event(void* event) { return static_cast<cudaEvent_t>(event); }

void* new_stream(int device, int priority) {
  activate(device);
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking, priority), "cudaStreamCreate");
  return stream;
}

void synchronize_stream(void* stream) {
  cudaError_t error = cudaSuccess;
  unlocked([&] { error = cudaStreamSynchronize(as_stream(stream)); });
  check(error, "cudaStreamSynchronize");
  raise_index_report(active_device());
}

bool is_done(cudaError_t error, const char* call) {
  if (error == cudaErrorNotReady) {
    cudaGetLastError();
    return false;
  }
  check(error, call);
  return true;
}

void* new_event(bool timing) {
  active_device();
  cudaEvent_t event = nullptr;
  check(cudaEventCreateWithFlags(&event, timing ? cudaEventDefault : cudaEventDisableTiming), "cudaEventCreate");
  return event;
}

void synchronize_event(void* event) {
  cudaError_t error = cudaSuccess;
  unlocked([&] { error = cudaEventSynchronize(as_event(event)); });
  check(error, "cudaEventSynchronize");
  raise_index_report(active_device());
}

const CudaBackend backend = {
    .size = sizeof(CudaBackend),
    .contracts = TILESTACK_CONTRACTS,
    .architectures = TILESTACK_CUDA_ARCHITECTURES,
    .table = table,
    .why_not = why_not,
    .device_count = device_count,
    .properties = properties,
    .activate = activate,
    .active = active_device,
    .synchronize = synchronize,
    .new_storage = new_storage,
    .new_pinned_storage = new_pinned_storage,
    .record_stream = record_stream,
    .copy = copy,
    .memory_stats = memory_stats,
    .reset_peak_memory = reset_peak_memory,
    .empty_cache = empty_cache,
    .set_poison = set_poison,
    .current_stream = [](int device) -> void* { return stream_of(device); },
    .set_stream = [](int device, void* stream) { set_stream_of(device, as_stream(stream)); },
    .new_stream = new_stream,
    .free_stream = [](void* stream) { free_stream(as_stream(stream)); },
    .synchronize_stream = synchronize_stream,
    .stream_done = [](void* stream) { return is_done(cudaStreamQuery(as_stream(stream)), "cudaStreamQuery"); },
    .new_event = new_event,
    .free_event = [](void* event) { cudaEventDestroy(as_event(event)); },
    .record_event = [](void* event,
                       void* stream) { check(cudaEventRecord(as_event(event), as_stream(stream)), "cudaEventRecord"); },
    .wait_event =
        [](void* stream, void* event) {
          check(cudaStreamWaitEvent(as_stream(stream), as_event(event)), "cudaStreamWaitEvent");
        },
    .synchronize_event = synchronize_event,
    .event_done = [](void* event) { return is_done(cudaEventQuery(as_event(event)), "cudaEventQuery"); },
    .elapsed =
        [](void* start, void* end) {
          float milliseconds = 0;
          check(cudaEventElapsedTime(&milliseconds, as_event(start), as_event(end)), "cudaEventElapsedTime");
          return milliseconds;
        },
    .begin_capture = begin_capture,
    .end_capture = end_capture,
    .abort_capture = abort_capture,
    .launch_graph = launch_graph,
    .free_graph = free_graph,
    .begin_refresh = begin_refresh,
    .end_refresh = end_refresh,
};

}  // namespace

Registration::Registration(const char* op, const void* table) { tables()[op] = table; }

}  // namespace tilestack::gpu

extern "C" [[gnu::visibility("default")]] const tilestack::CudaBackend* tilestack_cuda_backend(
    const tilestack::CoreServices* services) {
  if (services->size != sizeof(tilestack::CoreServices)) return nullptr;
  tilestack::gpu::services = services;
  return &tilestack::gpu::backend;
}
