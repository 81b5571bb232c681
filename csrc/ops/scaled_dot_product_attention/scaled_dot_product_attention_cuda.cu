#include <cstdlib>
#include <cstring>

#include "cuda/runtime.h"
#include "ops/scaled_dot_product_attention/attention_mma.cuh"
#include "ops/scaled_dot_product_attention/attention_paths.h"
#include "ops/scaled_dot_product_attention/attention_simt.cuh"

namespace tilestack::cuda {
namespace {

// From the plainest on. TILESTACK_ATTENTION=simt or mma leaves those beyond it out: for tests.
enum class Path { simt, mma, wgmma };
bool allows(Path path) {
  static const Path most = [] {
    const char* name = std::getenv("TILESTACK_ATTENTION");
    if (!name) return Path::wgmma;
    return std::strcmp(name, "simt") == 0 ? Path::simt : std::strcmp(name, "mma") == 0 ? Path::mma : Path::wgmma;
  }();
  return path <= most;
}

unsigned blocks_of(std::int64_t heads, std::int64_t rows, int tile) {
  return static_cast<unsigned>(heads * gpu::ceil_div(rows, std::int64_t(tile)));
}

// f.operator()<kRows>(): as many rows a block as shared memory holds.
template <class C, class F>
void visit_rows(int dim, int value_dim, F&& f) {
  const std::size_t bytes = sizeof(C) * static_cast<std::size_t>(dim > value_dim ? dim : value_dim);
  if (bytes <= 512) return f.template operator()<32>();
  if (bytes <= 1024) return f.template operator()<16>();
  f.template operator()<8>();
}

// f.operator()<kDim>(): the head's size padded.
template <class F>
void visit_dim(int dim, int value_dim, F&& f) {
  const int size = dim > value_dim ? dim : value_dim;
  if (size <= 32) return f.template operator()<32>();
  if (size <= 64) return f.template operator()<64>();
  f.template operator()<128>();
}

template <class T>
bool takes_mma(const Attention<T>& p) {
  if constexpr (sizeof(T) != 2) {
    return false;
  } else {
    return allows(Path::mma) && p.dim % kHeadChunk == 0 && p.value_dim % kHeadChunk == 0 && p.dim <= 128 &&
           p.value_dim <= 128 && p.q.is_aligned() && p.k.is_aligned() && p.v.is_aligned();
  }
}

template <class T>
void attend(const AttentionInputs& in, const View& y, const View& lse) {
  using C = Compute<T>;
  const Attention<T> p(in);
  const HeadRows<T> to(y);
  C* const logs = lse.data<C>();
  const std::int64_t heads = std::int64_t(p.batch) * p.heads;
  if constexpr (sizeof(T) == 2) {
    if (takes_mma(p))
      return visit_dim(p.dim, p.value_dim, [&]<int kDim>() {
        gpu::launch(mma_forward_kernel<T, kDim>,
                    {blocks_of(heads, p.queries, kBlockRows), kAttentionThreads, sizeof(MmaForwardShared<T, kDim>)}, p,
                    to, logs);
      });
  }
  visit_rows<C>(p.dim, p.value_dim, [&]<int kRows>() {
    gpu::launch(
        simt_forward_kernel<T, kRows>,
        {blocks_of(heads, p.queries, kRows), kAttentionThreads, SimtTiles<C, kRows>::bytes(p.dim, p.value_dim, 3, 1)},
        p, to, logs);
  });
}

template <class T>
void attend_backward(const AttentionInputs& in, const View& y, const View& lse, const View& dy, const View& dq,
                     const View& dk, const View& dv) {
  using C = Compute<T>;
  const Attention<T> p(in);
  const std::int64_t heads = std::int64_t(p.batch) * p.heads, kv_heads = std::int64_t(p.batch) * p.kv_heads,
                     rows = heads * p.queries;
  const HeadRows<const T> slope(dy);
  const HeadRows<T> to_q(dq), to_k(dk), to_v(dv);
  gpu::Workspace<C> dots(rows);
  gpu::launch(attention_dots_kernel<T>,
              {static_cast<unsigned>(gpu::ceil_div(rows, std::int64_t(kAttentionThreads / 32))), kAttentionThreads},
              HeadRows<const T>(y), slope, dots.data, p.queries, p.heads, p.value_dim, rows);
  const AttentionSlopes<T> slopes{slope, lse.data<C>(), dots.data};
  if constexpr (sizeof(T) == 2) {
    if (takes_mma(p) && slope.is_aligned())
      return visit_dim(p.dim, p.value_dim, [&]<int kDim>() {
        gpu::launch(mma_query_kernel<T, kDim>,
                    {blocks_of(heads, p.queries, kBlockRows), kAttentionThreads,
                     sizeof(MmaBackwardShared<T, kDim, kQueryCols<kDim>>)},
                    p, slopes, to_q);
        gpu::launch(mma_key_kernel<T, kDim>,
                    {blocks_of(kv_heads, p.keys, kBlockRows), kAttentionThreads,
                     sizeof(MmaBackwardShared<T, kDim, kKeyCols<kDim>>)},
                    p, slopes, to_k, to_v);
      });
  }
  visit_rows<C>(p.dim, p.value_dim, [&]<int kRows>() {
    using Tiles = SimtTiles<C, kRows>;
    gpu::launch(simt_query_kernel<T, kRows>,
                {blocks_of(heads, p.queries, kRows), kAttentionThreads, Tiles::bytes(p.dim, p.value_dim, 4, 1)}, p,
                slopes, to_q);
    gpu::launch(simt_key_kernel<T, kRows>,
                {blocks_of(kv_heads, p.keys, kRows), kAttentionThreads, Tiles::bytes(p.dim, p.value_dim, 4, 2)}, p,
                slopes, to_k, to_v);
  });
}

void forward(const AttentionInputs& in, View y, View lse) {
  if (allows(Path::wgmma) && fits_wgmma(in)) return attend_by_wgmma(in, y, lse);
  visit_float(in.q.dtype, [&]<class T>() { attend<T>(in, y, lse); });
}

void backward(const AttentionInputs& in, View y, View lse, View dy, View dq, View dk, View dv) {
  if (allows(Path::wgmma) && fits_wgmma(in, dy)) return attend_backward_by_wgmma(in, y, lse, dy, dq, dk, dv);
  visit_float(in.q.dtype, [&]<class T>() { attend_backward<T>(in, y, lse, dy, dq, dk, dv); });
}

}  // namespace
const ScaledDotProductAttentionKernels scaled_dot_product_attention = {forward, backward};
TILESTACK_CUDA_TABLE(scaled_dot_product_attention)
}  // namespace tilestack::cuda
