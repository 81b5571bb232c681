#include "core/index_range.h"
#include "core/parallel.h"
#include "core/visit.h"
#include "ops/gather/gather.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// Where the element of x that stands at `flat` of index's dimensions [begin, end) lies.
TILESTACK_INLINE std::int64_t place(const View& x, const View& index, int begin, int end, std::int64_t flat) {
  std::int64_t offset = 0;
  for (int i = end - 1; i >= begin; --i) {
    offset += flat % index.shape[i] * x.strides[i];
    flat /= index.shape[i];
  }
  return offset;
}

// f(place in x, place in y) for all elements of index. Those that may meet at one place in x have one owner.
template <class Index, class F>
void for_gathered(const View& x, const View& index, int dim, F&& f) {
  const std::int64_t outer = count_of(index, 0, dim), inner = count_of(index, dim + 1, index.ndim);
  const std::int64_t count = index.shape[dim], size = x.shape[dim], stride = x.strides[dim];
  const Index* picks = index.data<Index>();
  const Scratch<std::int64_t> inside(inner);
  for (std::int64_t k = 0; k < inner; ++k) inside[k] = place(x, index, dim + 1, index.ndim, k);
  const std::int64_t span = inner < 256 ? inner : 256, spans = span > 0 ? (inner + span - 1) / span : 0;
  parallel_rows(outer * spans, count * span, [&](std::int64_t unit) {
    const std::int64_t o = unit / spans, begin = unit % spans * span;
    const std::int64_t end = begin + span < inner ? begin + span : inner, base = place(x, index, 0, dim, o);
    for (std::int64_t j = 0; j < count; ++j)
      for (std::int64_t k = begin; k < end; ++k) {
        const std::int64_t at = (o * count + j) * inner + k, pick = picks[at];
        if (pick >= 0 && pick < size) f(base + inside[k] + pick * stride, at);
      }
  });
}

// f.operator()<Index>() if all indices are within x.
template <class F>
std::int64_t visit_valid(const View& x, const View& index, int dim, F&& f) {
  std::int64_t bad = -1;
  visit_index(index.dtype, [&]<class Index>() {
    bad = first_outside(index.data<Index>(), index.numel(), 0, x.shape[dim]);
    if (bad < 0) f.template operator()<Index>();
  });
  return bad;
}

std::int64_t forward(View x, View index, View y, int dim) {
  return visit_valid(x, index, dim, [&]<class Index>() {
    visit_size(x.dtype, [&]<class T>() {
      const T* from = x.data<T>();
      T* to = y.data<T>();
      for_gathered<Index>(x, index, dim, [&](std::int64_t at_x, std::int64_t at_y) { to[at_y] = from[at_x]; });
    });
  });
}

std::int64_t add(View y, View index, View x, int dim, const char*) {
  return visit_valid(x, index, dim, [&]<class Index>() {
    visit_number(x.dtype, [&]<class T>() {
      const T* from = y.data<T>();
      T* to = x.data<T>();
      for_gathered<Index>(x, index, dim, [&](std::int64_t at_x, std::int64_t at_y) {
        to[at_x] = convert<T>(Compute<T>(convert<Compute<T>>(to[at_x]) + convert<Compute<T>>(from[at_y])));
      });
    });
  });
}

std::int64_t put(View y, View index, View x, int dim, const char*) {
  return visit_valid(x, index, dim, [&]<class Index>() {
    visit_size(x.dtype, [&]<class T>() {
      const T* from = y.data<T>();
      T* to = x.data<T>();
      for_gathered<Index>(x, index, dim, [&](std::int64_t at_x, std::int64_t at_y) { to[at_x] = from[at_y]; });
    });
  });
}

template <Fold with, class T>
TILESTACK_INLINE T folded(T a, T b) {
  if constexpr (with == Fold::product) return T(a * b);
  const bool keep = a != a || (with == Fold::larger ? a >= b : a <= b);
  return keep ? a : b;
}

template <Fold with>
std::int64_t fold_with(const View& y, const View& index, const View& x, int dim) {
  return visit_valid(x, index, dim, [&]<class Index>() {
    visit_number(x.dtype, [&]<class T>() {
      const T* from = y.data<T>();
      T* to = x.data<T>();
      for_gathered<Index>(x, index, dim, [&](std::int64_t at_x, std::int64_t at_y) {
        const auto before = convert<Compute<T>>(to[at_x]), value = convert<Compute<T>>(from[at_y]);
        to[at_x] = convert<T>(folded<with>(before, value));
      });
    });
  });
}

std::int64_t fold(View y, View index, View x, int dim, const char*, Fold with) {
  if (with == Fold::product) return fold_with<Fold::product>(y, index, x, dim);
  return with == Fold::larger ? fold_with<Fold::larger>(y, index, x, dim) : fold_with<Fold::smaller>(y, index, x, dim);
}

}  // namespace
constinit const GatherKernels gather = {forward, add, put, fold};
}  // namespace tilestack::TILESTACK_ISA
