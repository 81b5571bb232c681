#include "ops/interpolate/interpolate.h"

#include "core/pooling.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// What each output of one dimension looks at, and the outputs that may look at each position.
template <class C>
struct LookAxis {
  std::int64_t in, out;
  Scratch<Look<C>> looks;
  Scratch<Span> over;

  LookAxis(Interpolation mode, double scale, std::int64_t in, std::int64_t out)
      : in(in), out(out), looks(out), over(in) {
    for (std::int64_t i = 0; i < in; ++i) over[i] = {0, 0};
    for (std::int64_t o = 0; o < out; ++o) {
      looks[o] = look_of<C>(mode, C(scale), o, in);
      for (std::int64_t i : {looks[o].low, looks[o].high}) {
        if (over[i].end == 0) over[i].begin = std::int32_t(o);
        over[i].end = std::int32_t(o + 1);
      }
    }
  }
  // What output o gives to position i.
  TILESTACK_INLINE C weight(std::int64_t o, std::int64_t i) const {
    const Look<C>& look = looks[o];
    return (look.low == i ? 1 - look.share : C(0)) + (look.high == i ? look.share : C(0));
  }
};

// The same of cubic outputs.
template <class C>
struct CubicAxis {
  std::int64_t in, out;
  Scratch<CubicLook<C>> looks;
  Scratch<Span> over;

  CubicAxis(Interpolation mode, double scale, std::int64_t in, std::int64_t out)
      : in(in), out(out), looks(out), over(in) {
    for (std::int64_t i = 0; i < in; ++i) over[i] = {0, 0};
    for (std::int64_t o = 0; o < out; ++o) {
      looks[o] = cubic_look_of<C>(mode, C(scale), o);
      for (int k = 0; k < 4; ++k) {
        const std::int64_t i = tap(o, k);
        if (over[i].end == 0) over[i].begin = std::int32_t(o);
        over[i].end = std::int32_t(o + 1);
      }
    }
  }
  TILESTACK_INLINE std::int64_t tap(std::int64_t o, int k) const {
    return CubicLook<C>::inside(looks[o].first + k, in);
  }
  TILESTACK_INLINE C weight(std::int64_t o, std::int64_t i) const {
    C sum = 0;
    for (int k = 0; k < 4; ++k) sum += tap(o, k) == i ? looks[o].weight[k] : C(0);
    return sum;
  }
};

template <class T>
void nearest_forward(const T* x, T* y, std::int64_t images, std::int64_t channels, const LookAxis<Compute<T>>& h,
                     const LookAxis<Compute<T>>& w) {
  parallel_image_rows(images, h.out, w.out * channels, [&](std::int64_t image, std::int64_t oh) {
    const T* row = x + (image * h.in + h.looks[oh].low) * w.in * channels;
    T* out = y + (image * h.out + oh) * w.out * channels;
    for (std::int64_t ow = 0; ow < w.out; ++ow)
      __builtin_memcpy(out + ow * channels, row + w.looks[ow].low * channels, std::size_t(channels) * sizeof(T));
  });
}

template <class T>
void linear_forward(const T* x, T* y, std::int64_t images, std::int64_t channels, const LookAxis<Compute<T>>& h,
                    const LookAxis<Compute<T>>& w) {
  using C = Compute<T>;
  parallel_image_rows(images, h.out, w.out * channels * 4, [&](std::int64_t image, std::int64_t oh) {
    const Look<C> down = h.looks[oh];
    const T* top = x + (image * h.in + down.low) * w.in * channels;
    const T* bottom = x + (image * h.in + down.high) * w.in * channels;
    T* out = y + (image * h.out + oh) * w.out * channels;
    for (std::int64_t ow = 0; ow < w.out; ++ow, out += channels) {
      const Look<C> across = w.looks[ow];
      const std::int64_t left = across.low * channels, right = across.high * channels;
      for_vectors<T>(channels, [&](std::int64_t c, auto part) {
        const auto above = part.load(top + left + c) * (1 - across.share) + part.load(top + right + c) * across.share;
        const auto below =
            part.load(bottom + left + c) * (1 - across.share) + part.load(bottom + right + c) * across.share;
        part.store(out + c, above * (1 - down.share) + below * down.share);
      });
    }
  });
}

template <class T>
void cubic_forward(const T* x, T* y, std::int64_t images, std::int64_t channels, const CubicAxis<Compute<T>>& h,
                   const CubicAxis<Compute<T>>& w) {
  using C = Compute<T>;
  parallel_image_rows(images, h.out, w.out * channels * 16, [&](std::int64_t image, std::int64_t oh) {
    const T* in = x + image * h.in * w.in * channels;
    T* out = y + (image * h.out + oh) * w.out * channels;
    for (std::int64_t ow = 0; ow < w.out; ++ow, out += channels)
      for_vectors<T>(channels, [&](std::int64_t c, auto part) {
        Vec<C> sum{};
        for (int a = 0; a < 4; ++a) {
          const T* row = in + h.tap(oh, a) * w.in * channels + c;
          Vec<C> line{};
          for (int b = 0; b < 4; ++b) line += part.load(row + w.tap(ow, b) * channels) * w.looks[ow].weight[b];
          sum += line * h.looks[oh].weight[a];
        }
        part.store(out + c, sum);
      });
  });
}

void forward(View x, View y, Resampling how) {
  visit_float(x.dtype, [&]<class T>() {
    using C = Compute<T>;
    if (how.mode >= Interpolation::cubic)
      return cubic_forward<T>(x.data<T>(), y.data<T>(), x.shape[0], x.shape[1],
                              CubicAxis<C>(how.mode, how.scale[0], x.shape[2], y.shape[2]),
                              CubicAxis<C>(how.mode, how.scale[1], x.shape[3], y.shape[3]));
    const LookAxis<C> h(how.mode, how.scale[0], x.shape[2], y.shape[2]),
        w(how.mode, how.scale[1], x.shape[3], y.shape[3]);
    const auto run = how.mode < Interpolation::linear ? &nearest_forward<T> : &linear_forward<T>;
    run(x.data<T>(), y.data<T>(), x.shape[0], x.shape[1], h, w);
  });
}

template <class T, class Axis>
void gather_gradient(const T* dy, T* dx, std::int64_t images, std::int64_t channels, const Axis& h, const Axis& w) {
  const std::int64_t work = (h.out / h.in + 2) * (w.out + w.in) * channels;
  parallel_image_rows(images, h.in, work, [&](std::int64_t image, std::int64_t ih) {
    T* to = dx + (image * h.in + ih) * w.in * channels;
    for (std::int64_t iw = 0; iw < w.in; ++iw, to += channels)
      for_vectors<T>(channels, [&](std::int64_t c, auto part) {
        Vec<Compute<T>> sum{};
        for (std::int64_t oh = h.over[ih].begin; oh < h.over[ih].end; ++oh) {
          const T* row = dy + (image * h.out + oh) * w.out * channels + c;
          Vec<Compute<T>> line{};
          for (std::int64_t ow = w.over[iw].begin; ow < w.over[iw].end; ++ow)
            line += part.load(row + ow * channels) * w.weight(ow, iw);
          sum += line * h.weight(oh, ih);
        }
        part.store(to + c, sum);
      });
  });
}

void backward(View dy, View dx, Resampling how) {
  visit_float(dx.dtype, [&]<class T>() {
    const auto run = [&]<class Axis>() {
      const Axis h(how.mode, how.scale[0], dx.shape[2], dy.shape[2]),
          w(how.mode, how.scale[1], dx.shape[3], dy.shape[3]);
      gather_gradient(dy.data<T>(), dx.data<T>(), dx.shape[0], dx.shape[1], h, w);
    };
    how.mode < Interpolation::cubic ? run.template operator()<LookAxis<Compute<T>>>()
                                    : run.template operator()<CubicAxis<Compute<T>>>();
  });
}

}  // namespace
constinit const InterpolateKernels interpolate = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA
