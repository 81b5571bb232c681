#include "ops/embedding/embedding.h"
#include "bind/bind.h"
#include "ops/one_hot/one_hot.h"

namespace tilestack {

void bind_embedding(Bindings& b) {
  b.function("embedding", &embedding,
             "Rows of weight: result[i] = weight[input[i]].\n\n"
             "input: int64 or int32, any shape. weight: (num_embeddings, embedding_dim) float. Returns (*input.shape,\n"
             "embedding_dim). The row padding_idx gets no gradient. IndexError for an index out of range.",
             py::arg("input").none(false), py::arg("weight").none(false), py::arg("padding_idx") = py::none());
  b.function("one_hot", &one_hot,
             "int64 zeros of shape (*tensor.shape, num_classes) with a 1 where the last index is tensor's value.\n\n"
             "tensor: int64 or int32. num_classes -1: the largest value + 1. IndexError for a value out of range.",
             py::arg("tensor").none(false), py::arg("num_classes") = -1);
}

}  // namespace tilestack
