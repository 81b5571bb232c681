#include "ops/tril/tril.h"

#include "core/parallel.h"

namespace tilestack::TILESTACK_ISA {
namespace {

void forward(View x, View y, std::int64_t diagonal, bool upper) {
  const std::int64_t rows = x.shape[1], cols = x.shape[2];
  visit_size(x.dtype, [&]<class T>() {
    parallel_rows(x.shape[0] * rows, cols, [&](std::int64_t row) {
      // Columns before `edge` are below or on the diagonal, for upper strictly below it.
      const std::int64_t wanted = row % rows + diagonal + (upper ? 0 : 1);
      const std::int64_t edge = wanted < 0 ? 0 : wanted > cols ? cols : wanted;
      const T* from = x.data<T>() + row * cols;
      T* to = y.data<T>() + row * cols;
      const std::int64_t keep = upper ? edge : 0, keep_end = upper ? cols : edge;
      const std::int64_t clear = upper ? 0 : edge, clear_end = upper ? edge : cols;
      __builtin_memcpy(to + keep, from + keep, std::size_t(keep_end - keep) * sizeof(T));
      __builtin_memset(to + clear, 0, std::size_t(clear_end - clear) * sizeof(T));
    });
  });
}

}  // namespace
constinit const TrilKernels tril = {forward};
}  // namespace tilestack::TILESTACK_ISA
