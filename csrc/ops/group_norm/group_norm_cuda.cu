#include "ops/group_norm/group_norm.h"

#include <algorithm>

#include "cuda/row_norm.cuh"

namespace tilestack::cuda {
namespace {

template <class T>
OfChannels<T> channels_of(const View& parameter, const ChannelGroups& g) {
  return {parameter.data<T>(), gpu::FastDiv(g.groups), gpu::FastDiv(std::max<std::int64_t>(g.inside, 1)),
          int(g.channels)};
}

void check_rows(const View& x) {
  if (x.rows() >= std::int64_t(1) << 31) gpu::fail("group_norm is limited to 2^31 groups");
}

void forward(View x, View w, View b, View y, View mean, View r, double eps, ChannelGroups g) {
  if (x.rows() == 0) return;
  check_rows(x);
  visit_float(x.dtype, [&]<class T>() {
    const NormInputs<T, OfChannels<T>> in{x.data<T>(), channels_of<T>(w, g), channels_of<T>(b, g),
                                          gpu::whole_of<T>(x.cols(), x, y)};
    normalize_rows<true>(in, x, y, mean, r, eps);
  });
}

// {h dy, dy} of a channel's elements.
template <class A>
struct ChannelTerm {
  struct OfRow {
    A mean, r;
    __device__ __forceinline__ SumPair<A> operator()(std::int64_t, A x, A dy) const {
      return {dy * ((x - mean) * r), dy};
    }
  };
  const A *means, *rs;
  std::int64_t channels;
  __device__ __forceinline__ OfRow at(std::int64_t channel) const {
    const std::int64_t row = channel / channels;
    return {means[row], rs[row]};
  }
};

template <class T>
void parameter_gradients(const View& x, const View& mean, const View& r, const View& dy, const View& dw, const View& db,
                         const ChannelGroups& g) {
  using A = Compute<T>;
  View runs = x, sums = x;
  runs.shape[0] = sums.shape[0] = x.rows() * g.channels;
  runs.shape[1] = runs.strides[0] = g.inside;
  sums.shape[1] = sums.strides[0] = 1;
  const ReducePlan plan(runs, sums);
  reduce<AddPair<A>>(plan, {x.data<const T>(), dy.data<const T>()},
                     ChannelTerm<A>{mean.data<A>(), r.data<A>(), g.channels}, StorePair<A>{dw.data<A>(), db.data<A>()});
}

void backward(View x, View w, View mean, View r, View dy, View dx, View dw, View db, ChannelGroups g) {
  if (x.rows() == 0) return;
  check_rows(x);
  visit_float(x.dtype, [&]<class T>() {
    if (dw.defined() || db.defined()) parameter_gradients<T>(x, mean, r, dy, dw, db, g);
    if (!dx.defined()) return;
    using Parameters = OfChannels<T>;
    const NormGradient<T, Parameters> in{x.data<T>(),
                                         dy.data<T>(),
                                         channels_of<T>(w, g),
                                         mean.data<Compute<T>>(),
                                         r.data<Compute<T>>(),
                                         dx.data<T>(),
                                         gpu::whole_of<T>(x.cols(), x, dy, dx)};
    const gpu::RowTeams teams(x.rows(), x.cols(), gpu::kPack<T>, gpu::kRowThreads);
    gpu::visit_vectors(teams, [&]<int kVectors>() {
      gpu::launch(row_norm_backward_kernel<true, T, kVectors, Parameters>, {teams.blocks(), unsigned(teams.threads)},
                  in, static_cast<Compute<T>*>(nullptr), std::int64_t(teams.teams()), teams);
    });
  });
}

}  // namespace
const GroupNormKernels group_norm = {forward, backward};
TILESTACK_CUDA_TABLE(group_norm)
}  // namespace tilestack::cuda
