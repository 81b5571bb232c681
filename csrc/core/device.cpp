#include "core/device.h"

#include <map>
#include <string>

#include "core/tape.h"

namespace tilestack {
namespace {

const DeviceRuntime* device_runtime = nullptr;

std::map<std::string, const void*>& cuda_tables() {
  static std::map<std::string, const void*> tables;
  return tables;
}

}  // namespace

void register_device_runtime(const DeviceRuntime* runtime) { device_runtime = runtime; }

void register_cuda_table(const char* name, const void* table) { cuda_tables()[name] = table; }

const void* cuda_table(const char* name) {
  const auto found = cuda_tables().find(name);
  check<RuntimeError>(found != cuda_tables().end(), "{}: this build has no CUDA kernel for it", name);
  return found->second;
}

Storage* new_device_storage(std::size_t bytes, Device device) {
  check<RuntimeError>(device_runtime != nullptr, "{}: not available: this build of tilestack has no CUDA module",
                      device);
  return device_runtime->new_storage(bytes, device);
}

Tensor to_device(const Tensor& x, Device device) {
  const Tensor from = as_contiguous(x);
  const Tensor y = empty(x.shape(), x.dtype(), device);
  device_runtime->copy(y, device, from, x.device());
  return record("to_device", y, {x},
                [home = x.device()](const Tensor& dy) -> Gradients { return {to_device(dy, home)}; });
}

Device parse_device(const std::string& name) {
  if (name == "cpu") return {};
  if (name == "cuda") return {Device::cuda, 0};
  const bool indexed = name.size() > 5 && name.size() < 8 && name.rfind("cuda:", 0) == 0 &&
                       name.find_first_not_of("0123456789", 5) == std::string::npos;
  check(indexed, "device: wanted 'cpu', 'cuda' or 'cuda:N', got '{}'", name);
  return {Device::cuda, std::int8_t(std::stoi(name.substr(5)))};
}

}  // namespace tilestack
