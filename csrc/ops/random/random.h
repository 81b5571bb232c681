#pragma once
#include "core/kernels.h"
#include "core/philox.h"

namespace tilestack {

class Dims;
class Generator;

// Fill y with random numbers that depend on the stream and the element's index in memory order alone.   y: contiguous
// Element i takes word i of the stream; of float64 and integers, words 2 i and 2 i + 1.
// uniform: [low, high), from as many bits as the dtype has.   normal: Box and Muller (1958), from the words of two
// elements 16 apart (float64: neighbours).   integers: [low, high)   bernoulli: 1 with probability p, any dtype
struct RandomKernels {
  void (*uniform)(View y, Philox stream, double low, double high);
  void (*normal)(View y, Philox stream, double mean, double std);
  void (*integers)(View y, Philox stream, std::int64_t low, std::int64_t high);
  void (*bernoulli)(View y, Philox stream, double p);
};
TILESTACK_KERNELS(RandomKernels, random)

// Overwrite x and return it. generator: null for the default one.
Tensor uniform_(const Tensor& x, double low, double high, Generator* generator);
Tensor normal_(const Tensor& x, double mean, double std, Generator* generator);
Tensor bernoulli_(const Tensor& x, double p, Generator* generator);
Tensor random_(const Tensor& x, std::int64_t low, std::int64_t high, Generator* generator);
// 1 with the probability that each element of p says.
Tensor bernoulli(const Tensor& p, Generator* generator);
// 0 to n - 1 in random order, int64.
Tensor randperm(std::int64_t n, Generator* generator);

}  // namespace tilestack
