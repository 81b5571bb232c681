#include "cuda/straighten.h"

#include "cuda/transpose.cuh"
#include "ops/copy/copy.h"

namespace tilestack::gpu {
namespace {

constexpr std::int64_t kLeast = 65536;  // elements
constexpr std::int64_t kShort = 32;     // rows of the result whose elements share sectors with the next row's

bool is_worth_it(const View& x, const View& y) {
  const View* const views[] = {&y, &x};
  const MapPlan plan(views, 2, 1);
  for (int d = 0; d < plan.dims; ++d)
    if (plan.strides[1][d] == 0) return false;  // the copy would be larger than x
  return plan.n >= kLeast && plan.shape[0] > kShort && Transposition(plan, kLogTile<float>, sizeof(float)).found;
}

// x's shape in dense memory, its dimensions ordered as y's are.
View in_order_of(const View& y, View x) {
  std::int64_t stride = 1;
  bool placed[kMaxDims] = {};
  for (int i = 0; i < x.ndim; ++i) {
    int next = -1;
    for (int d = x.ndim - 1; d >= 0; --d)
      if (!placed[d] && (next < 0 || y.strides[d] < y.strides[next])) next = d;
    placed[next] = true;
    x.strides[next] = stride;
    stride *= x.shape[next];
  }
  return x;
}

}  // namespace

Straightened::Straightened(const View* const* operands, int count) {
  for (int v = 0; v < count; ++v) {
    views[v] = operands[v];
    if (v == 0 || operands[v]->on_host || !is_worth_it(*operands[v], *operands[0])) continue;
    memory_[v].emplace(operands[0]->numel() * std::int64_t(size_of(operands[v]->dtype)));
    copies_[v] = in_order_of(*operands[0], *operands[v]);
    copies_[v].pointer = memory_[v]->data;
    cuda::copy.forward(*operands[v], copies_[v]);
    views[v] = &copies_[v];
    changed = true;
  }
}

}  // namespace tilestack::gpu
