#pragma once
#include "core/op.h"

namespace tilestack {

// Recorded ops that share x's memory. Dimension numbers may count from the end.
Tensor alias(const Tensor& x);
Tensor reshape(const Tensor& x, const Dims& shape);  // one size may be -1; copies where the strides do not allow a view
Tensor view(const Tensor& x, const Dims& shape);     // ValueError where reshape would copy
// The same bytes as elements of another dtype, not on the tape; where the sizes differ, the last dimension changes.
Tensor view(const Tensor& x, DType dtype);
Tensor flatten(const Tensor& x, std::int64_t start_dim, std::int64_t end_dim);
Tensor unflatten(const Tensor& x, std::int64_t dim, const Dims& sizes);
Tensor permute(const Tensor& x, const Dims& order);
Tensor transpose(const Tensor& x, std::int64_t dim0, std::int64_t dim1);
Tensor movedim(const Tensor& x, const Dims& source, const Dims& destination);  // one or several at once
Tensor squeeze(const Tensor& x);
Tensor squeeze(const Tensor& x, std::int64_t dim);
Tensor unsqueeze(const Tensor& x, std::int64_t dim);
Tensor expand(const Tensor& x, const Dims& shape);  // -1 keeps a size
Tensor slice(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t stop, std::int64_t step);
Tensor select(const Tensor& x, std::int64_t dim, std::int64_t index);
// The elements (i, i + offset) of dimensions dim1 and dim2, as the last dimension.
Tensor diagonal(const Tensor& x, std::int64_t offset, std::int64_t dim1, std::int64_t dim2);
std::vector<Tensor> split(const Tensor& x, const std::vector<std::int64_t>& sizes, std::int64_t dim);
std::vector<Tensor> split(const Tensor& x, std::int64_t size, std::int64_t dim);
std::vector<Tensor> chunk(const Tensor& x, std::int64_t chunks, std::int64_t dim);
std::vector<Tensor> unbind(const Tensor& x, std::int64_t dim);

}  // namespace tilestack
