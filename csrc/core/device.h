#pragma once
#include "core/cuda_interface.h"
#include "core/tensor.h"

namespace tilestack {

// The CUDA module, loaded by the first call; RuntimeError that says why there is none.
const CudaBackend& cuda_backend();
// One line that says why cuda_backend() fails; empty if it does not.
std::string why_no_cuda();
// Whether the module is loaded already, so that its memory counts.
bool cuda_loaded();
// ValueError unless there is such a GPU.
void check_cuda_device(const char* op, int index);

Storage* new_device_storage(std::size_t bytes, Device device);
// Recorded: the same values on another device. lazy: the host does not wait for copies to and from pinned memory.
Tensor to_device(const Tensor& x, Device device, bool lazy = false);
// "cpu", "cuda", "cuda:1"; ValueError for other words. "cuda" is the current GPU.
Device parse_device(const std::string& name);

}  // namespace tilestack
