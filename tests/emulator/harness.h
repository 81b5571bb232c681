#pragma once
// What a test of the emulator needs: device arrays, comparison, and a list of tests and of bugs that must be caught.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "cuda/gpu.h"

namespace tilestack {

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class T>
struct Array {
  std::vector<T> values;  // what was uploaded
  T* device = nullptr;
  std::int64_t size = 0;

  std::vector<T> host() const {
    std::vector<T> out(size);
    gpu::check(cudaMemcpyAsync(out.data(), device, size * sizeof(T), cudaMemcpyDeviceToHost, gpu::current_stream()),
               "download");
    gpu::check(cudaStreamSynchronize(gpu::current_stream()), "synchronize");
    return out;
  }
};

class Test {
 public:
  explicit Test(unsigned seed) : random_(seed) {}
  ~Test() {
    for (void* p : owned_) cudaFree(p);
    cudaGetLastError();
  }

  template <class T>
  Array<T> empty(std::int64_t n) {
    Array<T> array;
    array.size = n;
    gpu::check(cudaMalloc(&array.device, n * sizeof(T)), "cudaMalloc");
    owned_.push_back(array.device);
    return array;
  }
  template <class T>
  Array<T> upload(std::vector<T> values) {
    Array<T> array = empty<T>(static_cast<std::int64_t>(values.size()));
    array.values = std::move(values);
    gpu::check(cudaMemcpy(array.device, array.values.data(), array.size * sizeof(T), cudaMemcpyHostToDevice), "upload");
    return array;
  }
  template <class T>
  Array<T> random(std::int64_t n) {
    std::vector<T> values(n);
    std::uniform_real_distribution<float> uniform(-1, 1);
    for (T& v : values) v = convert<T>(uniform(random_));
    return upload(std::move(values));
  }

  void near(double got, double expected, double tolerance, std::int64_t at) {
    if (!(std::abs(got - expected) <= tolerance * (1 + std::abs(expected))))
      throw Failure("element " + std::to_string(at) + " is " + std::to_string(got) + ", expected " +
                    std::to_string(expected));
  }

  // c (m, n) = a (m, k) b (k, n), or b (n, k) transposed.
  template <class C, class T>
  void check_product(const Array<C>& c, const Array<T>& a, const Array<T>& b, int m, int n, int k,
                     bool transposed = false) {
    const auto got = c.host();
    std::vector<double> row(n);
    for (int i = 0; i < m; ++i) {
      for (double& v : row) v = 0;
      for (int p = 0; p < k; ++p) {
        const double x = to_float(a.values[std::int64_t(i) * k + p]);
        for (int j = 0; j < n; ++j)
          row[j] += x * to_float(b.values[transposed ? std::int64_t(j) * k + p : std::int64_t(p) * n + j]);
      }
      for (int j = 0; j < n; ++j) near(convert<float>(got[std::int64_t(i) * n + j]), row[j], 1e-2, i * n + j);
    }
  }

 private:
  std::mt19937 random_;
  std::vector<void*> owned_;
};

// In which builds a bug must be caught; 0: a correct test.
enum Caught { kCorrect = 0, kPlain = 1, kRace = 2, kAsan = 4, kEverywhere = 7 };

struct Case {
  const char* name;
  void (*run)(Test&);
  int caught;
};
std::vector<Case>& cases();
struct Register {
  explicit Register(Case c) { cases().push_back(c); }
};

}  // namespace tilestack

#define TEST(name, ...) const Register test_##name({#name, __VA_ARGS__, kCorrect})
#define BUG(name, caught, ...) const Register test_##name({#name, __VA_ARGS__, caught})
