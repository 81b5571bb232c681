#include "cuda/emulator/stream.h"

struct CUgraph_st {
  std::shared_ptr<emu::Graph> graph;
};
struct CUgraphExec_st {
  std::shared_ptr<emu::Graph> graph;
};

using emu::lock;
using emu::resolve;
using emu::set_error;

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode) {
  std::lock_guard guard(lock());
  CUstream_st* stream = resolve(handle);
  if (!stream || !handle || handle == cudaStreamLegacy) return set_error(cudaErrorStreamCaptureUnsupported);
  if (stream->capture) return set_error(cudaErrorStreamCaptureUnsupported);
  stream->capture = std::make_shared<emu::Graph>();
  stream->capture->streams.push_back(stream);
  stream->capture_origin = true;
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* graph) {
  std::lock_guard guard(lock());
  *graph = nullptr;
  CUstream_st* stream = resolve(handle);
  if (!stream || !stream->capture || !stream->capture_origin) return set_error(cudaErrorStreamCaptureUnmatched);
  const std::shared_ptr<emu::Graph> captured = stream->capture;
  for (CUstream_st* member : captured->streams) member->capture.reset();
  stream->capture_origin = false;
  if (captured->invalid) return set_error(cudaErrorStreamCaptureInvalidated);
  *graph = new CUgraph_st{captured};
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
  std::lock_guard guard(lock());
  CUstream_st* stream = resolve(handle);
  if (!stream) return set_error(cudaErrorInvalidResourceHandle);
  *status = !stream->capture           ? cudaStreamCaptureStatusNone
            : stream->capture->invalid ? cudaStreamCaptureStatusInvalidated
                                       : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  *exec = new CUgraphExec_st{graph->graph};
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
  std::lock_guard guard(lock());
  return emu::enqueue(stream, [graph = exec->graph] {
    for (const auto& operation : graph->operations)
      if (const cudaError_t error = operation->run()) return error;
    return cudaSuccess;
  });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  delete exec;
  return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphGetNodes(cudaGraph_t graph, void*, std::size_t* count) {
  *count = graph->graph->operations.size();
  return cudaSuccess;
}
cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
  thread_local cudaStreamCaptureMode current = cudaStreamCaptureModeGlobal;
  std::swap(current, *mode);
  return cudaSuccess;
}
