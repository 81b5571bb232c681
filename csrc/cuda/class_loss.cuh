#pragma once
// What the losses of class scores share.
#include "core/loss.h"
#include "cuda/reduce.cuh"

namespace tilestack::cuda {
namespace {

// Class targets, int64 or int32.
struct ClassTargets {
  const void* p;
  bool narrow;
  std::int64_t classes, ignore_index;
  gpu::IndexReport* report;
  const char* op;

  ClassTargets(const char* op, const View& target, std::int64_t classes, ClassLossOptions options)
      : p(target.pointer),
        narrow(target.dtype == DType::int32),
        classes(classes),
        ignore_index(options.ignore_index),
        report(gpu::index_report()),
        op(op) {}
  // -1 if the row does not count. A class that is not there is reported, and does not count either.
  __device__ __forceinline__ std::int64_t at(std::int64_t row) const {
    const std::int64_t c = narrow ? static_cast<const std::int32_t*>(p)[row] : static_cast<const std::int64_t*>(p)[row];
    return c != ignore_index && gpu::index_fits(report, op, c, classes) ? c : -1;
  }
};

template <class T>
__device__ __forceinline__ Compute<T> weight_of(const T* weight, std::int64_t c) {
  return weight ? to_compute(weight[c]) : Compute<T>(1);
}

template <class A>
struct LossSums {
  A losses, weights;
};

template <class A>
struct AddLosses : Combination<AddLosses<A>, LossSums<A>, LossSums<double>> {
  __device__ static LossSums<A> identity() { return {0, 0}; }
  template <class V>
  __device__ __forceinline__ static LossSums<V> combine(const LossSums<V>& a, const LossSums<V>& b) {
    return {a.losses + b.losses, a.weights + b.weights};
  }
  __device__ __forceinline__ static LossSums<double> widen(const LossSums<A>& x) { return {x.losses, x.weights}; }
};

struct LossAndWeight : Stateless<LossAndWeight> {
  template <class A>
  __device__ LossSums<A> operator()(std::int64_t, A loss, A weight) const {
    return {loss, weight};
  }
};

template <class T>
struct StoreLoss {
  T* y;
  Compute<T>* total;
  LossReduction reduction;
  __device__ void operator()(std::int64_t, const LossSums<double>& sum) const {
    *total = Compute<T>(sum.weights);
    if (reduction == LossReduction::none) return;
    *y = convert<T>(Compute<T>(reduction == LossReduction::mean ? sum.losses / sum.weights : sum.losses));
  }
};

// total = sum of the rows' weights; y = the sum of their losses or that over total, unless each is wanted.
template <class T>
void sum_losses(const Compute<T>* losses, const Compute<T>* weights, std::int64_t rows, const View& total,
                const View& y, LossReduction reduction) {
  using A = Compute<T>;
  View all, one;
  all.ndim = one.ndim = 1;
  all.shape[0] = rows;
  all.strides[0] = one.shape[0] = one.strides[0] = 1;
  const ReducePlan plan(all, one);
  reduce_over_rows<AddLosses<A>>(plan, {losses, weights}, LossAndWeight(),
                                 StoreLoss<T>{y.data<T>(), total.data<A>(), reduction});
}

// What a row's loss is worth in the gradient.
template <class T>
struct LossScale {
  const T* dy;
  const Compute<T>* total;
  LossReduction reduction;
  __device__ __forceinline__ Compute<T> at(std::int64_t row) const {
    const auto g = to_compute(dy[reduction == LossReduction::none ? row : 0]);
    return reduction == LossReduction::mean ? g / *total : g;
  }
};

}  // namespace
}  // namespace tilestack::cuda
