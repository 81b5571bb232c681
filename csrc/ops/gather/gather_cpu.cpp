#include "core/index_range.h"
#include "core/parallel.h"
#include "core/visit.h"
#include "ops/gather/gather.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// Where the element of x that stands at `flat` of index's dimensions [begin, end) lies.
TILESTACK_INLINE std::int64_t place(const View& x, const View& index, int begin, int end, std::int64_t flat) {
  std::int64_t offset = 0;
  for (int i = end - 1; i > begin; --i) {
    offset += flat % index.shape[i] * x.strides[i];
    flat /= index.shape[i];
  }
  return begin < end ? offset + flat * x.strides[begin] : offset;
}

// Indices of either dtype, told apart at run time: a version of each loop for either would be twice the code.
struct Picks {
  const void* data;
  bool wide;
  TILESTACK_INLINE explicit Picks(const View& index) : data(index.pointer), wide(index.dtype == DType::int64) {}
  TILESTACK_INLINE std::int64_t operator[](std::int64_t i) const {
    return wide ? static_cast<const std::int64_t*>(data)[i] : static_cast<const std::int32_t*>(data)[i];
  }
};

// f(place in x, place in y) for all elements of index. Those that may meet at one place in x have one owner.
template <class F>
void for_gathered(const View& x, const View& index, int dim, F&& f) {
  const std::int64_t outer = count_of(index, 0, dim), inner = count_of(index, dim + 1, index.ndim);
  const std::int64_t count = index.shape[dim], size = x.shape[dim], stride = x.strides[dim];
  const Picks picks(index);
  const Scratch<std::int64_t> inside(inner);
  for (std::int64_t k = 0; k < inner; ++k) inside[k] = place(x, index, dim + 1, index.ndim, k);
  const std::int64_t span = inner < 256 ? inner : 256, spans = span > 0 ? (inner + span - 1) / span : 0;
  parallel_rows(outer * spans, count * span, [&](std::int64_t unit) {
    const std::int64_t o = spans == 1 ? unit : unit / spans, begin = (unit - o * spans) * span;
    const std::int64_t end = begin + span < inner ? begin + span : inner, base = place(x, index, 0, dim, o);
    if (inner == 1) {  // with copies of what f might write to, as far as the compiler knows
      const Picks row = picks;
      const auto apply = f;
      const std::int64_t most = size, step = stride, last = (o + 1) * count;
      for (std::int64_t at = o * count; at < last; ++at)
        if (const std::int64_t pick = row[at]; pick >= 0 && pick < most) apply(base + pick * step, at);
      return;
    }
    for (std::int64_t j = 0; j < count; ++j)
      for (std::int64_t k = begin; k < end; ++k) {
        const std::int64_t at = (o * count + j) * inner + k, pick = picks[at];
        if (pick >= 0 && pick < size) f(base + inside[k] + pick * stride, at);
      }
  });
}

// The first index that is not within x, or -1.
std::int64_t first_bad(const View& x, const View& index, int dim) {
  std::int64_t bad = -1;
  visit_index(index.dtype,
              [&]<class Index>() { bad = first_outside(index.data<Index>(), index.numel(), 0, x.shape[dim]); });
  return bad;
}

std::int64_t forward(View x, View index, View y, int dim) {
  if (const std::int64_t bad = first_bad(x, index, dim); bad >= 0) return bad;
  visit_size(x.dtype, [&]<class T>() {
    const T* from = x.data<T>();
    T* to = y.data<T>();
    for_gathered(x, index, dim, [=](std::int64_t at_x, std::int64_t at_y) { to[at_y] = from[at_x]; });
  });
  return -1;
}

std::int64_t put(View y, View index, View x, int dim, const char*) {
  if (const std::int64_t bad = first_bad(x, index, dim); bad >= 0) return bad;
  visit_size(x.dtype, [&]<class T>() {
    const T* from = y.data<T>();
    T* to = x.data<T>();
    for_gathered(x, index, dim, [=](std::int64_t at_x, std::int64_t at_y) { to[at_x] = from[at_y]; });
  });
  return -1;
}

// join(what is there, what comes), in the type of the computation
template <class Join>
std::int64_t join_with(const View& y, const View& index, const View& x, int dim, Join join) {
  if (const std::int64_t bad = first_bad(x, index, dim); bad >= 0) return bad;
  visit_number(x.dtype, [&]<class T>() {
    const T* from = y.data<T>();
    T* to = x.data<T>();
    for_gathered(x, index, dim, [=](std::int64_t at_x, std::int64_t at_y) {
      to[at_x] = convert<T>(join(convert<Compute<T>>(to[at_x]), convert<Compute<T>>(from[at_y])));
    });
  });
  return -1;
}

std::int64_t add(View y, View index, View x, int dim, const char*) {
  return join_with(y, index, x, dim, []<class T>(T a, T b) { return T(a + b); });
}

std::int64_t fold(View y, View index, View x, int dim, const char*, Fold with) {
  return join_with(y, index, x, dim, [with]<class T>(T a, T b) {
    if (with == Fold::product) return T(a * b);
    const bool keep = a != a || (with == Fold::larger ? a >= b : a <= b);
    return keep ? a : b;
  });
}

}  // namespace
constinit const GatherKernels gather = {forward, add, put, fold};
}  // namespace tilestack::TILESTACK_ISA
