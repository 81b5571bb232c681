#include "ops/cross_entropy/cross_entropy.h"

#include "core/softmax.h"

namespace tilestack::TILESTACK_ISA {
namespace {

// log(sum(exp(x))) of a row as max + rest, since their sum would lose the digits of a small rest.
template <class A>
struct LogSumExp {
  A max, rest;
};

// Reads a row once from memory: a piece's maximum first, then, from cache, its sum.
template <class T>
LogSumExp<Compute<T>> log_sum_exp(const T* x, std::int64_t n) {
  using A = Compute<T>;
  A max = kLowest<A>;
  double sum = 0;
  for (std::int64_t begin = 0; begin < n; begin += kSoftmaxPiece) {
    const std::int64_t size = least(n - begin, kSoftmaxPiece);
    const A piece_max = row_max(x + begin, size), before = max;
    max = maximum(max, piece_max);
    if (max == kLowest<A>) continue;
    if (max != before) sum *= __builtin_exp(double(before) - double(max));
    sum += double(
        sum_row<T>(size, [&](std::int64_t i, auto part) { return part.keep(vexp(part.load(x + begin + i) - max)); }));
  }
  return {max, A(__builtin_log(sum))};
}

// One call's arguments.
template <class T, bool kProbabilities>
struct Rows {
  using A = Compute<T>;
  View x, target;
  const T* weight;
  ClassLossOptions options;
  std::int64_t classes = x.shape[1];
  A keep = A(1 - options.label_smoothing), share = A(options.label_smoothing / double(classes));
  double all_weights = weight ? sum_over(weight) : double(classes);

  // The sum of a row.
  double sum_over(const T* p) const {
    return sum_pieces(classes, [&](std::int64_t begin, std::int64_t size) {
      return sum_row<T>(size, [&](std::int64_t i, auto part) { return part.load(p + begin + i); });
    });
  }
  std::int64_t class_of(std::int64_t row) const {
    return target.dtype == DType::int32 ? target.data<std::int32_t>()[row] : target.data<std::int64_t>()[row];
  }
  bool ignored(std::int64_t row) const { return !kProbabilities && class_of(row) == options.ignore_index; }
  std::int64_t first_bad() const {
    for (std::int64_t row = 0; row < x.shape[0] && !kProbabilities; ++row)
      if ((class_of(row) < 0 || class_of(row) >= classes) && !ignored(row)) return row;
    return -1;
  }
  A weight_of(std::int64_t c) const { return weight ? convert<A>(weight[c]) : A(1); }
  // w q' of a vector of classes; for class targets without the target's own part.
  template <class Part>
  TILESTACK_INLINE Vec<A> weighted(std::int64_t row, std::int64_t c, Part part) const {
    Vec<A> q = splat(share);
    if constexpr (kProbabilities) q += keep * part.load(target.row<T>(row) + c);
    return weight ? q * part.load(weight + c) : q;
  }
  // Sum of w q' over a row.
  double total_of(std::int64_t row) const {
    if constexpr (kProbabilities) {
      return sum_pieces(classes, [&](std::int64_t begin, std::int64_t size) {
        return sum_row<T>(size, [&](std::int64_t i, auto part) { return part.keep(weighted(row, begin + i, part)); });
      });
    } else {
      return double(keep) * double(weight_of(class_of(row))) + double(share) * all_weights;
    }
  }
  double loss(std::int64_t row, LogSumExp<A> l) const {
    const T* in = x.row<T>(row);
    double sum = 0;
    if (kProbabilities || share != 0) {
      sum = sum_pieces(classes, [&](std::int64_t begin, std::int64_t size) {
        return sum_row<T>(size, [&](std::int64_t i, auto part) {
          return part.keep(weighted(row, begin + i, part) * (l.max - part.load(in + begin + i) + l.rest));
        });
      });
    }
    if constexpr (!kProbabilities) {
      const std::int64_t c = class_of(row);
      sum += double(keep) * double(weight_of(c)) * (double(l.max) - double(convert<A>(in[c])) + double(l.rest));
    }
    return sum;
  }
  // dx = g (p sum(w q') - w q')
  void gradient(std::int64_t row, LogSumExp<A> l, A g, T* dx) const {
    const T* in = x.row<T>(row);
    const A factor = A(total_of(row) * __builtin_exp(-double(l.rest))) * g;  // exp(x - max) factor = p total g
    const bool spread = kProbabilities || share != 0;
    for_vectors<T>(classes, [&](std::int64_t c, auto part) {
      const Vec<A> p = vexp(part.load(in + c) - l.max) * factor;
      part.store(dx + c, spread ? p - g * weighted(row, c, part) : p);
    });
    if constexpr (!kProbabilities) {
      const std::int64_t c = class_of(row);
      const A p = A(__builtin_exp(double(convert<A>(in[c])) - double(l.max))) * factor, w = weight_of(c);
      dx[c] = convert<T>(p - g * w * (keep + share));
    }
  }
};

template <class F>
void visit_rows(const View& x, const View& target, const View& weight, ClassLossOptions options, F&& f) {
  visit_float(x.dtype, [&]<class T>() {
    if (is_float(target.dtype)) return f(Rows<T, true>{x, target, weight.data<T>(), options});
    f(Rows<T, false>{x, target, weight.data<T>(), options});
  });
}

std::int64_t forward(View x, View target, View weight, View l, View total, View y, ClassLossOptions options) {
  const std::int64_t rows = x.shape[0];
  std::int64_t bad = -1;
  visit_rows(x, target, weight, options, [&]<class T, bool kProbabilities>(const Rows<T, kProbabilities>& in) {
    using A = Compute<T>;
    if ((bad = in.first_bad()) >= 0) return;
    Scratch<A> losses(rows);
    parallel_rows(rows, in.classes, [&](std::int64_t row) {
      const LogSumExp<A> found = log_sum_exp(x.row<T>(row), in.classes);
      l.data<LogSumExp<A>>()[row] = found;
      losses[row] = in.ignored(row) ? A(0) : A(in.loss(row, found));
      if (options.reduction == LossReduction::none) y.data<T>()[row] = convert<T>(losses[row]);
    });
    double sum = 0, weights = 0;
    for (std::int64_t row = 0; row < rows; ++row) {
      sum += double(losses[row]);
      weights += kProbabilities ? 1 : in.ignored(row) ? 0 : double(in.weight_of(in.class_of(row)));
    }
    *total.data<A>() = A(weights);
    if (options.reduction == LossReduction::none) return;
    *y.data<T>() = convert<T>(options.reduction == LossReduction::mean ? sum / weights : sum);
  });
  return bad;
}

void backward(View x, View target, View weight, View l, View total, View dy, View dx, ClassLossOptions options) {
  const bool each = options.reduction == LossReduction::none;
  visit_rows(x, target, weight, options, [&]<class T, bool kProbabilities>(const Rows<T, kProbabilities>& in) {
    using A = Compute<T>;
    const A scale = options.reduction == LossReduction::mean ? 1 / *total.data<A>() : A(1);
    parallel_rows(x.shape[0], in.classes, [&](std::int64_t row) {
      if (in.ignored(row)) {
        __builtin_memset(static_cast<void*>(dx.row<T>(row)), 0, std::size_t(in.classes) * sizeof(T));
      } else {
        in.gradient(row, l.data<LogSumExp<A>>()[row], scale * convert<A>(dy.data<T>()[each ? row : 0]), dx.row<T>(row));
      }
    });
  });
}

}  // namespace
constinit const CrossEntropyKernels cross_entropy = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA
