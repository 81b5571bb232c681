#pragma once
// Recorded ops that move elements into new memory, made of views, index_select and cat.
#include <optional>
#include <string>

#include "core/op.h"

namespace tilestack {

Tensor flip(const Tensor& x, const Dims& dims);
// Elements shifted by shifts[i] along dims[i], around the end; without dims, of the flattened tensor.
Tensor roll(const Tensor& x, const Dims& shifts, const std::optional<Dims>& dims);
// sizes[i] copies one after another along dimension i; there may be more sizes than dimensions, but not fewer.
Tensor repeat(const Tensor& x, const Dims& sizes);
Tensor tile(const Tensor& x, Dims sizes);  // there may be fewer
Tensor repeat_interleave(const Tensor& x, std::int64_t repeats, const std::optional<std::int64_t>& dim);
// repeats: one number for each slice; they are read by the host.
Tensor repeat_interleave(const Tensor& x, const Tensor& repeats, const std::optional<std::int64_t>& dim);
// The diagonal of a matrix, or the matrix with this diagonal.
Tensor diag(const Tensor& x, std::int64_t diagonal);
Tensor masked_fill(const Tensor& x, const Tensor& mask, const Operand& value);
Tensor masked_select(const Tensor& x, const Tensor& mask);
// gather with input and indices broadcast to each other in all dimensions but dim; without dim, of flattened ones.
Tensor take_along_dim(const Tensor& x, const Tensor& indices, const std::optional<std::int64_t>& dim);
// A copy of x whose slices at index along dim have alpha * source added.
Tensor index_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source, const Scalar& alpha);
// (..., channels r^2, height, width) to (..., channels, height r, width r), and back (Shi et al., 2016).
Tensor pixel_shuffle(const Tensor& x, std::int64_t r);
Tensor pixel_unshuffle(const Tensor& x, std::int64_t r);
// indexing: "ij", or "xy", which exchanges the first two dimensions.
std::vector<Tensor> meshgrid(const std::vector<Tensor>& tensors, const std::string& indexing);

}  // namespace tilestack
