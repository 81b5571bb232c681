#include "core/elementwise.h"
#include "core/transpose.h"
#include "ops/copy/copy.h"

namespace tilestack::TILESTACK_ISA {
namespace {

constexpr auto itself = [](auto x) { return x; };

template <class To, class From>
TILESTACK_INLINE To converted(From x) {
  if constexpr (is_float(dtype_of<From>) && !is_float(dtype_of<To>) && !__is_same(To, bool)) {
    return To(convert<std::int64_t>(x));  // through int64, so that negative numbers wrap as integers do
  } else {
    return convert<To>(x);
  }
}

template <class To, class From>
void convert_loop(const void*, const ElementRun& run, std::int64_t n) {
  To* y = static_cast<To*>(run.pointers[0]);
  const From* x = static_cast<const From*>(run.pointers[1]);
  const std::int64_t step = run.constant[1] ? 0 : 1;
  if (step == 0) {
    const To value = converted<To>(*x);
    for (std::int64_t i = 0; i < n; ++i) y[i] = value;
  } else {
    for (std::int64_t i = 0; i < n; ++i) y[i] = converted<To>(x[i]);
  }
}

template <class T>
constexpr bool kComputesInFloat = __is_same(Compute<T>, float);

template <class To, class From>
TILESTACK_INLINE void convert_all(const View& x, const View& y) {
  if constexpr (kComputesInFloat<To> && kComputesInFloat<From>) {
    map<To(From)>(itself, y, x);
  } else {
    const View* views[] = {&y, &x};
    run_elementwise(views, 2, convert_loop<To, From>, nullptr);
  }
}

// As bits; through floats where that gives stores past the caches.
void move_in_order(const View& x, const View& y) {
  switch (size_of(y.dtype)) {
    case 1:
      return map<std::uint8_t(std::uint8_t)>(itself, y, x);
    case 2:
      return map<std::uint16_t(std::uint16_t)>(itself, y, x);
    case 4:
      return map<float(float)>(itself, y, x);
    default:
      return map<double(double)>(itself, y, x);
  }
}

// A copy between memory orders, as a transposition: x runs along dimension `across`, y along `along`.
class Transposition {
 public:
  Transposition(const View& x, const View& y) {
    for (int i = 0; i < x.ndim; ++i)
      if (x.shape[i] > 1) append(x.shape[i], x.strides[i], y.strides[i]);
    for (int i = 0; i < ndim_; ++i) {
      if (y_[i] == 1) along_ = i;
      if (x_[i] == 1) across_ = i;
    }
  }
  bool found() const { return along_ >= 0 && across_ >= 0 && along_ != across_; }

  template <class T>
  void run(const T* x, T* y) const {
    // Tiles of 256 bytes a side, or as many elements in a strip where a side is short.
    constexpr std::int64_t edge = 256 / std::int64_t(sizeof(T)), size = edge * edge;
    const std::int64_t rows = shape_[along_], cols = shape_[across_];
    const std::int64_t tile_rows = cols < edge ? size / cols : edge, tile_cols = rows < edge ? size / rows : edge;
    const std::int64_t down = (rows + tile_rows - 1) / tile_rows, right = (cols + tile_cols - 1) / tile_cols;
    std::int64_t tiles = down * right;
    for (int i = 0; i < ndim_; ++i)
      if (i != along_ && i != across_) tiles *= shape_[i];
    parallel_for(tiles, grain_of(tiles, size), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t t = begin; t < end; ++t) {
        const std::int64_t i = t % down * tile_rows, j = t / down % right * tile_cols;
        std::int64_t from = i * x_[along_] + j, to = i + j * y_[across_], rest = t / down / right;
        for (int k = ndim_ - 1; k >= 0; --k) {
          if (k == along_ || k == across_) continue;
          from += rest % shape_[k] * x_[k];
          to += rest % shape_[k] * y_[k];
          rest /= shape_[k];
        }
        transpose_tile(x + from, x_[along_], y + to, y_[across_], rows - i < tile_rows ? rows - i : tile_rows,
                       cols - j < tile_cols ? cols - j : tile_cols);
      }
    });
  }

 private:
  // Dimensions that continue each other in both are one.
  void append(std::int64_t size, std::int64_t x, std::int64_t y) {
    const int last = ndim_ - 1;
    const bool continues = ndim_ > 0 && x_[last] == x * size && y_[last] == y * size;
    if (!continues) shape_[ndim_++] = 1;
    shape_[ndim_ - 1] *= size;
    x_[ndim_ - 1] = x;
    y_[ndim_ - 1] = y;
  }

  int ndim_ = 0, along_ = -1, across_ = -1;
  std::int64_t shape_[kMaxDims], x_[kMaxDims], y_[kMaxDims];
};

void move(const View& x, const View& y) {
  if (y.numel() == 0) return;
  const Transposition transposition(x, y);
  if (!transposition.found()) return move_in_order(x, y);
  visit_size(y.dtype, [&]<class T>() { transposition.run(x.data<T>(), y.data<T>()); });
}

void forward(View x, View y) {
  if (x.dtype == y.dtype) return move(x, y);
  visit_all(x.dtype, [&]<class From>() {
    visit_all(y.dtype, [&]<class To>() {
      if constexpr (!__is_same(To, From)) convert_all<To, From>(x, y);
    });
  });
}

}  // namespace
constinit const CopyKernels copy = {forward};
}  // namespace tilestack::TILESTACK_ISA
