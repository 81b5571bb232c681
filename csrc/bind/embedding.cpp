#include "ops/embedding/embedding.h"
#include "bind/bind.h"
#include "ops/one_hot/one_hot.h"

namespace tilestack {
namespace {

Tensor embedding_of(const Tensor& ids, const Tensor& weight, std::optional<std::int64_t> padding_idx,
                    std::optional<double> max_norm, double /*norm_type*/, bool by_frequency, bool /*sparse*/) {
  check(
      !max_norm,
      "embedding: max_norm is not supported, got {}: forward never writes to the weight; scale its rows after a step, "
      "under no_grad, by weight.copy_(weight.renorm(2, 0, max_norm))",
      max_norm.value_or(0));
  check(!by_frequency, "embedding: scale_grad_by_freq=True is not supported; scale the gradient in a hook");
  return embedding(ids, weight, padding_idx);
}

}  // namespace

void bind_embedding(Bindings& b) {
  b.function(
      "embedding", &embedding_of,
      "Rows of weight: result[i] = weight[input[i]].\n\n"
      "input: int64 or int32, any shape. weight: (num_embeddings, embedding_dim) float. Returns (*input.shape,\n"
      "embedding_dim). The row padding_idx gets no gradient. sparse is accepted for compatibility and has no effect;\n"
      "max_norm and scale_grad_by_freq are refused. IndexError for an index out of range.",
      py::arg("input").none(false), py::arg("weight").none(false), py::arg("padding_idx") = py::none(),
      py::arg("max_norm") = py::none(), py::arg("norm_type") = 2.0, py::arg("scale_grad_by_freq") = false,
      py::arg("sparse") = false);
  b.function("one_hot", &one_hot,
             "int64 zeros of shape (*tensor.shape, num_classes) with a 1 where the last index is tensor's value.\n\n"
             "tensor: int64 or int32. num_classes -1: the largest value + 1. IndexError for a value out of range.",
             py::arg("tensor").none(false), py::arg("num_classes") = -1);
}

}  // namespace tilestack
