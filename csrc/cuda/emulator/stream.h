#pragma once
// Work that was queued and hasn't run: streams, events, graphs.
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "cuda/emulator/core.h"
#include "cuda/emulator/cudart.h"

namespace emu {

struct Graph;

struct Operation {
  std::function<cudaError_t()> run;
  std::vector<std::pair<CUstream_st*, std::uint64_t>> after;  // these streams up to these numbers come first
};
using OperationPointer = std::shared_ptr<const Operation>;

}  // namespace emu

struct CUstream_st {
  int device = 0;
  bool blocking = true;  // ordered with the legacy default stream
  std::uint64_t queued = 0, done = 0;
  std::deque<emu::OperationPointer> operations;
  std::shared_ptr<emu::Graph> capture;
  bool capture_origin = false;
};

struct CUevent_st {
  CUstream_st* stream = nullptr;  // where it was recorded last
  std::uint64_t number = 0;
  std::shared_ptr<double> time = std::make_shared<double>(0);  // seconds
  bool recorded = false, timed = true;
  std::shared_ptr<emu::Graph> capture;
};

namespace emu {

struct Graph {
  std::vector<OperationPointer> operations;
  std::vector<CUstream_st*> streams;
  bool invalid = false;
};

std::recursive_mutex& lock();
// Device and default stream of the calling thread.
int& current_device();
CUstream_st* resolve(cudaStream_t stream);  // nullptr if there is no such stream
cudaError_t enqueue(cudaStream_t stream, std::function<cudaError_t()> run);
cudaError_t enqueue_launch(cudaStream_t stream, const LaunchShape& shape, std::shared_ptr<const Call> call);
cudaError_t run_until(CUstream_st* stream, std::uint64_t number);
cudaError_t run_everything();
cudaError_t set_error(cudaError_t error, const std::string& detail = "");  // remembers it, returns it
cudaError_t pending_error();
bool capturing_anywhere();
bool host_pinned(const void* p);
int device_of(const void* p);  // -1: not device memory
cudaError_t check_launch(const LaunchShape& shape);

}  // namespace emu
