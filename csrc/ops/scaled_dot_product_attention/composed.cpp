#include "ops/scaled_dot_product_attention/composed.h"

#include <cmath>

#include "core/op.h"
#include "core/views.h"
#include "ops/add/add.h"
#include "ops/amax/amax.h"
#include "ops/copy/copy.h"
#include "ops/dropout/dropout.h"
#include "ops/eq/eq.h"
#include "ops/fill/fill.h"
#include "ops/matmul/matmul.h"
#include "ops/mul/mul.h"
#include "ops/softmax/softmax.h"
#include "ops/tril/tril.h"
#include "ops/where/where.h"

namespace tilestack {
namespace {

constexpr Scalar kMinusInfinity{Scalar::real, -HUGE_VAL};

// True where a key comes after the query.
Tensor later_keys(std::int64_t queries, std::int64_t keys, Device device) {
  const Tensor ones = empty({queries, keys}, DType::bool_, device);
  fill_(ones, Scalar{Scalar::boolean, 1, 1});
  return triu(ones, 1);
}

// softmax over the last dimension; rows of minus infinity give 0 and no gradient.
Tensor softmax_or_zero(const Tensor& scores) {
  const Tensor none = eq(amax(scores.detach(), Dims{-1}, true), kMinusInfinity);
  const Scalar zero{Scalar::real, 0};
  return where(none, zero, softmax(where(none, zero, scores), -1, std::nullopt));
}

}  // namespace

Tensor composed_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask, double dropout_p,
                          bool is_causal, double scale) {
  const std::int64_t batch = q.size(0), groups = k.size(1), each = groups ? q.size(1) / groups : 0;
  // (batch, groups, heads that share keys and values, rows, cols)
  const auto grouped = [&](const Tensor& x, std::int64_t heads) {
    return reshape(to_dtype(x, compute_dtype(q.dtype())), {batch, groups, heads, x.size(2), x.size(3)});
  };
  const Tensor scaled = mul(grouped(q, each), Scalar{Scalar::real, scale});
  Tensor scores = add(matmul(scaled, transpose(grouped(k, 1), -1, -2)), grouped(mask, each));
  if (is_causal) scores = where(later_keys(q.size(2), k.size(2), q.device()), kMinusInfinity, scores);
  const Tensor probabilities = k.size(2) ? softmax_or_zero(scores) : scores;
  const Tensor y = matmul(dropout(probabilities, dropout_p, true, {}), grouped(v, 1));
  return to_dtype(reshape(y, {batch, q.size(1), q.size(2), v.size(3)}), q.dtype());
}

}  // namespace tilestack
