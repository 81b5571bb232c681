#include "cuda/graph.h"

#include "cuda/runtime.h"

namespace tilestack::gpu {
namespace {

struct Graph {
  cudaGraphExec_t executable = nullptr;
  int device = 0;
};

thread_local Graph* capturing = nullptr;

cudaGraph_t stop() {
  cudaGraph_t recorded = nullptr;
  const cudaError_t error = cudaStreamEndCapture(current_stream(), &recorded);
  use_graph_memory(current_stream(), nullptr);
  if (error == cudaSuccess) return recorded;
  cudaGetLastError();
  return nullptr;
}

}  // namespace

void begin_capture() {
  if (capturing) fail(Failure::runtime, "cuda.graph: a capture is under way in this thread");
  if (!current_stream()) fail(Failure::runtime, "cuda.graph: the default stream can't be captured");
  check(cudaStreamBeginCapture(current_stream(), cudaStreamCaptureModeRelaxed), "cudaStreamBeginCapture");
  capturing = new Graph{nullptr, active_device()};
  use_graph_memory(current_stream(), capturing);
}

void abort_capture() {
  if (!capturing) return;
  if (cudaGraph_t recorded = stop()) cudaGraphDestroy(recorded);
  free_graph_memory(capturing);
  delete capturing;
  capturing = nullptr;
}

void* end_capture() {
  Graph* graph = capturing;
  capturing = nullptr;
  cudaGraph_t recorded = stop();
  const cudaError_t error = recorded ? cudaGraphInstantiate(&graph->executable, recorded, 0) : cudaErrorUnknown;
  if (recorded) cudaGraphDestroy(recorded);
  if (error != cudaSuccess) {
    free_graph_memory(graph);
    delete graph;
    fail(Failure::runtime,
         "cuda.graph: the capture failed: something in it waited for the GPU, as item(), numpy() and printing do");
  }
  return graph;
}

void launch_graph(void* opaque) {
  auto* graph = static_cast<Graph*>(opaque);
  check(cudaGraphLaunch(graph->executable, stream_of(graph->device)), "cudaGraphLaunch");
}

void free_graph(void* opaque) {
  auto* graph = static_cast<Graph*>(opaque);
  cudaGraphExecDestroy(graph->executable);
  free_graph_memory(graph);
  delete graph;
}

}  // namespace tilestack::gpu
