#include "ops/embedding/embedding.h"

#include "core/index_tensor.h"

namespace tilestack {

Tensor embedding(const Tensor& indices, const Tensor& weight, std::optional<std::int64_t> padding_idx) {
  check_float("embedding", weight);
  check_index_dtype("embedding", "the input", indices);
  check(weight.dim() == 2, "embedding: weight must have shape (num_embeddings, embedding_dim), got {}", weight.shape());
  check_same_device("embedding", {indices, weight});
  const std::int64_t vocabulary = weight.size(0);
  std::int64_t padding = padding_idx.value_or(-1);
  if (padding_idx) {
    check(-vocabulary <= padding && padding < vocabulary,
          "embedding: padding_idx must be within num_embeddings {}, got {}", vocabulary, padding);
    if (padding < 0) padding += vocabulary;
  }
  Dims shape = indices.shape();
  shape.push_back(weight.size(1));
  const Tensor tokens = as_contiguous(indices), table = as_contiguous(weight);
  const Tensor y = empty(shape, weight.dtype(), weight.device());
  const std::int64_t bad = embedding_on(weight.device()).forward(table, tokens, y);
  check<IndexError>(bad < 0, "embedding: index {} is out of range for weight {} with num_embeddings {}",
                    bad < 0 ? 0 : index_at(tokens, bad), weight.shape(), vocabulary);
  return record("embedding", y, {weight},
                [size = weight.shape(), tokens = Saved(tokens), padding](const Tensor& dy) -> Gradients {
                  const Tensor dweight = empty(size, dy.dtype(), dy.device());
                  embedding_on(dy.device()).backward(as_contiguous(dy), *tokens, dweight, padding);
                  return {dweight};
                });
}

}  // namespace tilestack
