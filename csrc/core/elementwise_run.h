#pragma once
#include "core/parallel.h"
#include "core/view.h"

namespace tilestack {

constexpr int kMaxOperands = 5;

// Operands of a run of elements in dense memory; the first is written. An operand of which all elements are the same is
// `constant`: its pointer leads to one value, of the operand's dtype or, if it came as a number, of the compute type.
struct ElementRun {
  void* pointers[kMaxOperands];
  DType dtypes[kMaxOperands];
  bool constant[kMaxOperands];
  bool stream;  // the result is large and aligned: write it past the caches
};
using ElementLoop = void (*)(const void* f, const ElementRun& run, std::int64_t n);

// Calls loop for all elements of views of one shape, split by shape over the threads. What does not lie densely in the
// order of the first view is packed into tiles before and unpacked after. views[0] must not overlap others, unless it
// is the same view.
void run_elementwise(const View* const* views, int count, ElementLoop loop, const void* f);

}  // namespace tilestack
