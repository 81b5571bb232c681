#pragma once
#include "core/tensor.h"

namespace tilestack {

// What the CUDA module gives the core when it is loaded.
struct DeviceRuntime {
  Storage* (*new_storage)(std::size_t bytes, Device device);
  void (*copy)(const View& to, Device to_device, const View& from, Device from_device);  // contiguous, same dtype
};
void register_device_runtime(const DeviceRuntime* runtime);

Storage* new_device_storage(std::size_t bytes, Device device);  // RuntimeError that says why there is no such device
// Recorded: the same values on another device.
Tensor to_device(const Tensor& x, Device device);
// "cpu", "cuda", "cuda:1"; ValueError for other words.
Device parse_device(const std::string& name);

}  // namespace tilestack
