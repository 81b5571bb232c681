#pragma once
#include <stdexcept>
#include <string>

#include "core/dims.h"
#include "core/kernels.h"

namespace tilestack {

// Each becomes the Python exception of the same name.
struct ValueError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct TypeError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct IndexError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct RuntimeError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct OutOfMemory : std::runtime_error {  // MemoryError
  using std::runtime_error::runtime_error;
};
struct CudaOutOfMemory : std::runtime_error {  // tilestack.cuda.OutOfMemoryError, a MemoryError
  using std::runtime_error::runtime_error;
};

const char* name_of(DType dtype);  // "float32"

std::string text(std::int64_t value);
std::string text(double value);
std::string text(const char* value);
std::string text(const std::string& value);
std::string text(const Dims& shape);  // "(2, 3)"
std::string text(DType dtype);
std::string text(Device device);  // "cpu", "cuda:0"
inline std::string text(int value) { return text(std::int64_t(value)); }
inline std::string text(std::size_t value) { return text(std::int64_t(value)); }
inline std::string text(bool value) { return value ? "True" : "False"; }

// Each {} is replaced by the next argument.
std::string fill_in(const char* pattern, std::initializer_list<std::string> arguments);

// Throws Error unless the condition holds. The pattern begins with the op: "linear: x must have ..., got {}".
template <class Error = ValueError, class... Args>
inline void check(bool condition, const char* pattern, const Args&... args) {
  if (!condition) [[unlikely]]
    throw Error(fill_in(pattern, {text(args)...}));
}

}  // namespace tilestack
