#include "cuda/runtime.h"
#include "ops/scaled_dot_product_attention/attention_paths.h"
#include "ops/scaled_dot_product_attention/attention_wgmma_backward.cuh"
#include "ops/scaled_dot_product_attention/attention_wgmma_forward.cuh"

namespace tilestack::cuda {
namespace {

constexpr std::int64_t kLeastHead = 40, kMostHead = 128;

bool fits_head(std::int64_t dim) { return dim >= kLeastHead && dim <= kMostHead; }

unsigned blocks_of(int batch, int heads, int rows) {
  return static_cast<unsigned>(std::int64_t(batch) * heads * gpu::ceil_div(rows, kWideRows));
}

// f.operator()<T, kDim>(): the head's size padded.
template <class F>
void visit(const AttentionInputs& in, F&& f) {
  const bool large = in.q.shape[3] > 64 || in.v.shape[3] > 64;
  if (in.q.dtype == DType::bfloat16)
    large ? f.template operator()<bfloat16, 128>() : f.template operator()<bfloat16, 64>();
  else
    large ? f.template operator()<float16, 128>() : f.template operator()<float16, 64>();
}

template <class T, int kDim>
void run_forward(const AttentionInputs& in, const View& y, const View& lse) {
  using Tiles = WideForward<T, kDim>;
  const Attention<T> p(in);
  const ForwardMaps maps{{in.q, kWideRows}, {in.k, Tiles::kKeys}, {in.v, Tiles::kKeys}, {y, 64}};
  gpu::launch(wgmma_forward_kernel<T, kDim>,
              {blocks_of(p.batch, p.heads, p.queries), kWideThreads, sizeof(typename Tiles::Shared)}, maps, p,
              lse.data<float>());
}

template <class T, int kDim>
void run_backward(const AttentionInputs& in, const View& y, const View& lse, const View& dy, const View& dq,
                  const View& dk, const View& dv) {
  using Queries = WideQueries<T, kDim>;
  using Keys = WideKeys<T, kDim>;
  const Attention<T> p(in);
  const int padded = gpu::ceil_div(p.queries, kWideRows) * kWideRows;
  const std::int64_t count = std::int64_t(p.batch) * p.heads * padded;
  const gpu::Workspace<float> memory(2 * count);
  const QueryRows rows{memory.data, memory.data + count, padded};
  gpu::launch(query_rows_kernel<T>,
              {static_cast<unsigned>(gpu::ceil_div(count, std::int64_t(kAttentionThreads / 16))), kAttentionThreads},
              HeadRows<const T>(y), HeadRows<const T>(dy), lse.data<float>(), rows, p.queries, p.heads, p.value_dim,
              count);
  const QueryMaps query_maps{
      {in.q, kWideRows}, {in.k, Queries::kKeys}, {in.v, Queries::kKeys}, {dy, kWideRows}, {dq, 64}};
  gpu::launch(wgmma_query_kernel<T, kDim>,
              {blocks_of(p.batch, p.heads, p.queries), kWideThreads, sizeof(typename Queries::Shared)}, query_maps, p,
              rows);
  const KeyMaps key_maps{{in.q, Keys::kQueries}, {in.k, kWideRows}, {in.v, kWideRows},
                         {dy, Keys::kQueries},   {dk, 64},          {dv, 64}};
  gpu::launch(wgmma_key_kernel<T, kDim>,
              {blocks_of(p.batch, p.kv_heads, p.keys), kWideThreads, sizeof(typename Keys::Shared)}, key_maps, p, rows);
}

}  // namespace

bool fits_wgmma(const AttentionInputs& in) {
  const bool halves = in.q.dtype == DType::bfloat16 || in.q.dtype == DType::float16;
  const std::int64_t dim = in.q.shape[3], value_dim = in.v.shape[3];
  return gpu::device_info().arch == 90 && halves && !in.mask.defined() && in.dropout == 0 && in.scale > 0 &&
         fits_head(dim) && fits_head(value_dim) && HeadMap::fits(in.q) && HeadMap::fits(in.k) && HeadMap::fits(in.v);
}

bool fits_wgmma(const AttentionInputs& in, const View& dy) { return fits_wgmma(in) && HeadMap::fits(dy); }

void attend_by_wgmma(const AttentionInputs& in, const View& y, const View& lse) {
  visit(in, [&]<class T, int kDim>() { run_forward<T, kDim>(in, y, lse); });
}

void attend_backward_by_wgmma(const AttentionInputs& in, const View& y, const View& lse, const View& dy, const View& dq,
                              const View& dk, const View& dv) {
  visit(in, [&]<class T, int kDim>() { run_backward<T, kDim>(in, y, lse, dy, dq, dk, dv); });
}

}  // namespace tilestack::cuda
