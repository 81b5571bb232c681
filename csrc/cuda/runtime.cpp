#include "cuda/runtime.h"

#include <atomic>
#include <string>

#if defined(__unix__)
#include <pthread.h>
#endif

namespace tilestack::gpu {

extern const CoreServices* services;

namespace {

std::atomic<IndexReport*> reports[kMaxDevices];

thread_local int active = -1;
thread_local cudaStream_t streams[kMaxDevices] = {};

bool forked = false;
#if defined(__unix__)
[[maybe_unused]] const int fork_handler = pthread_atfork(nullptr, nullptr, [] {
  forked = forked || active >= 0;
  active = -1;
});
#endif

}  // namespace

void fail(Failure kind, const std::string& message) {
  services->fail(kind, message.c_str());
  __builtin_unreachable();
}

void fail(const std::string& message) { fail(Failure::runtime, "cuda: " + message); }

void unlocked(void (*body)(void*), void* context) { services->unlocked(body, context); }

bool allows_tf32() { return services->allows_tf32(); }

void activate(int device) {
  if (active == device) [[likely]]
    return;
  if (forked)
    fail(Failure::runtime,
         "cuda: a GPU can't be used in a process forked from one that used it; start it with 'spawn' instead");
  check(cudaSetDevice(device), "cudaSetDevice");
  active = device;
}

int active_device() {
  if (active < 0) activate(0);
  return active;
}

cudaStream_t current_stream() { return streams[active_device()]; }
cudaStream_t stream_of(int device) { return streams[device]; }
void set_stream_of(int device, cudaStream_t stream) { streams[device] = stream; }

bool is_capturing() {
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  const cudaStream_t stream = current_stream();
  return stream && cudaStreamIsCapturing(stream, &status) == cudaSuccess && status == cudaStreamCaptureStatusActive;
}

void copy_to_device(void* to, const void* from, std::size_t bytes) {
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, current_stream()), "cudaMemcpyAsync");
}

void copy_to_host(void* to, const void* from, std::size_t bytes) {
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, current_stream()), "cudaMemcpyAsync");
  check(cudaStreamSynchronize(current_stream()), "cudaStreamSynchronize");
  raise_index_report(active);
}

IndexReport* index_report() {
  std::atomic<IndexReport*>& slot = reports[active_device()];
  if (IndexReport* known = slot) return known;
  void* memory = nullptr;
  check(cudaMallocHost(&memory, sizeof(IndexReport)), "cudaMallocHost");
  auto* fresh = new (memory) IndexReport{};
  IndexReport* expected = nullptr;
  if (!slot.compare_exchange_strong(expected, fresh)) {
    cudaFreeHost(memory);
    return expected;
  }
  return fresh;
}

void raise_index_report(int device) {
  IndexReport* report = reports[device];
  if (!report || !report->claimed) return;
  const IndexReport found = *report;
  report->claimed = 0;
  fail(Failure::index, std::string(found.op) + ": index " + std::to_string(found.index) + " is out of range for size " +
                           std::to_string(found.size) +
                           " (found by the GPU after the call; the results since then are not to be used)");
}

}  // namespace tilestack::gpu
