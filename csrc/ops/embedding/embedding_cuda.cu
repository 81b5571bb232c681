#include "ops/embedding/embedding.h"

#include "cuda/pick_rows.cuh"
#include "cuda/scatter_rows.cuh"

namespace tilestack::cuda {
namespace {

template <class Index>
struct RowOfToken {
  const Index* tokens;
  std::int64_t vocabulary, width;
  gpu::IndexReport* report;
  const char* op;
  __device__ std::int64_t operator()(std::uint32_t i) const {
    const std::int64_t token = tokens[i];
    return gpu::index_fits(report, op, token, vocabulary) ? token * width : -1;
  }
};

// Tokens that get no gradient come last.
template <class Index>
struct KeyOfToken {
  const Index* tokens;
  std::int64_t vocabulary, skipped;
  __device__ std::uint32_t operator()(std::uint32_t i) const {
    const std::int64_t token = tokens[i];
    const bool counts = token >= 0 && token < vocabulary && token != skipped;
    return std::uint32_t(counts ? token : vocabulary);
  }
};

// Rows of `width` elements, of which one is picked.
View row_of(View matrix) {
  matrix.ndim = 1;
  matrix.shape[0] = matrix.shape[1];
  matrix.strides[0] = 1;
  return matrix;
}

std::int64_t forward(View weight, View indices, View y) {
  const std::int64_t vocabulary = weight.shape[0], width = weight.shape[1];
  visit_index(indices.dtype, [&]<class Index>() {
    const RowOfToken<Index> row{indices.data<Index>(), vocabulary, width, gpu::index_report(), "embedding"};
    gpu::pick_rows("embedding", row_of(weight), 0, y, row, indices.numel(), width);
  });
  return -1;
}

void backward(View dy, View indices, View dweight, std::int64_t padding_idx) {
  const std::int64_t n = indices.numel(), vocabulary = dweight.shape[0], width = dweight.shape[1];
  gpu::clear(dweight.pointer, std::size_t(dweight.numel()) * size_of(dweight.dtype));
  if (dy.numel() == 0) return;
  visit_index(indices.dtype, [&]<class Index>() {
    const KeyOfToken<Index> key{indices.data<Index>(), vocabulary, padding_idx};
    const gpu::SortedPositions sorted(key, gpu::counted("embedding", n), gpu::bits_below(vocabulary + 1));
    const View row = row_of(dweight);
    visit_float(dweight.dtype, [&]<class T>() {
      gpu::sum_rows<T>({"embedding", row, 0, dy, sorted, n, 0, width, vocabulary}, false);
    });
  });
}

}  // namespace
const EmbeddingKernels embedding = {forward, backward};
TILESTACK_CUDA_TABLE(embedding)
}  // namespace tilestack::cuda
