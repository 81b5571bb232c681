#include "core/index_range.h"
#include "core/rows.h"
#include "ops/embedding/embedding.h"

namespace tilestack::TILESTACK_ISA {
namespace {

std::int64_t forward(View weight, View indices, View y) {
  const std::int64_t width = weight.shape[1], bytes = width * std::int64_t(size_of(weight.dtype));
  std::int64_t bad = -1;
  visit_index(indices.dtype, [&]<class Index>() {
    const Index* tokens = indices.data<Index>();
    bad = first_outside(tokens, indices.numel(), 0, weight.shape[0]);
    if (bad >= 0) return;
    parallel_rows(indices.numel(), width, [&](std::int64_t i) {
      __builtin_memcpy(y.data<char>() + i * bytes, weight.data<char>() + std::int64_t(tokens[i]) * bytes,
                       std::size_t(bytes));
    });
  });
  return bad;
}

// Sorts the positions by token, those of a token in their order: token v's are positions[ends[v - 1]] up to
// positions[ends[v]].
template <class Index>
void group_by_token(const Index* tokens, std::int64_t n, std::int64_t vocabulary, std::int64_t skipped,
                    std::int64_t* ends, std::int64_t* positions) {
  const auto counts = [&](std::int64_t token) { return token >= 0 && token < vocabulary && token != skipped; };
  __builtin_memset(ends, 0, std::size_t(vocabulary) * sizeof *ends);
  for (std::int64_t i = 0; i < n; ++i)
    if (counts(tokens[i])) ++ends[tokens[i]];
  std::int64_t before = 0;
  for (std::int64_t v = 0; v < vocabulary; ++v) {
    const std::int64_t count = ends[v];
    ends[v] = before;
    before += count;
  }
  for (std::int64_t i = 0; i < n; ++i)
    if (counts(tokens[i])) positions[ends[tokens[i]]++] = i;
}

// Columns [begin, end) of one token's row.
template <class T>
void sum_token(const T* dy, T* dw, const std::int64_t* positions, std::int64_t count, std::int64_t width,
               std::int64_t begin, std::int64_t end) {
  constexpr int lanes = kLanes<Compute<T>>;
  for_blocks<T>(end - begin, [&]<int N>(std::int64_t at, auto part) {
    const std::int64_t i = begin + at;
    Vec<Compute<T>> sum[N] = {};
    for (std::int64_t p = 0; p < count; ++p)
      for (int k = 0; k < N; ++k) sum[k] += part.load(dy + positions[p] * width + i + k * lanes);
    for (int k = 0; k < N; ++k) part.store(dw + i + k * lanes, sum[k]);
  });
}

void backward(View dy, View indices, View dweight, std::int64_t padding_idx) {
  const std::int64_t n = indices.numel(), vocabulary = dweight.shape[0], width = dweight.shape[1];
  const Scratch<std::int64_t> ends(vocabulary), positions(n);
  visit_index(indices.dtype, [&]<class Index>() {
    group_by_token(indices.data<Index>(), n, vocabulary, padding_idx, ends.data, positions.data);
  });
  // A few tokens would keep only as many threads busy: then their rows are cut, too.
  const std::int64_t span = vocabulary < 64 ? 128 : width, spans = span > 0 ? (width + span - 1) / span : 0;
  visit_float(dweight.dtype, [&]<class T>() {
    const std::int64_t work = span * (1 + n / (vocabulary > 0 ? vocabulary : 1));
    parallel_rows(vocabulary * spans, work, [&](std::int64_t i) {
      const std::int64_t token = i / spans, begin = i % spans * span, end = begin + span;
      const std::int64_t first = token > 0 ? ends[token - 1] : 0;
      sum_token(dy.data<T>(), dweight.row<T>(token), positions + first, ends[token] - first, width, begin,
                end < width ? end : width);
    });
  });
}

}  // namespace
constinit const EmbeddingKernels embedding = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA
