#include "cuda/map_plan.h"

namespace tilestack::gpu {
namespace {

constexpr std::int64_t kIndexLimit = std::int64_t(1) << 31;

std::int64_t magnitude(std::int64_t x) { return x < 0 ? -x : x; }

}  // namespace

MapPlan::MapPlan(const View* const* operands, int count, int width) : views(count), width(width) {
  const View& result = *operands[0];
  int order[kMaxDims], kept = 0;
  for (int d = result.ndim - 1; d >= 0; --d) {
    if (result.shape[d] == 1) continue;
    int at = kept++;
    for (; at > 0 && magnitude(result.strides[order[at - 1]]) > magnitude(result.strides[d]); --at)
      order[at] = order[at - 1];
    order[at] = d;
  }
  for (int i = 0; i < kept; ++i) {
    const int d = order[i];
    n *= result.shape[d];
    if (merges(operands, d)) {
      shape[dims - 1] *= result.shape[d];
      continue;
    }
    shape[dims] = result.shape[d];
    for (int v = 0; v < count; ++v) strides[v][dims] = operands[v]->strides[d];
    ++dims;
  }
  if (dims == 0) shape[dims++] = 1;
  for (int v = 0; v < count; ++v) {
    pointers[v] = operands[v]->on_host ? nullptr : operands[v]->data<char>();
    items[v] = size_of(operands[v]->dtype);
    access[v] = access_of(v);
  }
}

bool MapPlan::merges(const View* const* operands, int d) const {
  if (dims == 0) return false;
  for (int v = 0; v < views; ++v)
    if (operands[v]->strides[d] != strides[v][dims - 1] * shape[dims - 1]) return false;
  return true;
}

Access MapPlan::access_of(int view) const {
  const std::int64_t* steps = strides[view];
  bool one = view > 0, dense = steps[0] == 1 || n == 1, whole = shape[0] % width == 0;
  for (int d = 0; d < dims; ++d) {
    one = one && (steps[d] == 0 || n == 1);
    dense = dense && (d == 0 || steps[d] == steps[d - 1] * shape[d - 1]);
  }
  if (one) return Access::one;
  if (view > 0 && steps[0] == 0 && whole) return Access::splat;
  if (!is_aligned(pointers[view], items[view] * std::size_t(width))) return Access::scalar;
  if (dense) return Access::dense;
  for (int d = 1; d < dims; ++d) whole = whole && steps[d] % width == 0;
  return whole && steps[0] == 1 ? Access::vector : Access::scalar;
}

bool MapPlan::is_flat() const {
  for (int v = 0; v < views; ++v)
    if (access[v] != Access::one && access[v] != Access::dense) return false;
  return true;
}

MapPlan MapPlan::part(std::int64_t begin, std::int64_t end) const {
  const int outer = dims - 1;
  MapPlan some = *this;
  some.n = n / shape[outer] * (end - begin);
  some.shape[outer] = end - begin;
  for (int v = 0; v < views; ++v) {
    if (pointers[v]) some.pointers[v] += begin * strides[v][outer] * std::int64_t(items[v]);
  }
  if (end - begin == 1 && outer > 0) --some.dims;
  for (int v = 0; v < views; ++v) some.access[v] = some.access_of(v);
  return some;
}

bool MapPlan::is_small() const {
  if (n >= kIndexLimit) return false;
  for (int v = 0; v < views; ++v) {
    std::int64_t span = 0;
    for (int d = 0; d < dims; ++d) span += magnitude(strides[v][d]) * (shape[d] - 1);
    if (span >= kIndexLimit) return false;
  }
  return true;
}

// Halves the outermost dimension until what is left is small enough.
void MapPlan::for_each_part(void (*run)(const void* context, const MapPlan& plan), const void* context) const {
  if (is_small()) return run(context, *this);
  const std::int64_t size = shape[dims - 1], half = size / 2;
  part(0, half).for_each_part(run, context);
  part(half, size).for_each_part(run, context);
}

}  // namespace tilestack::gpu
