// Few rows of x: each weight is read once and multiplied as it is (fixed_point.h), or as it is decoded. More: some rows
// of weights are decoded to the dtype of x, which stay in the second cache for an ordinary product.
#include "core/gemm/gemm.h"
#include "ops/quantized_linear/fixed_point.h"
#include "ops/quantized_linear/quantized_linear.h"

namespace tilestack::TILESTACK_ISA {
namespace {

constexpr int L = kLanes<float>;
constexpr int kFewRows = 4;  // of x
constexpr int kBlockVectors = int(kQuantBlock) / L;
constexpr int64_t kTaskWeights = 1 << 16, kTaskColumns = 256;
constexpr int64_t kDecoded = 1 << 17;  // weights
constexpr int64_t kAhead = 1024;       // of weights of 4 bits, whose arithmetic takes longer than the memory

// GCC would convert bytes one by one.
TILESTACK_INLINE VecI widened(const std::int8_t* from) {
#if defined(__AVX512F__)
  return (VecI)_mm512_cvtepi8_epi32(load_raw<__m128i>(from));
#elif defined(__AVX2__)
  return (VecI)_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
#else
  typedef std::int8_t Bytes __attribute__((vector_size(L)));
  return __builtin_convertvector(load_raw<Bytes>(from), VecI);
#endif
}

struct Block {
  VecF v[kBlockVectors];
};

// A row of weights, decoded block after block but for a factor of the whole row.
struct Int8Row {
  const std::int8_t* q;
  float scale;

  TILESTACK_INLINE Int8Row(View weight, View scales, int64_t row)
      : q(weight.data<std::int8_t>() + row * weight.size(1)), scale(scales.data<float>()[row]) {}

  TILESTACK_INLINE Block next() {
    __builtin_prefetch(q + kFarAhead, 0, 2);
    __builtin_prefetch(q + kNearAhead);
    const Block block = decoded(q);
    q += kQuantBlock;
    return block;
  }
  Block last(int64_t count) const {
    std::int8_t rest[kQuantBlock] = {};
    __builtin_memcpy(rest, q, std::size_t(count));
    return decoded(rest);
  }

  TILESTACK_INLINE static Block decoded(const std::int8_t* from) {
    Block out;
#pragma GCC unroll 16
    for (int i = 0; i < kBlockVectors; ++i) out.v[i] = __builtin_convertvector(widened(from + i * L), VecF);
    return out;
  }
};

struct Int4Row {
  const std::uint8_t* nibbles;
  const float* scales;
  int64_t group, left;  // left: of the group that `scales` points to
  static constexpr float scale = 1;

  TILESTACK_INLINE Int4Row(View weight, View scales_of_rows, int64_t row)
      : nibbles(weight.data<std::uint8_t>() + row * weight.size(1)),
        scales(scales_of_rows.data<float>() + row * scales_of_rows.size(1)),
        group(2 * weight.size(1) / scales_of_rows.size(1)),
        left(group) {}

  // The value of the low four bits of each lane, given levels(scale).
#if defined(__AVX512F__)
  TILESTACK_INLINE static VecF levels(float scale) {
    constexpr VecF values = {-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7};
    return values * scale;
  }
  TILESTACK_INLINE static VecF value(VecU bits, VecF levels) {
    return (VecF)_mm512_permutexvar_ps((__m512i)bits, (__m512)levels);
  }
#else
  TILESTACK_INLINE static VecF levels(float scale) { return splat(scale); }
  TILESTACK_INLINE static VecF value(VecU bits, VecF levels) {
    return __builtin_convertvector((VecI)(bits & 15) - 8, VecF) * levels;
  }
#endif

  // Half a block has one scale.
  TILESTACK_INLINE Block next() {
    __builtin_prefetch(nibbles + kAhead);
    const VecF low = levels(*scales), high = left < kQuantBlock ? levels(*++scales) : low;
    left = left < kQuantBlock ? 0 : left - kQuantBlock;
    if (left == 0) ++scales, left = group;
    Block out;
#pragma GCC unroll 4
    for (int j = 0; j < 16 / L; ++j) {
      const VecU words = __builtin_convertvector(load_raw<VecHalfBits>(nibbles + 2 * L * j), VecU);
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) out.v[i * 16 / L + j] = value(words >> (4 * i), i < 2 ? low : high);
    }
    nibbles += kQuantBlock / 2;
    return out;
  }
  TILESTACK_INLINE Block last(int64_t) { return next(); }  // rows are whole blocks
};

template <int M, int sums>
TILESTACK_INLINE void add_block(const float* x, int64_t stride, const Block& w, VecF (&sum)[M][sums]) {
#pragma GCC unroll 4
  for (int i = 0; i < M; ++i)
#pragma GCC unroll 16
    for (int v = 0; v < kBlockVectors; ++v)
      sum[i][v % sums] = fma(load(x + i * stride + v * L), w.v[v], sum[i][v % sums]);
}

// sums[i], kTaskColumns apart = M rows of x, `stride` apart and zero beyond the depth, times a row of weights.
template <int M, class Row>
TILESTACK_INLINE void dot_row(const float* x, int64_t stride, Row row, int64_t depth, float* sums) {
  constexpr int kSums = kBlockVectors < 4 ? kBlockVectors : 4;
  VecF sum[M][kSums] = {};
  int64_t k = 0;
  for (; k + kQuantBlock <= depth; k += kQuantBlock) add_block(x + k, stride, row.next(), sum);
  if (k < depth) add_block(x + k, stride, row.last(depth - k), sum);
#pragma GCC unroll 4
  for (int i = 0; i < M; ++i) {
#pragma GCC unroll 4
    for (int s = 1; s < kSums; ++s) sum[i][0] += sum[i][s];
    sums[i * kTaskColumns] = sum_lanes(sum[i][0]) * row.scale;
  }
}

// Rows [0, rows) and columns [begin, end) of y, from sums that are kTaskColumns apart.
void finish(View y, View b, const float* sums, int64_t rows, int64_t begin, int64_t end) {
  visit_float(y.dtype, [=]<class S>() {
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = begin; j < end; ++j) {
        const float bias = b.defined() ? float(convert<float>(b.data<S>()[j])) : 0.0f;
        y.data<S>()[i * y.size(1) + j] = convert<S>(sums[i * kTaskColumns + j - begin] + bias);
      }
  });
}

// x as `rows` rows of floats, `stride` apart, which is a multiple of a vector; zero where x has none.
void widen(View x, int64_t rows, int64_t stride, float* to) {
  visit_float(x.dtype, [=]<class S>() {
    if constexpr (sizeof(S) < 8)
      for (int64_t i = 0; i < rows; ++i)
        for (int64_t k = 0; k < stride; k += L) {
          const bool inside = i < x.size(0) && k < x.size(1);
          store(to + i * stride + k, inside ? load_upto(x.row<S>(i) + k, x.size(1) - k) : VecF{});
        }
  });
}

// x: M rows, as for dot_row
template <class Row, int M>
void multiply_few(const float* x, int64_t stride, View weight, View scales, View b, View y, int64_t depth) {
  const int64_t grain = least(kTaskColumns, kTaskWeights / (depth + 1) + 1);
  parallel_for(y.size(1), grain, [=](int64_t begin, int64_t end) {
    float sums[M * kTaskColumns];
    for (int64_t o = begin; o < end; ++o) dot_row<M>(x, stride, Row(weight, scales, o), depth, sums + o - begin);
    finish(y, b, sums, y.size(0), begin, end);
  });
}

template <class Row>
void run_few(View x, View weight, View scales, View b, View y) {
  const int64_t rows = x.size(0), depth = x.size(1), stride = (depth / kQuantBlock + 1) * kQuantBlock;
  Scratch<float> wide(kFewRows * stride);
  widen(x, kFewRows, stride, wide);
  const auto multiply = rows == 1 ? multiply_few<Row, 1> : rows == 2 ? multiply_few<Row, 2> : multiply_few<Row, 4>;
  multiply(wide, stride, weight, scales, b, y, depth);
}

#if defined(__AVX512F__)
// sums[i], kTaskColumns apart = `rows` rows of x, at most M, times rows [begin, end) of weights.
template <int M>
void multiply_fixed(const FixedRow* x, int64_t rows, View weight, View scales, int64_t begin, int64_t end,
                    float* sums) {
  const int64_t depth = weight.size(1);
  FixedRow row[M];
  for (int i = 0; i < M; ++i) row[i] = x[least(i, rows - 1)];
  for (int64_t o = begin; o < end; o += 4) {
    VecF out[M][4];
    const std::int8_t* w[4];
    float scale[4];
    for (int j = 0; j < 4; ++j) {
      w[j] = weight.data<std::int8_t>() + least(o + j, end - 1) * depth;
      scale[j] = scales.data<float>()[least(o + j, end - 1)];
    }
#pragma GCC unroll 1
    for (int j = 0; j < 4; j += 2) dot_pair<M>(row, {w[j], w[j + 1]}, depth, out, j);
    for (int i = 0; i < rows; ++i) {
      const auto four = fold_lanes_of_four(out[i], [](auto a, auto b) { return a + b; }) * row[i].unit;
      for (int j = 0; j < 4; ++j) sums[i * kTaskColumns + o - begin + j] = four[j] * scale[j];
    }
  }
}

// True if it did the product. A single row is as fast as the memory when weights are decoded.
bool run_fixed(View x, View weight, View scales, View b, View y) {
  const int64_t rows = x.size(0), stride = (x.size(1) + kBytes - 1) / kBytes * kBytes;
  const int64_t most = has_bfloat16_dot && x.dtype == DType::bfloat16 ? kFixedRowsOfPairs : kFixedRows;
  if (!has_int8_dot || rows < 2 || rows > most || stride > kFixedDepth) return false;
  Scratch<float> wide(rows * stride);
  Scratch<std::int8_t> digits(rows * stride * kDigits);
  Scratch<std::int32_t> starts(rows * kDigits * kLanes<float>);
  FixedRow fixed[kFixedRows];
  widen(x, rows, stride, wide);
  for (int64_t i = 0; i < rows; ++i) {
    fixed[i] = {digits + i * stride * kDigits, starts + i * kDigits * kLanes<float>, 0};
    if (!set_unit(wide + i * stride, stride, fixed[i].unit)) return false;
  }
  parallel_rows(rows, stride, [&](int64_t i) { write_digits(wide + i * stride, stride, fixed[i]); });

  const int64_t grain = least(kTaskColumns, kTaskWeights / (stride + 1) / 4 * 4 + 4);
  const int64_t tile = rows < 3 || 4 * kDigits * stride > kNearBytes ? 2 : 4;
  parallel_for(y.size(1), grain, [&](int64_t begin, int64_t end) {
    Scratch<float> sums(rows * kTaskColumns);
    for (int64_t i = 0; i < rows; i += tile)
      (tile == 2 ? multiply_fixed<2> : multiply_fixed<4>)(fixed + i, least(tile, rows - i), weight, scales, begin, end,
                                                          sums + i * kTaskColumns);
    finish(y, b, sums, rows, begin, end);
  });
  return true;
}
#else
TILESTACK_INLINE bool run_fixed(View, View, View, View, View) { return false; }
#endif

// Writes up to the next multiple of kQuantBlock.
template <class Row>
void decode_row(Row row, int64_t depth, float* to) {
  for (int64_t k = 0; k < depth; k += kQuantBlock) {
    const Block w = depth - k < kQuantBlock ? row.last(depth - k) : row.next();
    for (int v = 0; v < kBlockVectors; ++v) store(to + k + v * L, w.v[v] * row.scale);
  }
}

void convert_row(const float* from, int64_t depth, DType dtype, void* to, int64_t row) {
  visit_float(dtype, [=]<class S>() {
    if constexpr (sizeof(S) < 8)
      for (int64_t k = 0; k < depth; k += L)
        store_upto(static_cast<S*>(to) + row * depth + k, load(from + k), depth - k);
  });
}

template <class Row>
void run_many(View x, View weight, View scales, View b, View y) {
  const int64_t out = weight.size(0), depth = x.size(1), size = int64_t(size_of(x.dtype));
  parallel_for(out, kDecoded / (depth + 1) / 32 * 32 + 32, [=](int64_t begin, int64_t end) {
    Scratch<char> decoded((end - begin) * depth * size + kQuantBlock * int64_t(sizeof(float)));
    Scratch<float> line(depth + kQuantBlock);
    for (int64_t o = begin; o < end; ++o) {
      const bool in_place = x.dtype == DType::float32;
      float* to = in_place ? reinterpret_cast<float*>(decoded.data) + (o - begin) * depth : line.data;
      decode_row(Row(weight, scales, o), depth, to);
      if (!in_place) convert_row(line, depth, x.dtype, decoded, o - begin);
    }
    GemmOutput c{.data = y.data<char>() + begin * size, .dtype = y.dtype, .row_stride = out};
    if (b.defined()) c.bias = b.data<char>() + begin * size;
    gemm.run({x.size(0),
              end - begin,
              depth,
              {.data = x.pointer, .dtype = x.dtype, .row_stride = depth, .depth_stride = 1},
              {.data = decoded.data, .dtype = x.dtype, .row_stride = depth, .depth_stride = 1},
              c});
  });
}

template <class Row>
void run(View x, View weight, View scales, View b, View y) {
  if (x.size(0) <= kFewRows) return run_few<Row>(x, weight, scales, b, y);
  run_many<Row>(x, weight, scales, b, y);
}

void forward(View x, View weight, View scales, View b, View y) {
  if (weight.dtype != DType::int8) return run<Int4Row>(x, weight, scales, b, y);
  if (!run_fixed(x, weight, scales, b, y)) run<Int8Row>(x, weight, scales, b, y);
}

}  // namespace
constinit const QuantizedLinearKernels quantized_linear = {forward};
}  // namespace tilestack::TILESTACK_ISA
