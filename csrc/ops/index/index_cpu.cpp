#include "core/index_range.h"
#include "core/parallel.h"
#include "ops/index/index.h"

namespace tilestack::TILESTACK_ISA {
namespace {

std::int64_t locate(View index, View offsets, std::int64_t size, std::int64_t stride) {
  std::int64_t bad = -1;
  visit_index(index.dtype, [&]<class Index>() {
    const Index* in = index.data<Index>();
    std::int64_t* out = offsets.data<std::int64_t>();
    bad = first_outside(in, index.numel(), -size, size);
    if (bad >= 0) return;
    for (std::int64_t i = 0; i < index.numel(); ++i) out[i] += stride * (in[i] < 0 ? in[i] + size : in[i]);
  });
  return bad;
}

// Whether the inner dimensions lie without gaps; else a table says where each of their elements is.
bool is_dense(const View& rest, int before) {
  std::int64_t expected = 1;
  for (int i = rest.ndim - 1; i >= before; --i) {
    if (rest.shape[i] != 1 && rest.strides[i] != expected) return false;
    expected *= rest.shape[i];
  }
  return true;
}

void fill_table(const View& rest, int before, std::int64_t inner, std::int64_t* table) {
  for (std::int64_t k = 0; k < inner; ++k) table[k] = offset_of(rest, before, rest.ndim, k);
}

void forward(View rest, Picked picked, View y, int before) {
  const std::int64_t n = picked.offsets.numel(), outer = count_of(rest, 0, before);
  const std::int64_t inner = count_of(rest, before, rest.ndim);
  const std::int64_t* offsets = picked.offsets.data<std::int64_t>();
  const bool dense = is_dense(rest, before);
  const Scratch<std::int64_t> table(dense ? 0 : inner);
  if (!dense) fill_table(rest, before, inner, table);
  visit_size(rest.dtype, [&]<class T>() {
    parallel_for(outer * n, grain_of(outer * n, inner), [=, &rest, &y, &table](std::int64_t row, std::int64_t end) {
      const std::int64_t* const places = table;
      T* out = y.data<T>() + row * inner;
      for (std::int64_t o = row / n, i = row - o * n; row < end; ++o, i = 0) {
        const T* base = rest.data<T>() + offset_of(rest, 0, before, o);
        for (; i < n && row < end; ++i, ++row, out += inner) {
          const T* x = base + offsets[i];
          if (dense) {
            for (std::int64_t k = 0; k < inner; ++k) out[k] = x[k];
          } else {
            for (std::int64_t k = 0; k < inner; ++k) out[k] = x[places[k]];
          }
        }
      }
    });
  });
}

// f(x, y, elements, table or null) for each picked row of x, cut into spans of columns: each span is its owner's for
// all rows, who takes them in order.
template <class T, class F>
void for_picked(const View& rest, const Picked& picked, const View& y, int before, F&& f) {
  const std::int64_t n = picked.offsets.numel(), outer = count_of(rest, 0, before);
  const std::int64_t inner = count_of(rest, before, rest.ndim);
  const std::int64_t* offsets = picked.offsets.data<std::int64_t>();
  const bool dense = is_dense(rest, before);
  const Scratch<std::int64_t> table(dense ? 0 : inner);
  if (!dense) fill_table(rest, before, inner, table);
  const std::int64_t span = inner < 256 ? inner : 256, spans = span > 0 ? (inner + span - 1) / span : 0;
  parallel_rows(outer * spans, n * span, [&](std::int64_t unit) {
    const std::int64_t o = unit / spans, begin = unit % spans * span;
    const std::int64_t count = begin + span < inner ? span : inner - begin;
    T* base = rest.data<T>() + offset_of(rest, 0, before, o) + (dense ? begin : 0);
    const T* value = y.data<T>() + o * n * inner + begin;
    for (std::int64_t i = 0; i < n; ++i)
      f(base + offsets[i], value + i * inner, count, dense ? nullptr : table + begin);
  });
}

template <class T>
TILESTACK_INLINE void add_to(T& sum, T value) {
  sum = convert<T>(Compute<T>(convert<Compute<T>>(sum) + convert<Compute<T>>(value)));
}

void put(View rest, Picked picked, View y, int before, bool accumulate) {
  if (!accumulate)
    return visit_size(rest.dtype, [&]<class T>() {
      for_picked<T>(rest, picked, y, before, [](T* x, const T* value, std::int64_t count, const std::int64_t* table) {
        for (std::int64_t k = 0; k < count; ++k) x[table ? table[k] : k] = value[k];
      });
    });
  visit_all(rest.dtype, [&]<class T>() {
    for_picked<T>(rest, picked, y, before,
                  [](T* __restrict__ x, const T* __restrict__ value, std::int64_t count, const std::int64_t* table) {
                    if constexpr (__is_same(T, float)) {
                      if (!table) {
                        for (std::int64_t k = 0; k < count; ++k) add_to(x[k], value[k]);
                        return;
                      }
                    }
                    for (std::int64_t k = 0; k < count; ++k) add_to(x[table ? table[k] : k], value[k]);
                  });
  });
}

}  // namespace
constinit const IndexKernels index = {locate, forward, put};
}  // namespace tilestack::TILESTACK_ISA
