#include "core/check.h"

#include <cstdio>

namespace tilestack {

const char* name_of(DType dtype) {
  constexpr const char* names[kDTypeCount] = {"float32", "float64", "bfloat16", "float16", "int64",
                                              "int32",   "int8",    "uint8",    "bool"};
  return names[static_cast<int>(dtype)];
}

std::string text(std::int64_t value) { return std::to_string(value); }
std::string text(const char* value) { return value; }
std::string text(const std::string& value) { return value; }
std::string text(DType dtype) { return name_of(dtype); }

std::string text(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%g", value);
  return buffer;
}

std::string text(const Dims& shape) {
  std::string out = "(";
  for (int i = 0; i < shape.size(); ++i) out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + (shape.size() == 1 ? ",)" : ")");
}

std::string text(Device device) { return device.kind == Device::cpu ? "cpu" : "cuda:" + std::to_string(device.index); }

std::string fill_in(const char* pattern, std::initializer_list<std::string> arguments) {
  std::string out;
  auto next = arguments.begin();
  for (const char* c = pattern; *c; ++c) {
    if (c[0] == '{' && c[1] == '}' && next != arguments.end()) {
      out += *next++;
      ++c;
    } else {
      out += *c;
    }
  }
  return out;
}

}  // namespace tilestack
