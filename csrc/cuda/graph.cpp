#include "cuda/graph.h"

#include <cstring>
#include <vector>

#include "cuda/runtime.h"

namespace tilestack::gpu {
namespace {

constexpr std::size_t kPlaces = 16 << 10;  // bytes of places in a graph

struct Graph {
  cudaGraphExec_t executable = nullptr;
  int device = 0;
  Philox random{};  // the stream's state at the capture
  char* places = nullptr;
  std::vector<char> values;                    // what they get before a launch
  std::vector<std::size_t> changing, streams;  // offsets of places
};

thread_local Graph* capturing = nullptr;
thread_local Graph* refreshing = nullptr;
thread_local std::size_t refreshed = 0;

void destroy(Graph* graph) {
  if (graph->executable) cudaGraphExecDestroy(graph->executable);
  cudaFree(graph->places);
  free_graph_memory(graph);
  delete graph;
}

cudaGraph_t stop() {
  cudaGraph_t recorded = nullptr;
  const cudaError_t error = cudaStreamEndCapture(current_stream(), &recorded);
  end_graph_memory(current_stream());
  if (error == cudaSuccess) return recorded;
  cudaGetLastError();
  return nullptr;
}

}  // namespace

void begin_capture(Philox random) {
  if (capturing) fail(Failure::runtime, "cuda.graph: a capture is under way in this thread");
  if (!current_stream()) fail(Failure::runtime, "cuda.graph: the default stream can't be captured");
  auto* graph = new Graph;
  graph->device = active_device();
  graph->random = random;
  cudaError_t error = cudaMalloc(reinterpret_cast<void**>(&graph->places), kPlaces);
  if (error == cudaSuccess) error = cudaStreamBeginCapture(current_stream(), cudaStreamCaptureModeRelaxed);
  if (error != cudaSuccess) {
    destroy(graph);
    check(error, "cudaStreamBeginCapture");
  }
  capturing = graph;
  begin_graph_memory(current_stream(), graph->device, graph);
}

void abort_capture() {
  if (!capturing) return;
  if (cudaGraph_t recorded = stop()) cudaGraphDestroy(recorded);
  destroy(capturing);
  capturing = nullptr;
}

void* end_capture() {
  Graph* graph = capturing;
  capturing = nullptr;
  cudaGraph_t recorded = stop();
  const cudaError_t error = recorded ? cudaGraphInstantiate(&graph->executable, recorded, 0) : cudaErrorUnknown;
  if (recorded) cudaGraphDestroy(recorded);
  if (error != cudaSuccess) {
    destroy(graph);
    fail(Failure::runtime,
         "cuda.graph: the capture failed: something in it waited for the GPU, as item(), numpy() and printing do");
  }
  return graph;
}

const void* graph_place(const void* value, std::size_t bytes, bool random) {
  if (refreshing) {
    Graph& graph = *refreshing;
    if (random || refreshed >= graph.changing.size())
      fail(Failure::runtime, "cuda.graph: the ops that are refreshed are not those that were captured");
    const std::size_t at = graph.changing[refreshed++];
    std::memcpy(graph.values.data() + at, value, bytes);
    return graph.places + at;
  }
  if (!capturing) return nullptr;
  Graph& graph = *capturing;
  const std::size_t at = (graph.values.size() + 15) / 16 * 16;
  if (at + bytes > kPlaces) fail(Failure::runtime, "cuda.graph: too many ops with changing arguments in one graph");
  graph.values.resize(at + bytes);
  std::memcpy(graph.values.data() + at, value, bytes);
  (random ? graph.streams : graph.changing).push_back(at);
  return graph.places + at;
}

void begin_refresh(void* graph) {
  refreshing = static_cast<Graph*>(graph);
  refreshed = 0;
}
void end_refresh() { refreshing = nullptr; }
bool is_refreshing() { return refreshing != nullptr; }

void launch_graph(void* opaque, Philox random) {
  auto& graph = *static_cast<Graph*>(opaque);
  const cudaStream_t stream = stream_of(graph.device);
  std::vector<char> values = graph.values;
  for (const std::size_t at : graph.streams) {
    Philox place;
    std::memcpy(&place, values.data() + at, sizeof place);
    place = {random.seed, random.offset + (place.offset - graph.random.offset)};
    std::memcpy(values.data() + at, &place, sizeof place);
  }
  // From ordinary memory: it has been read when the call returns.
  if (!values.empty())
    check(cudaMemcpyAsync(graph.places, values.data(), values.size(), cudaMemcpyHostToDevice, stream),
          "cudaMemcpyAsync");
  check(cudaGraphLaunch(graph.executable, stream), "cudaGraphLaunch");
}

void free_graph(void* graph) { destroy(static_cast<Graph*>(graph)); }

}  // namespace tilestack::gpu
