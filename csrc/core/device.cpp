#include "core/device.h"

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>

#include "core/matmul_precision.h"
#include "core/pool.h"
#include "core/tape.h"

#if defined(__unix__)
#include <dlfcn.h>
#endif

namespace tilestack {
namespace {

struct Loaded {
  const CudaBackend* backend = nullptr;
  std::string why_not;
};

void fail(Failure kind, const char* message) {
  switch (kind) {
    case Failure::value:
      throw ValueError(message);
    case Failure::index:
      throw IndexError(message);
    case Failure::memory:
      throw CudaOutOfMemory(message);
    default:
      throw RuntimeError(message);
  }
}

const CoreServices services = {sizeof(CoreServices), fail, run_unlocked, allows_tf32};

#if defined(__unix__)
// The module lies beside this one, if the wheel has it; tests name another.
std::string module_path() {
  if (const char* named = std::getenv("TILESTACK_CUDA_MODULE")) return named;
  Dl_info self;
  if (!dladdr(reinterpret_cast<const void*>(&fail), &self)) return "_cuda.so";
  const std::string path = self.dli_fname;
  const std::size_t slash = path.rfind('/');
  return (slash == std::string::npos ? "" : path.substr(0, slash + 1)) + "_cuda.so";
}

Loaded load() {
  const std::string path = module_path();
  const bool named = std::getenv("TILESTACK_CUDA_MODULE") != nullptr;
  if (!named && !dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL)) return {nullptr, "no NVIDIA driver (libcuda.so.1)"};
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const std::string why = dlerror();
    if (!named && why.find("No such file") != std::string::npos)
      return {nullptr, "this build of tilestack has no CUDA module; install one built with TILESTACK_CUDA=ON"};
    return {nullptr, "the CUDA module can't be loaded: " + why};
  }
  const auto entry = reinterpret_cast<CudaEntry>(dlsym(library, kCudaEntry));
  const CudaBackend* backend = entry ? entry(&services) : nullptr;
  if (!backend || backend->size != sizeof(CudaBackend) || std::strcmp(backend->contracts, TILESTACK_CONTRACTS) != 0)
    return {nullptr, "the CUDA module " + path + " is of another version of tilestack"};
  if (const char* why = backend->why_not()) return {nullptr, why};
  return {backend, ""};
}
#else
Loaded load() { return {nullptr, "CUDA is supported on Linux only"}; }
#endif

const CudaBackend* loaded_backend = nullptr;

const Loaded& loaded() {
  static const Loaded result = load();
  loaded_backend = result.backend;
  return result;
}

}  // namespace

const CudaBackend& cuda_backend() {
  const Loaded& result = loaded();
  check<RuntimeError>(result.backend != nullptr, "cuda: not available: {}", result.why_not);
  return *result.backend;
}

std::string why_no_cuda() { return loaded().why_not; }

bool cuda_loaded() { return loaded_backend != nullptr; }

const void* cuda_table(const char* name) {
  const void* table = cuda_backend().table(name);
  check<RuntimeError>(table != nullptr, "{}: not available on cuda", name);
  return table;
}

void activate_cuda(int index) { loaded_backend->activate(index); }

void check_cuda_device(const char* op, int index) {
  const int count = cuda_backend().device_count();
  check(index >= 0 && index < count, "{}: there is no GPU cuda:{}: {} found", op, index, count);
}

Storage* new_device_storage(std::size_t bytes, Device device) {
  check_cuda_device("empty", device.index);
  return cuda_backend().new_storage(bytes, device);
}

Tensor to_device(const Tensor& x, Device device, bool lazy) {
  if (x.device() == device) return x;
  const bool dense = is_dense(x);
  const Tensor from = dense ? x : as_contiguous(x);
  const Tensor y = empty_strided(from.shape(), from.strides(), x.dtype(), device);
  const std::size_t bytes = std::size_t(x.numel()) * size_of(x.dtype());
  if (bytes) cuda_backend().copy(y.view().pointer, device, from.view().pointer, from.device(), bytes, lazy);
  return record("to_device", y, {x},
                [home = x.device()](const Tensor& dy) -> Gradients { return {to_device(dy, home)}; });
}

Device parse_device(const std::string& name) {
  if (name == "cpu") return {};
  if (name == "cuda") return {Device::cuda, std::int8_t(cuda_loaded() ? cuda_backend().active() : 0)};
  const bool indexed = name.size() > 5 && name.size() < 8 && name.rfind("cuda:", 0) == 0 &&
                       name.find_first_not_of("0123456789", 5) == std::string::npos;
  check(indexed, "device: wanted 'cpu', 'cuda' or 'cuda:N', got '{}'", name);
  return {Device::cuda, std::int8_t(std::stoi(name.substr(5)))};
}

}  // namespace tilestack
