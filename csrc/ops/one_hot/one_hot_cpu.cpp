#include "core/index_range.h"
#include "core/parallel.h"
#include "ops/one_hot/one_hot.h"

namespace tilestack::TILESTACK_ISA {
namespace {

std::int64_t largest(View indices) {
  std::int64_t most = -1;
  visit_index(indices.dtype, [&]<class Index>() {
    for (std::int64_t i = 0; i < indices.numel(); ++i)
      if (indices.data<Index>()[i] > most) most = indices.data<Index>()[i];
  });
  return most;
}

std::int64_t forward(View indices, View y) {
  std::int64_t bad = -1;
  visit_index(indices.dtype, [&]<class Index>() {
    const std::int64_t n = indices.numel(), classes = y.cols();
    bad = first_outside(indices.data<Index>(), n, 0, classes);
    if (bad >= 0) return;
    parallel_rows(n, classes, [&](std::int64_t i) {
      std::int64_t* row = y.row<std::int64_t>(i);
      __builtin_memset(row, 0, std::size_t(classes) * sizeof *row);
      row[indices.data<Index>()[i]] = 1;
    });
  });
  return bad;
}

}  // namespace
constinit const OneHotKernels one_hot = {largest, forward};
}  // namespace tilestack::TILESTACK_ISA
