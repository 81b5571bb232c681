#include "cuda/emulator/stream.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <unordered_set>

namespace emu {

namespace {

constexpr std::size_t kQueueBound = 256;

std::unordered_set<CUstream_st*>& streams() {
  static std::unordered_set<CUstream_st*> all;
  return all;
}

std::vector<std::unique_ptr<CUstream_st>>& default_streams() {
  static std::vector<std::unique_ptr<CUstream_st>> all;
  return all;
}

CUstream_st* default_stream(int device) {
  auto& all = default_streams();
  while (int(all.size()) <= device) {
    all.push_back(std::make_unique<CUstream_st>());
    all.back()->device = static_cast<int>(all.size()) - 1;
  }
  return all[device].get();
}

// A new stream may stand where one was destroyed that others still wait for: it counts on from there.
std::uint64_t& numbers_used() {
  static std::uint64_t most = 0;
  return most;
}

// Also of a pointer to a stream that was destroyed.
bool is_default(const CUstream_st* stream) {
  return std::ranges::any_of(default_streams(), [&](const auto& each) { return each.get() == stream; });
}

void drop_everything() {
  for (CUstream_st* stream : streams()) {
    stream->operations.clear();
    stream->done = stream->queued;
  }
  for (int device = 0; device < options().devices; ++device) {
    default_stream(device)->operations.clear();
    default_stream(device)->done = default_stream(device)->queued;
  }
}

}  // namespace

std::recursive_mutex& lock() {
  static std::recursive_mutex mutex;
  return mutex;
}

int& current_device() {
  thread_local int device = 0;
  return device;
}

CUstream_st* resolve(cudaStream_t stream) {
  if (!stream || stream == cudaStreamLegacy || stream == cudaStreamPerThread) return default_stream(current_device());
  return streams().contains(stream) ? stream : nullptr;
}

cudaError_t run_until(CUstream_st* stream, std::uint64_t number) {
  while (stream->done < number && !stream->operations.empty()) {
    const OperationPointer operation = stream->operations.front();
    for (const auto& [other, upto] : operation->after)
      if (is_default(other) || streams().contains(other))
        if (const cudaError_t error = run_until(other, upto)) return error;
    if (stream->operations.empty() || stream->operations.front() != operation) continue;
    stream->operations.pop_front();
    ++stream->done;
    if (const cudaError_t error = operation->run()) {
      drop_everything();
      return set_error(error);
    }
  }
  return cudaSuccess;
}

cudaError_t run_everything() {
  for (int device = 0; device < options().devices; ++device)
    if (const cudaError_t error = run_until(default_stream(device), default_stream(device)->queued)) return error;
  const std::vector<CUstream_st*> all(streams().begin(), streams().end());
  for (CUstream_st* stream : all)
    if (const cudaError_t error = run_until(stream, stream->queued)) return error;
  return cudaSuccess;
}

bool capturing_anywhere() {
  return std::any_of(streams().begin(), streams().end(), [](CUstream_st* stream) { return stream->capture; });
}

cudaError_t enqueue(cudaStream_t handle, std::function<cudaError_t()> run) {
  CUstream_st* stream = resolve(handle);
  if (!stream) return set_error(cudaErrorInvalidResourceHandle);
  if (const cudaError_t error = pending_error()) return error;
  auto operation = std::make_shared<Operation>();
  operation->run = std::move(run);
  if (stream->capture) {
    stream->capture->operations.push_back(operation);
    return cudaSuccess;
  }
  if (is_default(stream)) {
    for (CUstream_st* other : streams())
      if (other->blocking && other->device == stream->device && other->done < other->queued)
        operation->after.emplace_back(other, other->queued);
  } else if (stream->blocking) {
    CUstream_st* first = default_stream(stream->device);
    if (first->done < first->queued) operation->after.emplace_back(first, first->queued);
  }
  stream->operations.push_back(operation);
  ++stream->queued;
  if (options().seed % 2 == 1) return run_until(stream, stream->queued);  // odd seeds: as early as possible
  if (stream->operations.size() > kQueueBound) return run_until(stream, stream->queued - kQueueBound / 2);
  return cudaSuccess;
}

cudaError_t enqueue_launch(cudaStream_t stream, const LaunchShape& shape, std::shared_ptr<const Call> call) {
  std::lock_guard guard(lock());
  if (const cudaError_t error = check_launch(shape)) return error;
  return enqueue(stream, [shape, call] { return run_grid(shape, *call) ? cudaSuccess : cudaErrorLaunchFailure; });
}

}  // namespace emu

using emu::lock;
using emu::resolve;
using emu::set_error;

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  std::lock_guard guard(lock());
  *stream = new CUstream_st;
  (*stream)->device = emu::current_device();
  (*stream)->queued = (*stream)->done = emu::numbers_used();
  (*stream)->blocking = !(flags & cudaStreamNonBlocking);
  emu::streams().insert(*stream);
  return cudaSuccess;
}
cudaError_t cudaStreamCreate(cudaStream_t* stream) { return cudaStreamCreateWithFlags(stream, 0); }
cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned flags, int) {
  return cudaStreamCreateWithFlags(stream, flags);
}
cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  *least = 0, *greatest = -5;
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  std::lock_guard guard(lock());
  CUstream_st* stream = resolve(handle);
  if (!stream || emu::is_default(stream)) return set_error(cudaErrorInvalidResourceHandle);
  const cudaError_t error = emu::run_until(stream, stream->queued);
  emu::streams().erase(stream);
  emu::numbers_used() = std::max(emu::numbers_used(), stream->queued);
  delete stream;
  return error;
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  std::lock_guard guard(lock());
  CUstream_st* stream = resolve(handle);
  if (!stream) return set_error(cudaErrorInvalidResourceHandle);
  if (const cudaError_t error = emu::pending_error()) return error;
  if (stream->capture) {
    stream->capture->invalid = true;
    return set_error(cudaErrorStreamCaptureUnsupported);
  }
  return emu::run_until(stream, stream->queued);
}

cudaError_t cudaStreamQuery(cudaStream_t handle) {
  std::lock_guard guard(lock());
  CUstream_st* stream = resolve(handle);
  if (!stream) return set_error(cudaErrorInvalidResourceHandle);
  if (const cudaError_t error = emu::pending_error()) return error;
  if (stream->done == stream->queued) return cudaSuccess;
  // Whoever polls must get there in the end.
  emu::run_until(stream, stream->done + 1);
  return cudaErrorNotReady;
}

cudaError_t cudaDeviceSynchronize() {
  std::lock_guard guard(lock());
  if (const cudaError_t error = emu::pending_error()) return error;
  if (emu::capturing_anywhere()) return set_error(cudaErrorStreamCaptureUnsupported);
  return emu::run_everything();
}

cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event, unsigned) {
  std::lock_guard guard(lock());
  CUstream_st* stream = resolve(handle);
  if (!stream || !event) return set_error(cudaErrorInvalidResourceHandle);
  if (event->capture) {  // joins the capture; what is captured later runs later
    if (stream->capture && stream->capture != event->capture) return set_error(cudaErrorStreamCaptureUnmatched);
    if (!stream->capture) event->capture->streams.push_back(stream);
    stream->capture = event->capture;
    return cudaSuccess;
  }
  if (stream->capture) return set_error(cudaErrorStreamCaptureUnmatched);
  if (!event->recorded) return cudaSuccess;
  CUstream_st* recorded = event->stream;
  if (!recorded || (!emu::is_default(recorded) && !emu::streams().contains(recorded))) return cudaSuccess;
  if (recorded->done >= event->number) return cudaSuccess;
  const cudaError_t error = emu::enqueue(handle, [] { return cudaSuccess; });
  if (!error && !stream->operations.empty())
    std::const_pointer_cast<emu::Operation>(stream->operations.back())->after.emplace_back(recorded, event->number);
  return error;
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* data) {
  std::lock_guard guard(lock());
  return emu::enqueue(stream, [function, data] {
    function(data);
    return cudaSuccess;
  });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  *event = new CUevent_st;
  (*event)->timed = !(flags & cudaEventDisableTiming);
  return cudaSuccess;
}
cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, 0); }

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  std::lock_guard guard(lock());
  delete event;
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t handle) {
  std::lock_guard guard(lock());
  CUstream_st* stream = resolve(handle);
  if (!stream || !event) return set_error(cudaErrorInvalidResourceHandle);
  event->capture = stream->capture;
  if (stream->capture) return cudaSuccess;
  event->time = std::make_shared<double>(0);
  event->stream = stream;
  event->number = stream->queued + 1;
  event->recorded = true;
  return emu::enqueue(handle, [time = event->time] {
    *time = std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
    return cudaSuccess;
  });
}

namespace {
bool complete(cudaEvent_t event) {
  CUstream_st* stream = event->stream;
  if (!event->recorded || !stream || (!emu::is_default(stream) && !emu::streams().contains(stream))) return true;
  return stream->done >= event->number;
}
}  // namespace

cudaError_t cudaEventQuery(cudaEvent_t event) {
  std::lock_guard guard(lock());
  if (const cudaError_t error = emu::pending_error()) return error;
  if (event->capture) return set_error(cudaErrorStreamCaptureUnsupported);
  if (complete(event)) return cudaSuccess;
  emu::run_until(event->stream, event->stream->done + 1);
  return cudaErrorNotReady;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  std::lock_guard guard(lock());
  if (const cudaError_t error = emu::pending_error()) return error;
  if (event->capture) return set_error(cudaErrorStreamCaptureUnsupported);
  return complete(event) ? cudaSuccess : emu::run_until(event->stream, event->number);
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  std::lock_guard guard(lock());
  if (!start->recorded || !end->recorded || !start->timed || !end->timed)
    return set_error(cudaErrorInvalidResourceHandle);
  if (!complete(start) || !complete(end)) return cudaErrorNotReady;
  *milliseconds = static_cast<float>((*end->time - *start->time) * 1e3);
  return cudaSuccess;
}
