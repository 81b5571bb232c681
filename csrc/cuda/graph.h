#pragma once

namespace tilestack::gpu {

// A recording of everything that this thread launches on the current stream, to be launched again as a whole. Memory
// that is taken meanwhile belongs to the graph until it is freed.
void begin_capture();
void* end_capture();
void abort_capture();
void launch_graph(void* graph);
void free_graph(void* graph);

}  // namespace tilestack::gpu
