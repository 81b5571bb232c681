#pragma once
// The one header that .cu files include: launches, shared memory, vectors, reductions; ptx.h adds the instructions.
// Under nvcc it stands on the CUDA runtime, under any other compiler (TILESTACK_EMULATOR) on the emulator.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "core/dtype.h"
#include "core/view.h"
#ifdef TILESTACK_EMULATOR
#include <tuple>

#include "cuda/emulator/emu.h"
#define GPU_SITE , ::emu::Site site = ::emu::Site::current()
#else
#include <cuda_runtime.h>
#define GPU_SITE
#define GPU_SHARED(name, ...) __shared__ std::type_identity_t<__VA_ARGS__> name
#endif
#include "cuda/ptx.h"

namespace tilestack::gpu {

// Host: defined by the runtime module.
cudaStream_t current_stream();
[[noreturn]] void fail(const std::string& message);

inline void check(cudaError_t status, const char* what) {
  if (status == cudaSuccess) [[likely]]
    return;
  const std::string message = std::string(what) + ": " + cudaGetErrorString(status);
  cudaGetLastError();
  fail(message);
}

struct DeviceInfo {
  int arch;  // 80, 86, 89, 90, 120
  int multiprocessors;
  int max_shared;  // bytes that a block may ask for
};
constexpr int kMaxDevices = 64;

inline int current_device() {
  int device = 0;
  check(cudaGetDevice(&device), "cudaGetDevice");
  return device;
}

// Of the current device; asked of the driver once.
inline const DeviceInfo& device_info() {
  static std::atomic<const DeviceInfo*> known[kMaxDevices];
  const int device = current_device();
  if (const DeviceInfo* info = known[device].load(std::memory_order_acquire)) return *info;
  int major = 0, minor = 0;
  auto* info = new DeviceInfo{};
  check(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device), "cudaDeviceGetAttribute");
  check(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device), "cudaDeviceGetAttribute");
  check(cudaDeviceGetAttribute(&info->multiprocessors, cudaDevAttrMultiProcessorCount, device),
        "cudaDeviceGetAttribute");
  check(cudaDeviceGetAttribute(&info->max_shared, cudaDevAttrMaxSharedMemoryPerBlockOptin, device),
        "cudaDeviceGetAttribute");
  info->arch = 10 * major + minor;
  known[device].store(info, std::memory_order_release);  // two threads at once may each make one: both are right
  return *info;
}

struct Launch {
  dim3 grid, block;
  std::size_t smem = 0;  // dynamic shared memory, bytes
  int cluster = 1;       // blocks along x that share memory (sm_90)
  cudaStream_t stream = current_stream();
  bool cooperative = false;        // all blocks run at once, so that they may wait for each other
  bool overlaps_previous = false;  // may begin early; calls ptx::griddepcontrol_wait() before it reads
#ifdef TILESTACK_EMULATOR
  emu::Site where = emu::Site::current();
#endif
};

constexpr std::size_t kDefaultShared = 48 << 10;

// Lets the kernel have more than 48 KB. Kernels that were told are found without a lock.
inline void allow_shared(const void* kernel, std::size_t bytes) {
  struct Entry {
    std::atomic<const void*> kernel;
    std::atomic<std::size_t> bytes[kMaxDevices];
  };
  constexpr std::size_t kEntries = 1024;
  static Entry* const table = new Entry[kEntries]();
  const int device = current_device();
  std::size_t i = (reinterpret_cast<std::uintptr_t>(kernel) >> 4) % kEntries;
  for (;; i = (i + 1) % kEntries) {
    const void* known = table[i].kernel.load(std::memory_order_acquire);
    if (known == nullptr && table[i].kernel.compare_exchange_strong(known, kernel)) break;
    if (known == kernel) break;
  }
  if (table[i].bytes[device].load(std::memory_order_acquire) >= bytes) return;
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes)),
        "cudaFuncSetAttribute");
  table[i].bytes[device].store(bytes, std::memory_order_release);
}

// launch(kernel, {grid, block, smem, cluster}, arguments...). A grid without blocks does nothing.
template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), const Launch& shape, Arguments&&... arguments) {
  static_assert(sizeof...(Parameters) == sizeof...(Arguments), "one argument for each parameter of the kernel");
  if (shape.grid.x == 0 || shape.grid.y == 0 || shape.grid.z == 0) return;
  if (shape.smem > kDefaultShared) allow_shared(reinterpret_cast<const void*>(kernel), shape.smem);
#ifdef TILESTACK_EMULATOR
  struct Bound final : emu::Call {
    void (*kernel)(Parameters...);
    std::tuple<std::remove_const_t<Parameters>...> arguments;
    Bound(void (*kernel)(Parameters...), Arguments&&... a)
        : kernel(kernel), arguments(static_cast<Parameters>(std::forward<Arguments>(a))...) {}
    void run() const override { std::apply(kernel, arguments); }
  };
  const emu::LaunchShape at{shape.grid,    shape.block,       shape.smem,
                            shape.cluster, shape.cooperative, reinterpret_cast<const void*>(kernel),
                            shape.where};
  check(emu::enqueue_launch(shape.stream, at, std::make_shared<Bound>(kernel, std::forward<Arguments>(arguments)...)),
        "launch");
#else
  cudaLaunchAttribute attributes[3];
  unsigned count = 0;
  if (shape.cluster > 1) {
    attributes[count].id = cudaLaunchAttributeClusterDimension;
    attributes[count].val.clusterDim.x = static_cast<unsigned>(shape.cluster);
    attributes[count].val.clusterDim.y = attributes[count].val.clusterDim.z = 1;
    ++count;
  }
  if (shape.cooperative) {
    attributes[count].id = cudaLaunchAttributeCooperative;
    attributes[count++].val.cooperative = 1;
  }
  if (shape.overlaps_previous) {
    attributes[count].id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attributes[count++].val.programmaticStreamSerializationAllowed = 1;
  }
  cudaLaunchConfig_t config{};
  config.gridDim = shape.grid;
  config.blockDim = shape.block;
  config.dynamicSmemBytes = shape.smem;
  config.stream = shape.stream;
  config.attrs = attributes;
  config.numAttrs = count;
  check(cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...), "launch");
#endif
}

// Host and device: sizes.
template <class A, class B>
TILESTACK_INLINE constexpr auto ceil_div(A a, B b) {
  return (a + b - 1) / b;
}

// Blocks for a loop over n items with a stride of the whole grid; enough to fill any device.
inline unsigned blocks_for(std::int64_t n, std::int64_t items_per_block) {
  const std::int64_t blocks = ceil_div(n, items_per_block), most = std::int64_t(device_info().multiprocessors) * 16;
  return static_cast<unsigned>(blocks < most ? blocks : most);
}

TILESTACK_INLINE bool is_aligned(const void* p, std::size_t bytes) {
  return reinterpret_cast<std::uintptr_t>(p) % bytes == 0;
}

// Device: who am I.
__device__ __forceinline__ std::int64_t global_thread() { return std::int64_t(blockIdx.x) * blockDim.x + threadIdx.x; }
__device__ __forceinline__ std::int64_t global_threads() { return std::int64_t(gridDim.x) * blockDim.x; }
__device__ __forceinline__ int block_threads() { return int(blockDim.x * blockDim.y * blockDim.z); }
__device__ __forceinline__ int thread_rank() {  // in the block
  return int(threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z));
}
__device__ __forceinline__ int lane() { return thread_rank() % 32; }
__device__ __forceinline__ int warp() { return thread_rank() / 32; }

// Device: shared memory. GPU_SHARED(name, float[32]) declares a variable of the block.
// The launch's dynamic memory as one T, aligned to 1024 bytes: a struct of arrays, alignas(1024) where TMA needs it.
template <class T>
__device__ __forceinline__ T& dyn_shared() {
#ifdef TILESTACK_EMULATOR
  return *static_cast<T*>(emu::dynamic_shared(sizeof(T), alignof(T)));
#else
  extern __shared__ __align__(1024) unsigned char tilestack_dynamic_shared[];
  return *reinterpret_cast<T*>(tilestack_dynamic_shared);
#endif
}
// The same as an array of as many T as the launch asked for.
template <class T>
__device__ __forceinline__ T* dyn_shared_array() {
  return &dyn_shared<T>();
}

}  // namespace tilestack::gpu

#include "cuda/gpu_pack.h"
#include "cuda/gpu_reduce.h"
#include "cuda/gpu_tensor_map.h"
