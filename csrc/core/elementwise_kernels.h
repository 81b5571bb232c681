#pragma once
#include "core/kernels.h"

// Tables that many elementwise ops share. All views of a call have one shape and may have any strides; results may be
// the inputs themselves. A number among the inputs is a view of one value in the compute type (float for 16-bit
// floats), with all strides 0. Results are overwritten.
namespace tilestack {

// y = f(x).   saved: x or y, as the op's contract says.   dx = dy f'(x)
struct UnaryKernels {
  void (*forward)(View x, View y);
  void (*backward)(View saved, View dy, View dx);
};

// y = f(x), for ops without a gradient or whose gradient is made of other ops.
struct UnaryMap {
  void (*forward)(View x, View y);
};

// y = f(a, b), for ops without a gradient or whose gradient is made of other ops.
struct BinaryMap {
  void (*forward)(View a, View b, View y);
};

// y = f(a, b).   da = dy df/da,  db = dy df/db, before they are summed to the inputs' shapes
struct BinaryKernels {
  void (*forward)(View a, View b, View y);
  void (*backward_a)(View a, View b, View dy, View da);
  void (*backward_b)(View a, View b, View dy, View db);
};

}  // namespace tilestack
