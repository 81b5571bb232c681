#include "ops/random/random.h"

#include "core/elementwise_op.h"
#include "core/generator.h"
#include "ops/lt/lt.h"

namespace tilestack {
namespace {

// Words of the stream that an element of a float dtype takes.
int words_of(DType dtype) { return dtype == DType::float64 ? 2 : 1; }

// Calls fill(dense, stream) with x, or with memory that is then copied to x.
template <class Fill>
Tensor overwrite(const char* op, const Tensor& x, int words_each, Generator* generator, Fill fill) {
  check_writable(op, x);
  const Tensor dense = x.is_contiguous() ? x : empty(x.shape(), x.dtype(), x.device());
  fill(dense, generator_or_default(generator).take(words_each * x.numel()));
  if (dense != x) copy_into(x, dense);
  x.bump_version();
  return x;
}

}  // namespace

Tensor uniform_(const Tensor& x, double low, double high, Generator* generator) {
  check_float("uniform_", x);
  check(low <= high, "uniform_: wanted from <= to, got {} and {}", low, high);
  return overwrite("uniform_", x, words_of(x.dtype()), generator,
                   [&](const Tensor& y, Philox stream) { random_on(y.device()).uniform(y, stream, low, high); });
}

Tensor normal_(const Tensor& x, double mean, double std, Generator* generator) {
  check_float("normal_", x);
  check(std >= 0, "normal_: std must not be negative, got {}", std);
  return overwrite("normal_", x, words_of(x.dtype()), generator,
                   [&](const Tensor& y, Philox stream) { random_on(y.device()).normal(y, stream, mean, std); });
}

Tensor bernoulli_(const Tensor& x, double p, Generator* generator) {
  check(p >= 0 && p <= 1, "bernoulli_: p must be in [0, 1], got {}", p);
  return overwrite("bernoulli_", x, 1, generator,
                   [&](const Tensor& y, Philox stream) { random_on(y.device()).bernoulli(y, stream, p); });
}

Tensor random_(const Tensor& x, std::int64_t low, std::int64_t high, Generator* generator) {
  check(low < high, "randint: wanted low < high, got {} and {}", low, high);
  return overwrite("randint", x, 2, generator,
                   [&](const Tensor& y, Philox stream) { random_on(y.device()).integers(y, stream, low, high); });
}

Tensor bernoulli(const Tensor& p, Generator* generator) {
  check_float("bernoulli", p);
  const Tensor u = uniform_(empty(p.shape(), DType::float32, p.device()), 0, 1, generator);
  return as_dtype(lt(u, p.detach()), p.dtype());
}

Tensor randperm(std::int64_t n, Generator* generator) {
  check(n >= 0, "randperm: n must not be negative, got {}", n);
  const Tensor order = empty({n}, DType::int64), draws = empty({n}, DType::int64);
  random_(draws, 0, std::int64_t(1) << 62, generator);
  std::int64_t* p = order.data<std::int64_t>();
  const std::int64_t* draw = draws.data<std::int64_t>();
  for (std::int64_t i = 0; i < n; ++i) {  // Fisher and Yates, inside out
    const std::int64_t j = draw[i] % (i + 1);
    p[i] = p[j];
    p[j] = i;
  }
  return order;
}

}  // namespace tilestack
