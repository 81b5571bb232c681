#include "cuda/emulator/cudart.h"

#include <cstdlib>
#include <cstring>
#include <map>

#include "cuda/emulator/stream.h"

namespace emu {

namespace {

cudaError_t last_error = cudaSuccess;
std::string error_detail;
std::size_t allocated[64];
std::map<const void*, std::size_t> sizes;  // of device memory
std::map<const void*, int> dynamic_limit;  // of kernels, where it was raised
std::map<std::uintptr_t, std::size_t> pinned;

}  // namespace

cudaError_t set_error(cudaError_t error, const std::string& detail) {
  last_error = error;
  error_detail = error == cudaErrorLaunchFailure && detail.empty() ? last_report() : detail;
  return error;
}

// After a failed launch every call fails, until the error is taken.
cudaError_t pending_error() { return last_error == cudaErrorLaunchFailure ? last_error : cudaSuccess; }

bool host_pinned(const void* p) {
  auto found = pinned.upper_bound(reinterpret_cast<std::uintptr_t>(p));
  if (found == pinned.begin()) return false;
  --found;
  return reinterpret_cast<std::uintptr_t>(p) < found->first + found->second;
}

cudaError_t check_launch(const LaunchShape& shape) {
  const auto refuse = [&](const std::string& why) { return set_error(cudaErrorInvalidConfiguration, why); };
  const dim3 grid = shape.grid, block = shape.block;
  if (!grid.x || !grid.y || !grid.z || grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535)
    return refuse("grid (" + std::to_string(grid.x) + "," + std::to_string(grid.y) + "," + std::to_string(grid.z) +
                  ")");
  const std::uint64_t threads = std::uint64_t(block.x) * block.y * block.z;
  if (!threads || threads > 1024 || block.z > 64) return refuse("a block of " + std::to_string(threads) + " threads");
  if (shape.shared > max_shared()) return refuse(std::to_string(shape.shared) + " bytes of dynamic shared memory");
  if (shape.shared > 48 << 10) {
    const auto limit = dynamic_limit.find(shape.kernel);
    if (limit == dynamic_limit.end() || std::size_t(limit->second) < shape.shared)
      return refuse("more than 48 KB of shared memory without cudaFuncSetAttribute");
  }
  if (shape.cluster < 1 || shape.cluster > 16 || grid.x % shape.cluster)
    return refuse("grid of " + std::to_string(grid.x) + " with clusters of " + std::to_string(shape.cluster));
  if (shape.cluster > 1 && options().arch < 90) return refuse("clusters need compute capability 9.0");
  return cudaSuccess;
}

}  // namespace emu

using emu::lock;
using emu::set_error;

cudaError_t cudaPeekAtLastError() { return emu::last_error; }
cudaError_t cudaGetLastError() {
  std::lock_guard guard(lock());
  const cudaError_t error = emu::last_error;
  emu::last_error = cudaSuccess;
  return error;
}

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "cudaSuccess";
    case cudaErrorInvalidValue:
      return "cudaErrorInvalidValue";
    case cudaErrorMemoryAllocation:
      return "cudaErrorMemoryAllocation";
    case cudaErrorInvalidConfiguration:
      return "cudaErrorInvalidConfiguration";
    case cudaErrorInvalidDevice:
      return "cudaErrorInvalidDevice";
    case cudaErrorInvalidResourceHandle:
      return "cudaErrorInvalidResourceHandle";
    case cudaErrorNotReady:
      return "cudaErrorNotReady";
    case cudaErrorLaunchFailure:
      return "cudaErrorLaunchFailure";
    case cudaErrorStreamCaptureUnsupported:
      return "cudaErrorStreamCaptureUnsupported";
    case cudaErrorStreamCaptureInvalidated:
      return "cudaErrorStreamCaptureInvalidated";
    case cudaErrorStreamCaptureUnmatched:
      return "cudaErrorStreamCaptureUnmatched";
    default:
      return "cudaErrorUnknown";
  }
}

const char* cudaGetErrorString(cudaError_t error) {
  std::lock_guard guard(lock());
  thread_local std::string text;
  text = cudaGetErrorName(error);
  if (error != cudaSuccess && error != cudaErrorNotReady && !emu::error_detail.empty())
    text += ": " + emu::error_detail;
  return text.c_str();
}

cudaError_t cudaGetDeviceCount(int* count) {
  *count = emu::options().devices;
  return *count ? cudaSuccess : cudaErrorNoDevice;
}
cudaError_t cudaGetDevice(int* device) {
  *device = emu::current_device();
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) {
  if (device < 0 || device >= emu::options().devices) return set_error(cudaErrorInvalidDevice);
  emu::current_device() = device;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  if (device < 0 || device >= emu::options().devices) return set_error(cudaErrorInvalidDevice);
  const auto& options = emu::options();
  switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock:
      *value = 1024;
      break;
    case cudaDevAttrMaxSharedMemoryPerBlock:
      *value = 48 << 10;
      break;
    case cudaDevAttrWarpSize:
      *value = 32;
      break;
    case cudaDevAttrMultiProcessorCount:
      *value = options.multiprocessors;
      break;
    case cudaDevAttrL2CacheSize:
      *value = 50 << 20;
      break;
    case cudaDevAttrMaxThreadsPerMultiProcessor:
      *value = 2048;
      break;
    case cudaDevAttrComputeCapabilityMajor:
      *value = options.arch / 10;
      break;
    case cudaDevAttrComputeCapabilityMinor:
      *value = options.arch % 10;
      break;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
      *value = static_cast<int>(emu::max_shared() + 1024);
      break;
    case cudaDevAttrCooperativeLaunch:
      *value = 1;
      break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      *value = static_cast<int>(emu::max_shared());
      break;
    default:
      return set_error(cudaErrorInvalidValue);
  }
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* p, int device) {
  if (device < 0 || device >= emu::options().devices) return set_error(cudaErrorInvalidDevice);
  *p = {};
  std::snprintf(p->name, sizeof p->name, "tilestack emulator (compute capability %d.%d)", emu::options().arch / 10,
                emu::options().arch % 10);
  p->uuid[15] = static_cast<unsigned char>(device);
  p->totalGlobalMem = emu::options().memory;
  p->sharedMemPerBlock = 48 << 10;
  p->sharedMemPerBlockOptin = emu::max_shared();
  p->sharedMemPerMultiprocessor = emu::max_shared() + 1024;
  p->warpSize = 32;
  p->maxThreadsPerBlock = 1024;
  p->maxThreadsPerMultiProcessor = 2048;
  p->multiProcessorCount = emu::options().multiprocessors;
  p->major = emu::options().arch / 10;
  p->minor = emu::options().arch % 10;
  p->l2CacheSize = 50 << 20;
  p->pciBusID = device + 1;
  return cudaSuccess;
}

cudaError_t cudaDeviceCanAccessPeer(int* can, int device, int peer) {
  *can = device != peer;
  return cudaSuccess;
}
cudaError_t cudaDeviceEnablePeerAccess(int, unsigned) { return cudaSuccess; }
cudaError_t cudaDriverGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) { return cudaDriverGetVersion(version); }

cudaError_t cudaMalloc(void** p, std::size_t bytes) {
  std::lock_guard guard(lock());
  if (const cudaError_t error = emu::pending_error()) return error;
  const int device = emu::current_device();
  *p = nullptr;
  if (bytes == 0) return cudaSuccess;
  if (emu::allocated[device] + bytes > emu::options().memory) return set_error(cudaErrorMemoryAllocation);
  *p = emu::device_allocate(bytes, device);
  if (!*p) return set_error(cudaErrorMemoryAllocation);
  emu::allocated[device] += bytes;
  emu::sizes[*p] = bytes;
  return cudaSuccess;
}

cudaError_t cudaFree(void* p) {
  std::lock_guard guard(lock());
  if (!p) return cudaSuccess;
  const cudaError_t error = emu::run_everything();  // as CUDA does
  const auto size = emu::sizes.find(p);
  if (size == emu::sizes.end()) return set_error(cudaErrorInvalidValue);
  emu::allocated[emu::device_of(p)] -= size->second;
  emu::sizes.erase(size);
  emu::device_free(p);
  return error;
}

cudaError_t cudaMallocAsync(void** p, std::size_t bytes, cudaStream_t) { return cudaMalloc(p, bytes); }
cudaError_t cudaFreeAsync(void* p, cudaStream_t stream) {
  std::lock_guard guard(lock());
  return emu::enqueue(stream, [p] {
    const auto size = emu::sizes.find(p);
    if (size == emu::sizes.end()) return cudaErrorInvalidValue;
    emu::allocated[emu::device_of(p)] -= size->second;
    emu::sizes.erase(size);
    emu::device_free(p);
    return cudaSuccess;
  });
}

cudaError_t cudaHostAlloc(void** p, std::size_t bytes, unsigned) {
  std::lock_guard guard(lock());
  *p = nullptr;
  if (posix_memalign(p, 4096, bytes ? bytes : 1)) return set_error(cudaErrorMemoryAllocation);
  emu::pinned[reinterpret_cast<std::uintptr_t>(*p)] = bytes;
  return cudaSuccess;
}
cudaError_t cudaMallocHost(void** p, std::size_t bytes) { return cudaHostAlloc(p, bytes, 0); }
cudaError_t cudaFreeHost(void* p) {
  std::lock_guard guard(lock());
  if (!p) return cudaSuccess;
  const cudaError_t error = emu::run_everything();
  if (!emu::pinned.erase(reinterpret_cast<std::uintptr_t>(p))) return set_error(cudaErrorInvalidValue);
  std::free(p);
  return error;
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  std::lock_guard guard(lock());
  *total = emu::options().memory;
  *free = emu::options().memory - emu::allocated[emu::current_device()];
  return cudaSuccess;
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* p) {
  std::lock_guard guard(lock());
  const int device = emu::device_of(p);
  auto* pointer = const_cast<void*>(p);
  *attributes = {cudaMemoryTypeUnregistered, -2, nullptr, pointer};
  if (device >= 0)
    *attributes = {cudaMemoryTypeDevice, device, pointer, nullptr};
  else if (emu::host_pinned(p))
    *attributes = {cudaMemoryTypeHost, emu::current_device(), pointer, pointer};
  return cudaSuccess;
}

namespace {

// What an asynchronous copy or fill may touch: whole device allocations, or memory of the host.
cudaError_t check_range(const void* p, std::size_t bytes, bool must_be_device, const char* what) {
  if (emu::device_of(p) >= 0 ? emu::device_owns(p, bytes) : !must_be_device) return cudaSuccess;
  return set_error(cudaErrorInvalidValue, std::string(what) + ": out of range of device memory");
}

}  // namespace

cudaError_t cudaMemcpy2DAsync(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch,
                              std::size_t width, std::size_t height, cudaMemcpyKind kind, cudaStream_t stream) {
  std::lock_guard guard(lock());
  if (!width || !height) return cudaSuccess;
  const std::size_t to_bytes = (height - 1) * to_pitch + width, from_bytes = (height - 1) * from_pitch + width;
  const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  if (const cudaError_t error = check_range(to, to_bytes, to_device, "cudaMemcpy")) return error;
  if (const cudaError_t error = check_range(from, from_bytes, from_device, "cudaMemcpy")) return error;
  const auto copy = [=](const void* source) {
    for (std::size_t row = 0; row < height; ++row)
      std::memcpy(static_cast<char*>(to) + row * to_pitch, static_cast<const char*>(source) + row * from_pitch, width);
    return cudaSuccess;
  };
  const bool pageable_source = emu::device_of(from) < 0 && !emu::host_pinned(from);
  const bool pageable_target = emu::device_of(to) < 0 && !emu::host_pinned(to);
  CUstream_st* queue = emu::resolve(stream);
  if ((pageable_source || pageable_target) && queue && queue->capture) {
    queue->capture->invalid = true;
    return set_error(cudaErrorStreamCaptureUnsupported);
  }
  if (pageable_source) {  // staged before the call returns
    auto staged = std::make_shared<std::vector<char>>(static_cast<const char*>(from),
                                                      static_cast<const char*>(from) + from_bytes);
    if (const cudaError_t error = emu::enqueue(stream, [=] { return copy(staged->data()); })) return error;
  } else if (const cudaError_t error = emu::enqueue(stream, [=] { return copy(from); })) {
    return error;
  }
  return pageable_target ? cudaStreamSynchronize(stream) : cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  return cudaMemcpy2DAsync(to, bytes, from, bytes, bytes, 1, kind, stream);
}
cudaError_t cudaMemcpyPeerAsync(void* to, int, const void* from, int, std::size_t bytes, cudaStream_t stream) {
  return cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream);
}
cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  if (const cudaError_t error = cudaMemcpyAsync(to, from, bytes, kind, nullptr)) return error;
  return cudaStreamSynchronize(nullptr);
}

cudaError_t cudaMemsetAsync(void* p, int value, std::size_t bytes, cudaStream_t stream) {
  std::lock_guard guard(lock());
  if (const cudaError_t error = check_range(p, bytes, true, "cudaMemset")) return error;
  return emu::enqueue(stream, [=] {
    std::memset(p, value, bytes);
    return cudaSuccess;
  });
}
cudaError_t cudaMemset(void* p, int value, std::size_t bytes) { return cudaMemsetAsync(p, value, bytes, nullptr); }

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value) {
  std::lock_guard guard(lock());
  if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
  if (value < 0 || std::size_t(value) > emu::max_shared())
    return set_error(cudaErrorInvalidValue, std::to_string(value) + " bytes of dynamic shared memory");
  emu::dynamic_limit[kernel] = value;
  return cudaSuccess;
}
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void*) {
  *attributes = {};
  attributes->maxThreadsPerBlock = 1024;
  attributes->numRegs = 64;
  attributes->ptxVersion = attributes->binaryVersion = emu::options().arch;
  attributes->maxDynamicSharedSizeBytes = static_cast<int>(emu::max_shared());
  return cudaSuccess;
}
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void*, int threads, std::size_t shared) {
  const int by_threads = 2048 / (threads > 0 ? threads : 1);
  const int by_shared = static_cast<int>((emu::max_shared() + 1024) / (shared + 1024));
  *blocks = by_threads < by_shared ? by_threads : by_shared;
  return cudaSuccess;
}
