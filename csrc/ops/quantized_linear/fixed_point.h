#pragma once
// Rows of x times weights of 8 bits by AVX512-VNNI, of which one instruction multiplies and adds 64 bytes. A row of x
// becomes whole numbers of 24 bits times a power of two, each of them three signed digits of base 256. Rounding loses
// at most 2^-23 of the row's largest number; sums of products are whole numbers and exact.
#include "core/parallel.h"
#include "core/vec.h"

namespace tilestack::TILESTACK_ISA {
namespace {

using std::int64_t;

TILESTACK_INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

// Bytes; what the processor fetches by itself comes late. From memory into the second cache, and from there.
constexpr int64_t kFarAhead = 8192, kNearAhead = 512;

#if defined(__AVX512F__)

constexpr int kDigits = 3;
constexpr int64_t kBytes = 64;            // a vector's
constexpr int64_t kFixedDepth = 1 << 20;  // sums stay within 32 bits
// Of x. Beyond, a product of floats or of pairs of bfloat16 is faster.
constexpr int kFixedRows = 128, kFixedRowsOfPairs = 24;
constexpr int64_t kNearBytes = 1 << 14;  // of digits, half of the first cache

TILESTACK_INLINE VecI bytes_of_128() { return splat(std::int32_t(0x80808080u)); }

// Adds the products of four unsigned bytes of w and four signed bytes of x to each lane. This file is not compiled for
// that instruction; as assembly it can be inlined nevertheless.
TILESTACK_INLINE VecI add_dots(VecI w, VecI x, VecI sum) {
  asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(w), "v"(x));
  return sum;
}

// Weights of a row of which `left` are left, plus 128.
TILESTACK_INLINE VecI load_weights(const std::int8_t* from, int64_t left) {
  const VecI w =
      left >= kBytes ? load_raw<VecI>(from) : (VecI)_mm512_maskz_loadu_epi8((std::uint64_t(1) << left) - 1, from);
  return w ^ bytes_of_128();
}

// x = unit times the number whose digits these are: (depth / kBytes, kDigits, kBytes). `start`: what sums of products
// begin with, as weights are 128 too large.
struct FixedRow {
  std::int8_t* digits;
  std::int32_t* start;
  float unit;

  TILESTACK_INLINE VecI digit(int64_t k, int d) const { return load_raw<VecI>(digits + kDigits * k + d * kBytes); }
};

// The power of two by which no number of the row is beyond 0x7f7f7f, the largest of three signed digits. False if a
// number is NaN, infinite or close to that.
bool set_unit(const float* x, int64_t depth, float& unit) {
  VecI most{};
  for (int64_t k = 0; k < depth; k += kLanes<float>) {
    const VecI size = VecI(float_to_bits(load(x + k)) & 0x7fffffffu);
    most = size > most ? size : most;
  }
  const std::uint32_t largest = fold_lanes(most, [](auto a, auto b) { return a > b ? a : b; });
  const int exponent = int((largest + 0x10101) >> 23);
  unit = __builtin_bit_cast(float, (exponent > 23 ? exponent - 22 : 1) << 23);
  return exponent < 255;
}

void write_digits(const float* x, int64_t depth, const FixedRow& to) {
  const float scale = 1 / to.unit;
  VecI start[kDigits] = {};
  for (int64_t k = 0; k < depth; k += kBytes) {
    for (int64_t i = 0; i < kBytes; i += kLanes<float>) {
      const VecU whole = (VecU)_mm512_cvtps_epi32((__m512)(load(x + k + i) * scale));
      const VecU digits = (whole + 0x808080u) ^ 0x808080u;
      for (int d = 0; d < kDigits; ++d)
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to.digits + kDigits * k + d * kBytes + i),
                         _mm512_cvtepi32_epi8((__m512i)(digits >> (8 * d))));
    }
    for (int d = 0; d < kDigits; ++d) start[d] = add_dots(bytes_of_128(), to.digit(k, d), start[d]);
  }
  for (VecI& s : start) s = -s;
  __builtin_memcpy(to.start, start, sizeof start);
}

// out[i][column] and the next, but for a sum over lanes = M rows of x times two rows of weights.
template <int M>
TILESTACK_INLINE void dot_pair(const FixedRow (&x)[M], const std::int8_t* const (&w)[2], int64_t depth, VecF (*out)[4],
                               int column) {
  VecI sum[M][2][kDigits];
#pragma GCC unroll 4
  for (int i = 0; i < M; ++i)
#pragma GCC unroll 4
    for (int d = 0; d < kDigits; ++d) sum[i][0][d] = sum[i][1][d] = load_raw<VecI>(x[i].start + d * kLanes<float>);
  for (int64_t k = 0; k < depth; k += kBytes) {
    VecI q[2];
#pragma GCC unroll 4
    for (int j = 0; j < 2; ++j) {
      __builtin_prefetch(w[0] + kFarAhead + 2 * k + j * kBytes, 0, 2);
      q[j] = load_weights(w[j] + k, depth - k);
    }
#pragma GCC unroll 4
    for (int i = 0; i < M; ++i)
#pragma GCC unroll 4
      for (int d = 0; d < kDigits; ++d) {
        const VecI digit = x[i].digit(k, d);
        sum[i][0][d] = add_dots(q[0], digit, sum[i][0][d]);
        sum[i][1][d] = add_dots(q[1], digit, sum[i][1][d]);
      }
  }
#pragma GCC unroll 4
  for (int i = 0; i < M; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < 2; ++j) {
      VecF total = __builtin_convertvector(sum[i][j][2], VecF);
      total = total * 256 + __builtin_convertvector(sum[i][j][1], VecF);
      out[i][column + j] = total * 256 + __builtin_convertvector(sum[i][j][0], VecF);
    }
}

#endif

}  // namespace
}  // namespace tilestack::TILESTACK_ISA
