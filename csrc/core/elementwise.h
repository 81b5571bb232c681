#pragma once
// The inside of elementwise kernels. map<T(T, T)>([](auto a, auto b) { return a + b; }, y, a, b) sets y = a + b for
// views of one shape, of any strides, with elements of the storage types named. The functor gets and returns vectors of
// the compute types (bool: bytes in, a mask or bytes out). Integers keep their type; bool(T, T) is a comparison.
#include <utility>

#include "core/elementwise_run.h"
#include "core/vec.h"
#include "core/visit.h"

namespace tilestack::TILESTACK_ISA {
namespace {

template <class S>
struct ElementOf {
  using type = Compute<S>;
};
template <>
struct ElementOf<bool> {
  using type = std::uint8_t;
};
template <class S>
using Element = typename ElementOf<S>::type;
template <class E, int lanes>
struct LanesOf {
  typedef E type __attribute__((vector_size(lanes * sizeof(E))));
};
// `lanes` elements of storage type S in the type that they are computed in.
template <class S, int lanes>
using LanesFor = typename LanesOf<Element<S>, lanes>::type;

template <class S, int lanes>
constexpr bool kFillsVector = lanes * sizeof(Element<S>) == kVectorBytes && !__is_same(S, bool);

template <class S, int lanes>
TILESTACK_INLINE LanesFor<S, lanes> load_lanes(const S* p) {
  if constexpr (kFillsVector<S, lanes>) {
    return load(p);
  } else {
    return load_raw<LanesFor<S, lanes>>(p);
  }
}
template <class S, int lanes>
TILESTACK_INLINE LanesFor<S, lanes> load_lanes(const S* p, std::int64_t n) {
  if constexpr (kFillsVector<S, lanes>) {
    return load_partial(p, n);
  } else {
    LanesFor<S, lanes> v = {};
    __builtin_memcpy(&v, p, std::size_t(n) * sizeof(S));
    return v;
  }
}

// What a functor returned, as it is stored: of a mask or of bytes that stand for bools, the lowest bit.
template <class S, int lanes, class V>
TILESTACK_INLINE LanesFor<S, lanes> as_stored(V v) {
  if constexpr (__is_same(S, bool)) {
    return __builtin_convertvector(v, LanesFor<bool, lanes>) & std::uint8_t(1);
  } else {
    return v;
  }
}
template <class S, int lanes>
TILESTACK_INLINE void store_lanes(S* p, LanesFor<S, lanes> v) {
  if constexpr (kFillsVector<S, lanes>) {
    store(p, v);
  } else {
    __builtin_memcpy(p, &v, sizeof v);
  }
}
template <class S, int lanes>
TILESTACK_INLINE void store_lanes(S* p, LanesFor<S, lanes> v, std::int64_t n) {
  if constexpr (kFillsVector<S, lanes>) {
    store_partial(p, v, n);
  } else {
    __builtin_memcpy(p, &v, std::size_t(n) * sizeof(S));
  }
}

// Past the caches, for aligned memory too large to stay in them. x86 only; an ordinary store elsewhere.
template <class S>
TILESTACK_INLINE void store_stream(S* p, Vec<Compute<S>> v) {
#if defined(__AVX512F__)
  if constexpr (__is_same(S, float)) return _mm512_stream_ps(p, (__m512)v);
#elif defined(__AVX2__)
  if constexpr (__is_same(S, float)) return _mm256_stream_ps(p, (__m256)v);
#elif defined(__SSE2__)
  if constexpr (__is_same(S, float)) return _mm_stream_ps(p, (__m128)v);
#endif
  store(p, v);
}

// One input of the loop: an array, or one value for all elements.
template <class S, int lanes>
struct Input {
  const S* p;
  bool constant;
  LanesFor<S, lanes> value = {};

  TILESTACK_INLINE Input(const ElementRun& run, int k)
      : p(static_cast<const S*>(run.pointers[k])), constant(run.constant[k]) {
    if (!constant) return;
    using E = Element<S>;
    const bool stored = run.dtypes[k] == dtype_of<S>;
    E one;
    if constexpr (__is_same(S, bool) || __is_same(S, E)) {
      one = *reinterpret_cast<const E*>(p);
    } else {
      one = stored ? convert<E>(*p) : *reinterpret_cast<const E*>(p);
    }
    for (int i = 0; i < lanes; ++i) value[i] = one;  // not by addition, for the sign of zero and the bits of integers
  }
  TILESTACK_INLINE LanesFor<S, lanes> at(std::int64_t i) const {
    return constant ? value : load_lanes<S, lanes>(p + i);
  }
  TILESTACK_INLINE LanesFor<S, lanes> at(std::int64_t i, std::int64_t n) const {
    return constant ? value : load_lanes<S, lanes>(p + i, n);
  }
};

template <class Signature>
struct Map;
template <class Out, class... In>
struct Map<Out(In...)> {
  static constexpr int lanes = [] {
    std::size_t widest = sizeof(Element<Out>);
    ((widest = sizeof(Element<In>) > widest ? sizeof(Element<In>) : widest), ...);
    return int(kVectorBytes / widest);
  }();

  template <class F>
  TILESTACK_INLINE static void each(F f, Out* y, std::int64_t n, Input<In, lanes>... x) {
    std::int64_t i = 0;
    for (; i + lanes <= n; i += lanes) store_lanes<Out, lanes>(y + i, as_stored<Out, lanes>(f(x.at(i)...)));
    if (i < n) store_lanes<Out, lanes>(y + i, as_stored<Out, lanes>(f(x.at(i, n - i)...)), n - i);
  }
  template <class F>
  TILESTACK_INLINE static void each_streamed(F f, Out* y, std::int64_t n, Input<In, lanes>... x) {
    const std::int64_t whole = n / lanes * lanes;
    for (std::int64_t i = 0; i < whole; i += lanes) store_stream(y + i, f(x.at(i)...));
    if (whole < n) store_lanes<Out, lanes>(y + whole, f(x.at(whole, n - whole)...), n - whole);
#if defined(__SSE2__)
    _mm_sfence();
#endif
  }

  template <class F, std::size_t... k>
  TILESTACK_INLINE static void run(const F& f, const ElementRun& run, std::int64_t n, std::index_sequence<k...>) {
    Out* y = static_cast<Out*>(run.pointers[0]);
    if constexpr (__is_same(Out, float)) {
      if (run.stream) return each_streamed(f, y, n, Input<In, lanes>(run, k + 1)...);
    }
    each(f, y, n, Input<In, lanes>(run, k + 1)...);
  }
  template <class F>
  static void loop(const void* f, const ElementRun& elements, std::int64_t n) {
    run(*static_cast<const F*>(f), elements, n, std::index_sequence_for<In...>());
  }
};

template <class Signature, class F, class... X>
TILESTACK_INLINE void map(F f, const View& y, const X&... x) {
  const View* views[] = {&y, &x...};
  run_elementwise(views, int(sizeof...(X)) + 1, Map<Signature>::template loop<F>, &f);
}

// The dtype of the tensors among a kernel's operands: a number comes in the compute type, which is never narrower.
TILESTACK_INLINE DType narrower(const View& a, const View& b) {
  return size_of(b.dtype) < size_of(a.dtype) ? b.dtype : a.dtype;
}

// For what has no vector form.
template <class V, class F>
TILESTACK_INLINE V by_lane(V a, V b, F f) {
  V y;
  for (std::size_t i = 0; i < sizeof(V) / sizeof(a[0]); ++i) y[i] = f(a[i], b[i]);
  return y;
}

// A number among the operands, in its value; a tensor of one value counts only if it has the compute type.
TILESTACK_INLINE bool is_number(const View& x) {
  if (x.dtype != DType::float32 && x.dtype != DType::float64) return false;
  for (int i = 0; i < x.ndim; ++i)
    if (x.strides[i] != 0 || x.shape[i] == 0) return false;
  return true;
}
TILESTACK_INLINE double number_of(const View& x) {
  return x.dtype == DType::float32 ? double(*x.data<float>()) : *x.data<double>();
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
