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

void forward(View x, View y, Resampling how) {
  visit_float(x.dtype, [&]<class T>() {
    using C = Compute<T>;
    const LookAxis<C> h(how.mode, how.scale[0], x.shape[2], y.shape[2]),
        w(how.mode, how.scale[1], x.shape[3], y.shape[3]);
    const auto run = how.mode < Interpolation::linear ? &nearest_forward<T> : &linear_forward<T>;
    run(x.data<T>(), y.data<T>(), x.shape[0], x.shape[1], h, w);
  });
}

void backward(View dy, View dx, Resampling how) {
  visit_float(dx.dtype, [&]<class T>() {
    using C = Compute<T>;
    const std::int64_t channels = dx.shape[1];
    const LookAxis<C> h(how.mode, how.scale[0], dx.shape[2], dy.shape[2]),
        w(how.mode, how.scale[1], dx.shape[3], dy.shape[3]);
    const std::int64_t work = (h.out / h.in + 2) * (w.out + w.in) * channels;
    parallel_image_rows(dx.shape[0], h.in, work, [&](std::int64_t image, std::int64_t ih) {
      T* to = dx.data<T>() + (image * h.in + ih) * w.in * channels;
      for (std::int64_t iw = 0; iw < w.in; ++iw, to += channels)
        for_vectors<T>(channels, [&](std::int64_t c, auto part) {
          Vec<C> sum{};
          for (std::int64_t oh = h.over[ih].begin; oh < h.over[ih].end; ++oh) {
            const T* row = dy.data<T>() + (image * h.out + oh) * w.out * channels + c;
            Vec<C> line{};
            for (std::int64_t ow = w.over[iw].begin; ow < w.over[iw].end; ++ow)
              line += part.load(row + ow * channels) * w.weight(ow, iw);
            sum += line * h.weight(oh, ih);
          }
          part.store(to + c, sum);
        });
    });
  });
}

}  // namespace
constinit const InterpolateKernels interpolate = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA
