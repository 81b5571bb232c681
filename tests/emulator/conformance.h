#pragma once
// What the conformance program is made of: device buffers with reproducible contents, and a list of recorded results.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "cuda/gpu.h"

namespace tilestack::conformance {

inline std::uint32_t random_state = 1;
inline std::uint32_t random_word() {
  random_state = random_state * 1664525u + 1013904223u;
  return random_state >> 8;
}
// Small integers, so that sums of products are exact in any order.
template <class T>
T small() {
  return convert<T>(static_cast<float>(int(random_word() % 7) - 3));
}

template <class T>
struct Buffer {
  T* device = nullptr;
  std::size_t count;
  explicit Buffer(std::size_t count) : count(count) {
    gpu::check(cudaMalloc(&device, count * sizeof(T)), "cudaMalloc");
    gpu::check(cudaMemset(device, 0, count * sizeof(T)), "cudaMemset");
  }
  ~Buffer() { cudaFree(device); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  template <class F>
  Buffer& fill(F value) {
    std::vector<T> values(count);
    for (T& v : values) v = value();
    gpu::check(cudaMemcpy(device, values.data(), count * sizeof(T), cudaMemcpyHostToDevice), "upload");
    return *this;
  }
};

struct Record {
  std::string name;
  float tolerance;  // 0: every bit counts; else of floats
  std::vector<unsigned char> bytes;
};

inline std::vector<Record>& records() {
  static std::vector<Record> all;
  return all;
}

// Exact results are kept as hashes of their sixteen parts.
inline std::vector<unsigned char> hashes(const std::vector<unsigned char>& bytes) {
  std::uint64_t parts[16];
  for (int part = 0; part < 16; ++part) {
    std::uint64_t hash = 0xcbf29ce484222325ull;  // FNV-1a
    for (std::size_t i = bytes.size() * part / 16; i < bytes.size() * (part + 1) / 16; ++i)
      hash = (hash ^ bytes[i]) * 0x100000001b3ull;
    parts[part] = hash;
  }
  std::vector<unsigned char> out(sizeof parts);
  std::memcpy(out.data(), parts, sizeof parts);
  return out;
}

template <class T>
void record(const std::string& name, const Buffer<T>& buffer, float tolerance = 0) {
  Record result{name, tolerance, std::vector<unsigned char>(buffer.count * sizeof(T))};
  gpu::check(cudaDeviceSynchronize(), name.c_str());
  gpu::check(cudaMemcpy(result.bytes.data(), buffer.device, result.bytes.size(), cudaMemcpyDeviceToHost), name.c_str());
  if (tolerance == 0) result.bytes = hashes(result.bytes);
  records().push_back(std::move(result));
}

inline void write_records(const char* path) {
  std::FILE* file = std::fopen(path, "wb");
  if (!file) gpu::fail(std::string("cannot write ") + path);
  for (const Record& r : records()) {
    const std::uint32_t head[2] = {static_cast<std::uint32_t>(r.name.size()),
                                   static_cast<std::uint32_t>(r.bytes.size())};
    std::fwrite(head, sizeof head, 1, file);
    std::fwrite(r.name.data(), 1, r.name.size(), file);
    std::fwrite(r.bytes.data(), 1, r.bytes.size(), file);
  }
  std::fclose(file);
}

inline bool same(const Record& got, const std::vector<unsigned char>& expected) {
  if (got.bytes.size() != expected.size()) return false;
  if (got.tolerance == 0) return got.bytes == expected;
  for (std::size_t i = 0; i + 4 <= expected.size(); i += 4) {
    float a, b;
    std::memcpy(&a, &got.bytes[i], 4);
    std::memcpy(&b, &expected[i], 4);
    if (!(std::abs(a - b) <= got.tolerance * (1 + std::abs(b))) && !(std::isnan(a) && std::isnan(b))) return false;
  }
  return true;
}

// 0 if each result agrees with the file's; results that the file lacks are named too.
inline int compare_records(const char* path) {
  std::FILE* file = std::fopen(path, "rb");
  if (!file) gpu::fail(std::string("cannot read ") + path);
  std::vector<std::pair<std::string, std::vector<unsigned char>>> expected;
  for (std::uint32_t head[2]; std::fread(head, sizeof head, 1, file) == 1;) {
    std::string name(head[0], 0);
    std::vector<unsigned char> bytes(head[1]);
    if (std::fread(name.data(), 1, head[0], file) != head[0] || std::fread(bytes.data(), 1, head[1], file) != head[1])
      gpu::fail("the file is cut off");
    expected.emplace_back(std::move(name), std::move(bytes));
  }
  std::fclose(file);
  int wrong = 0;
  for (const Record& got : records()) {
    const std::vector<unsigned char>* match = nullptr;
    for (const auto& [name, bytes] : expected)
      if (name == got.name) match = &bytes;
    if (match && same(got, *match)) continue;
    std::printf("%s %s\n", match ? "DIFFERS" : "NOT RECORDED", got.name.c_str());
    ++wrong;
  }
  std::printf("%zu results, %d of them wrong\n", records().size(), wrong);
  return wrong ? 1 : 0;
}

void run_warp();    // conformance_warp.cu
void run_hopper();  // conformance_hopper.cu
void run_wgmma();   // conformance_wgmma.cu

}  // namespace tilestack::conformance
