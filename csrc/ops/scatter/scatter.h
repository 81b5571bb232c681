#pragma once
#include <cstdint>
#include <string>

namespace tilestack {

class Tensor;
struct Operand;

// A copy of x in which result[i, index[i, j, k], k] = source[i, j, k] for dim 1, and likewise for others; of elements
// that meet the last one stays. By gather's kernels.   source: a number, or a tensor no smaller than index
Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, const Operand& source);
void scatter_into(const Tensor& x, std::int64_t dim, const Tensor& index, const Operand& source);
// += in place of =, in the order of j; of 16-bit floats in float32.
Tensor scatter_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source);
// A copy of x in which x[i, index[i, j, k], k] and the elements of source that meet there are multiplied (prod), or the
// largest (amax) or smallest (amin) of them. include_self: x's own element is among them. Not recorded.
Tensor scatter_fold(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source,
                    const std::string& reduce, bool include_self);
void scatter_add_into(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source);

}  // namespace tilestack
