#pragma once
#include "core/elementwise_kernels.h"

namespace tilestack {

// The numbers of an elementwise function, as the op's contract says; those that it has not are 0.
struct Parameters {
  double a = 0, b = 0, c = 0;
};

// y = f(x; p).   dx = dy f'(x; p).   As UnaryKernels, with x saved.
struct ParametricKernels {
  void (*forward)(View x, View y, Parameters p);
  void (*backward)(View x, View dy, View dx, Parameters p);
};

}  // namespace tilestack
