#pragma once
// Graphs: a recording of everything that a thread launches on its current stream, to be launched again as a whole.
// Memory that is taken meanwhile belongs to the graph until that is freed.
#include "core/philox.h"
#include "cuda/gpu.h"

namespace tilestack::gpu {

void begin_capture(Philox random);
void* end_capture();
void abort_capture();
void launch_graph(void* graph, Philox random);
void free_graph(void* graph);

// A kernel argument that may differ from one launch of a graph to the next, such as a learning rate: a value outside of
// graphs; in a graph a place in device memory that is written before each launch.
template <class T>
struct Changing {
  T value;
  const T* place;
  __device__ __forceinline__ T get() const { return place ? *place : value; }
};

// The next place of the graph under capture, filled with the value; null outside of one.
const void* graph_place(const void* value, std::size_t bytes, bool random);

template <class T>
Changing<T> changing(const T& value) {
  return {value, static_cast<const T*>(graph_place(&value, sizeof(T), false))};
}
// Of random numbers: each launch goes on in the stream where the last one ended.
inline Changing<Philox> changing(const Philox& stream) {
  return {stream, static_cast<const Philox*>(graph_place(&stream, sizeof stream, true))};
}

// While a graph is refreshed, the ops whose arguments change are called again, in the order of the capture: changing()
// takes the new values, and nothing is to be launched.
void begin_refresh(void* graph);
void end_refresh();
bool is_refreshing();

}  // namespace tilestack::gpu
