#pragma once
// Windows over channels-last images, and the loops of the pooling kernels. Backward gathers: each input position adds
// up what the windows over it send, in their order, so overlapping windows need no atomics.
#include "core/once.h"
#include "core/rows.h"

namespace tilestack::TILESTACK_ISA {
namespace {

struct Span {
  std::int32_t begin, end;
};

// The windows along one dimension, as tables.
struct PoolAxis {
  std::int64_t in, out, taps, dilation;  // taps: the most that a window has
  Scratch<std::int64_t> start;           // of each window: position of tap 0, outside of the input where it is padded
  Scratch<Span> inside;                  // of each window: its taps that lie in the input
  Scratch<Span> over;                    // of each position: the windows that may hold it

  PoolAxis(std::int64_t in, std::int64_t out, std::int64_t taps, std::int64_t dilation)
      : in(in), out(out), taps(taps), dilation(dilation), start(out), inside(out), over(in) {}

  TILESTACK_ONCE void slide(std::int64_t stride, std::int64_t padding) {
    const std::int64_t d = dilation, extent = (taps - 1) * d + 1;
    for (std::int64_t o = 0; o < out; ++o) {
      const std::int64_t first = o * stride - padding;
      const std::int64_t begin = first < 0 ? (-first + d - 1) / d : 0;
      const std::int64_t end = first < in ? (in - first + d - 1) / d : 0;
      start[o] = first;
      inside[o] = {std::int32_t(begin), std::int32_t(end < taps ? end : taps)};
    }
    for (std::int64_t i = 0; i < in; ++i) {
      const std::int64_t reach = i + padding, end = reach / stride + 1;
      const std::int64_t begin = reach < extent ? 0 : (reach - extent) / stride + 1;
      over[i] = {std::int32_t(begin), std::int32_t(end < out ? end : out)};
    }
  }

  // Window o covers floor(o in / out) up to ceil((o + 1) in / out).
  TILESTACK_ONCE void adapt() {
    for (std::int64_t o = 0; o < out; ++o) {
      start[o] = o * in / out;
      inside[o] = {0, std::int32_t(((o + 1) * in + out - 1) / out - start[o])};
    }
    for (std::int64_t i = 0; i < in; ++i)
      over[i] = {std::int32_t(i * out / in), std::int32_t(((i + 1) * out + in - 1) / in)};
  }

  // Whether each window has a tap in the input.
  TILESTACK_ONCE bool all_inside() const {
    for (std::int64_t o = 0; o < out; ++o)
      if (inside[o].begin >= inside[o].end) return false;
    return true;
  }

  // Whether windows follow one another and cover all positions.
  TILESTACK_ONCE bool tiles() const {
    for (std::int64_t o = 0; o < out; ++o)
      if (start[o] != o * taps) return false;
    return dilation == 1 && out * taps == in;
  }

  // Tap of window o that reads position i; -1 if none does.
  TILESTACK_INLINE std::int64_t tap(std::int64_t o, std::int64_t i) const {
    const std::int64_t distance = i - start[o];
    if (dilation == 1) return distance;
    return distance % dilation == 0 ? distance / dilation : -1;
  }
};

// f(image, row) for each of `rows` rows of each of `images` images, which hold row_size elements.
template <class F>
TILESTACK_INLINE void parallel_image_rows(std::int64_t images, std::int64_t rows, std::int64_t row_size, F&& f) {
  parallel_rows(images * rows, row_size, [&](std::int64_t i) { f(i / rows, i % rows); });
}

// y(o) = scale_h[oh] * scale_w[ow] * sum of x over window o.
template <class T>
void average_forward(const T* x, T* y, std::int64_t images, std::int64_t channels, const PoolAxis& h, const PoolAxis& w,
                     const Compute<T>* scale_h, const Compute<T>* scale_w) {
  using V = Vec<Compute<T>>;
  parallel_image_rows(images, h.out, w.out * channels * h.taps, [&](std::int64_t image, std::int64_t oh) {
    for (std::int64_t ow = 0; ow < w.out; ++ow) {
      const T* corner = x + ((image * h.in + h.start[oh]) * w.in + w.start[ow]) * channels;
      T* out = y + ((image * h.out + oh) * w.out + ow) * channels;
      const Compute<T> factor = scale_h[oh] * scale_w[ow];
      for_blocks<T>(channels, [&]<int N>(std::int64_t c, auto part) {
        V sum[N] = {};
        for (std::int64_t r = h.inside[oh].begin; r < h.inside[oh].end; ++r)
          for (std::int64_t s = w.inside[ow].begin; s < w.inside[ow].end; ++s)
            for (int k = 0; k < N; ++k)
              sum[k] += part.load(corner + (r * w.in + s) * channels + c + k * kLanes<Compute<T>>);
        for (int k = 0; k < N; ++k) part.store(out + c + k * kLanes<Compute<T>>, sum[k] * factor);
      });
    }
  });
}

// dx(i) = sum of scale_h[oh] * scale_w[ow] * dy(o) over the windows that hold i.
template <class T>
void average_backward(const T* dy, T* dx, std::int64_t images, std::int64_t channels, const PoolAxis& h,
                      const PoolAxis& w, const Compute<T>* scale_h, const Compute<T>* scale_w) {
  using V = Vec<Compute<T>>;
  parallel_image_rows(images, h.in, w.in * channels, [&](std::int64_t image, std::int64_t ih) {
    for (std::int64_t iw = 0; iw < w.in; ++iw) {
      T* out = dx + ((image * h.in + ih) * w.in + iw) * channels;
      for_blocks<T>(channels, [&]<int N>(std::int64_t c, auto part) {
        V sum[N] = {};
        for (std::int64_t oh = h.over[ih].begin; oh < h.over[ih].end; ++oh)
          for (std::int64_t ow = w.over[iw].begin; ow < w.over[iw].end; ++ow) {
            const Compute<T> factor = scale_h[oh] * scale_w[ow];
            const T* g = dy + ((image * h.out + oh) * w.out + ow) * channels + c;
            for (int k = 0; k < N; ++k) sum[k] += part.load(g + k * kLanes<Compute<T>>) * factor;
          }
        for (int k = 0; k < N; ++k) part.store(out + c + k * kLanes<Compute<T>>, sum[k]);
      });
    }
  });
}

// Lanes of a comparison of Vec<C>, and as many stored tap numbers.
template <class C>
using TapLanes = decltype(Vec<C>{} < Vec<C>{});

template <class C>
TILESTACK_INLINE TapLanes<C> every_lane(std::int64_t n) {
  return TapLanes<C>{} + decltype(TapLanes<C>{}[0] + 0)(n);
}
// Integer vectors of the same number of lanes. One halving or doubling at a time, which is one instruction; the
// compiler takes lanes one by one in longer steps.
template <class To, class From>
TILESTACK_INLINE To convert_lanes(From v) {
  if constexpr (sizeof(From) == sizeof(To)) {
    return __builtin_bit_cast(To, v);
  } else if constexpr (sizeof(From) < sizeof(To)) {
    typedef std::conditional_t<sizeof(v[0]) == 1, std::uint16_t,
                               std::conditional_t<sizeof(v[0]) == 2, std::uint32_t, std::uint64_t>>
        Wider __attribute__((vector_size(2 * sizeof(From))));
    return convert_lanes<To>(__builtin_convertvector(v, Wider));
  } else {
    typedef std::conditional_t<sizeof(v[0]) == 8, std::uint32_t,
                               std::conditional_t<sizeof(v[0]) == 4, std::uint16_t, std::uint8_t>>
        Narrower __attribute__((vector_size(sizeof(From) / 2)));
    return convert_lanes<To>(__builtin_convertvector(v, Narrower));
  }
}

template <class C, class Stored>
TILESTACK_INLINE TapLanes<C> load_stored_taps(const Stored* p, std::int64_t n) {
#if defined(__AVX512BW__)
  if constexpr (sizeof(Stored) == 1 && sizeof(C) == 4)
    return (TapLanes<C>)_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(__mmask16((1u << n) - 1), p));
#endif
  typedef std::make_unsigned_t<Stored> Lanes __attribute__((vector_size(sizeof(Stored) * kLanes<C>)));
  Lanes stored{};
  __builtin_memcpy(&stored, p, std::size_t(n) * sizeof(Stored));
  return convert_lanes<TapLanes<C>>(stored);
}
template <class C, class Stored>
TILESTACK_INLINE void store_taps_as(Stored* p, TapLanes<C> taps, std::int64_t n) {
  typedef std::make_unsigned_t<Stored> Lanes __attribute__((vector_size(sizeof(Stored) * kLanes<C>)));
  if (n >= kLanes<C>) {
    const auto stored = convert_lanes<Lanes>(taps);
    __builtin_memcpy(p, &stored, sizeof stored);
    return;
  }
#if defined(__AVX512BW__)
  if constexpr (sizeof(Stored) == 1 && sizeof(C) == 4)
    return _mm_mask_storeu_epi8(p, __mmask16((1u << n) - 1), _mm512_cvtepi32_epi8((__m512i)taps));
#endif
  const auto stored = convert_lanes<Lanes>(taps);
  __builtin_memcpy(p, &stored, std::size_t(n) * sizeof(Stored));
}

// Which tap of each window won, in memory: uint8, or int32 where windows have more than 256. May be null.
struct Taps {
  void* data;
  bool wide;

  TILESTACK_INLINE static Taps of(const View& tap) { return {tap.pointer, tap.dtype == DType::int32}; }
  TILESTACK_INLINE explicit operator bool() const { return data != nullptr; }
  TILESTACK_INLINE Taps operator+(std::int64_t n) const {
    return {static_cast<char*>(data) + (wide ? 4 * n : n), wide};
  }
  TILESTACK_INLINE std::int64_t operator[](std::int64_t i) const { return wide ? ints()[i] : bytes()[i]; }
  TILESTACK_INLINE std::int32_t* ints() const { return static_cast<std::int32_t*>(data); }
  TILESTACK_INLINE std::uint8_t* bytes() const { return static_cast<std::uint8_t*>(data); }
};

// The first n.
template <class C>
TILESTACK_INLINE TapLanes<C> load_taps(Taps from, std::int64_t n) {
  return from.wide ? load_stored_taps<C>(from.ints(), n) : load_stored_taps<C>(from.bytes(), n);
}
template <class C>
TILESTACK_INLINE void store_taps(Taps to, TapLanes<C> taps, std::int64_t n) {
  to.wide ? store_taps_as<C>(to.ints(), taps, n) : store_taps_as<C>(to.bytes(), taps, n);
}
template <class C>
TILESTACK_INLINE constexpr std::int64_t lanes_of(WholeVector) {
  return kLanes<C>;
}
template <class C>
TILESTACK_INLINE std::int64_t lanes_of(RowEnd end) {
  return end.n;
}

// y(o) = largest x in window o, NaN if there is one; tap(o) = which tap of the window it is, the first of equal ones.
// tap may be null.
template <class T>
void max_forward(const T* x, T* y, Taps tap, std::int64_t images, std::int64_t channels, const PoolAxis& h,
                 const PoolAxis& w) {
  using C = Compute<T>;
  parallel_image_rows(images, h.out, w.out * channels * h.taps, [&](std::int64_t image, std::int64_t oh) {
    const Span rows = h.inside[oh];
    for (std::int64_t ow = 0; ow < w.out; ++ow) {
      const T* corner = x + ((image * h.in + h.start[oh]) * w.in + w.start[ow]) * channels;
      const std::int64_t out = ((image * h.out + oh) * w.out + ow) * channels;
      const Span cols = w.inside[ow];
      for_blocks<T>(channels, [&]<int N>(std::int64_t c, auto part) {
        Vec<C> best[N];
        TapLanes<C> at[N];
        for (int k = 0; k < N; ++k) {
          best[k] = splat(-C(__builtin_inf()));
          at[k] = every_lane<C>(rows.begin * w.taps + cols.begin);
        }
        for (std::int64_t r = rows.begin; r < rows.end; ++r)
          for (std::int64_t s = cols.begin; s < cols.end; ++s) {
            const T* in = corner + (r * h.dilation * w.in + s * w.dilation) * channels + c;
            const TapLanes<C> here = every_lane<C>(r * w.taps + s);
            for (int k = 0; k < N; ++k) {
              const Vec<C> v = part.load(in + k * kLanes<C>);
              const TapLanes<C> take = (v > best[k]) | (v != v);
              best[k] = take ? v : best[k];
              at[k] = take ? here : at[k];
            }
          }
        for (int k = 0; k < N; ++k) {
          part.store(y + out + c + k * kLanes<C>, best[k]);
          if (tap) store_taps<C>(tap + out + c + k * kLanes<C>, at[k], lanes_of<C>(part));
        }
      });
    }
  });
}

// dx(i) = sum of dy(o) over the windows whose largest element is i.
template <class T>
void max_backward_gather(const T* dy, Taps tap, T* dx, std::int64_t images, std::int64_t channels, const PoolAxis& h,
                         const PoolAxis& w) {
  using C = Compute<T>;
  parallel_image_rows(images, h.in, w.in * channels, [&](std::int64_t image, std::int64_t ih) {
    for (std::int64_t iw = 0; iw < w.in; ++iw) {
      T* out = dx + ((image * h.in + ih) * w.in + iw) * channels;
      for_blocks<T>(channels, [&]<int N>(std::int64_t c, auto part) {
        Vec<C> sum[N] = {};
        for (std::int64_t oh = h.over[ih].begin; oh < h.over[ih].end; ++oh)
          for (std::int64_t ow = w.over[iw].begin; ow < w.over[iw].end; ++ow) {
            const std::int64_t r = h.tap(oh, ih), s = w.tap(ow, iw);
            if (r < 0 || s < 0) continue;
            const std::int64_t from = ((image * h.out + oh) * w.out + ow) * channels + c;
            const TapLanes<C> here = every_lane<C>(r * w.taps + s);
            for (int k = 0; k < N; ++k) {
              const TapLanes<C> at = load_taps<C>(tap + from + k * kLanes<C>, lanes_of<C>(part));
              sum[k] += at == here ? part.load(dy + from + k * kLanes<C>) : Vec<C>{};
            }
          }
        for (int k = 0; k < N; ++k) part.store(out + c + k * kLanes<C>, sum[k]);
      });
    }
  });
}

// The same for channels that fill no more than a vector: each image is its owner's, who goes through the windows in
// order.
constexpr std::int64_t kFewChannels = 16;

template <class T>
void max_backward_scatter(const T* dy, Taps tap, T* dx, std::int64_t images, std::int64_t channels, const PoolAxis& h,
                          const PoolAxis& w) {
  const Scratch<std::int64_t> offset(h.taps * w.taps);
  for (std::int64_t i = 0; i < h.taps * w.taps; ++i)
    offset[i] = (i / w.taps * h.dilation * w.in + i % w.taps * w.dilation) * channels;
  const std::int64_t size = h.in * w.in * channels;
  parallel_rows(images, size, [&](std::int64_t image) {
    T* out = dx + image * size;
    __builtin_memset(out, 0, std::size_t(size) * sizeof(T));
    for (std::int64_t oh = 0; oh < h.out; ++oh)
      for (std::int64_t ow = 0; ow < w.out; ++ow) {
        if (h.inside[oh].begin >= h.inside[oh].end || w.inside[ow].begin >= w.inside[ow].end) continue;
        const std::int64_t corner = (h.start[oh] * w.in + w.start[ow]) * channels;
        const std::int64_t from = ((image * h.out + oh) * w.out + ow) * channels;
        for (std::int64_t c = 0; c < channels; ++c) out[corner + offset[tap[from + c]] + c] += dy[from + c];
      }
  });
}

template <class T>
void max_backward(const T* dy, Taps tap, T* dx, std::int64_t images, std::int64_t channels, const PoolAxis& h,
                  const PoolAxis& w) {
  if constexpr (std::is_same_v<T, Compute<T>>)
    if (channels <= kFewChannels) return max_backward_scatter(dy, tap, dx, images, channels, h, w);
  max_backward_gather(dy, tap, dx, images, channels, h, w);
}

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
