#include <bit>
#include <cstring>

#include "core/dtype.h"
#include "cuda/emulator/async.h"
#include "cuda/emulator/emu.h"
#include "cuda/emulator/race.h"

namespace emu {

namespace {

using tilestack::bfloat16;
using tilestack::float16;

struct MatrixArgument {
  std::uint32_t* r;
  const std::uint32_t* from;
  char* row;
  int count;
  bool transposed;
  Site site;
};

void check_row(const void* row, const char* what, Site site) {
  check_aligned(row, 16, what, site);
  check_shared(row, 16, what, site);
}

// Which lane and half of a register holds an element.
int holder(int row, int col, bool transposed) { return transposed ? 4 * col + row / 2 : 4 * row + col / 2; }
int half(int row, int col, bool transposed) { return (transposed ? row : col) % 2; }

void compute_ldmatrix(void** lanes, std::uint32_t) {
  const auto argument = [&](int lane) -> MatrixArgument& { return *static_cast<MatrixArgument*>(lanes[lane]); };
  for (int m = 0; m < argument(0).count; ++m)
    for (int row = 0; row < 8; ++row) {
      std::uint16_t values[8];
      std::memcpy(values, argument(8 * m + row).row, 16);
      for (int col = 0; col < 8; ++col) {
        std::uint32_t& r = argument(holder(row, col, argument(0).transposed)).r[m];
        const int shift = 16 * half(row, col, argument(0).transposed);
        r = (r & ~(0xffffu << shift)) | std::uint32_t(values[col]) << shift;
      }
    }
}

void compute_stmatrix(void** lanes, std::uint32_t) {
  const auto argument = [&](int lane) -> MatrixArgument& { return *static_cast<MatrixArgument*>(lanes[lane]); };
  for (int m = 0; m < argument(0).count; ++m)
    for (int row = 0; row < 8; ++row) {
      std::uint16_t values[8];
      for (int col = 0; col < 8; ++col)
        values[col] = std::uint16_t(argument(holder(row, col, argument(0).transposed)).from[m] >>
                                    16 * half(row, col, argument(0).transposed));
      std::memcpy(argument(8 * m + row).row, values, 16);
    }
}

struct MmaArgument {
  float* d;
  const std::uint32_t *a, *b;
};

template <class T>
float element(std::uint32_t pair, int half) {
  return tilestack::to_float(T{std::uint16_t(pair >> 16 * half)});
}
float tf32(std::uint32_t bits) { return std::bit_cast<float>(bits & 0xffffe000u); }

// d (16, 8) += a (16, k) b (k, 8), gathered from the lanes and given back.
template <int kDepth>
void multiply(void** lanes, const float (&a)[16][kDepth], const float (&b)[kDepth][8]) {
  for (int row = 0; row < 16; ++row) {
    float sum[8] = {};
    for (int k = 0; k < kDepth; ++k)
      for (int col = 0; col < 8; ++col) sum[col] += a[row][k] * b[k][col];
    for (int col = 0; col < 8; ++col)
      static_cast<MmaArgument*>(lanes[row % 8 * 4 + col / 2])->d[row / 8 * 2 + col % 2] += sum[col];
  }
}

template <class T>
void compute_mma(void** lanes, std::uint32_t) {
  float a[16][16], b[16][8];
  for (int lane = 0; lane < 32; ++lane) {
    const auto& own = *static_cast<MmaArgument*>(lanes[lane]);
    const int g = lane / 4, t = lane % 4;
    for (int half = 0; half < 2; ++half) {
      for (int i = 0; i < 4; ++i) a[g + i % 2 * 8][2 * t + half + i / 2 * 8] = element<T>(own.a[i], half);
      for (int i = 0; i < 2; ++i) b[2 * t + half + i * 8][g] = element<T>(own.b[i], half);
    }
  }
  multiply(lanes, a, b);
}

void compute_tf32(void** lanes, std::uint32_t) {
  float a[16][8], b[8][8];
  for (int lane = 0; lane < 32; ++lane) {
    const auto& own = *static_cast<MmaArgument*>(lanes[lane]);
    const int g = lane / 4, t = lane % 4;
    for (int i = 0; i < 4; ++i) a[g + i % 2 * 8][t + i / 2 * 4] = tf32(own.a[i]);
    for (int i = 0; i < 2; ++i) b[t + i * 4][g] = tf32(own.b[i]);
  }
  multiply(lanes, a, b);
}

struct DoubleArgument {
  double *d, a, b;
};

void compute_f64(void** lanes, std::uint32_t) {
  const auto argument = [&](int lane) -> DoubleArgument& { return *static_cast<DoubleArgument*>(lanes[lane]); };
  for (int row = 0; row < 8; ++row)
    for (int col = 0; col < 8; ++col)
      for (int k = 0; k < 4; ++k)
        argument(4 * row + col / 2).d[col % 2] += argument(4 * row + k).a * argument(4 * col + k).b;
}

}  // namespace

void ldmatrix(std::uint32_t* r, int count, bool transposed, const void* row, Site site) {
  if (int(cur->lane()) < 8 * count) {
    check_row(row, "ldmatrix", site);
    if (race::enabled) race::read(row, 16, cur, site);
  }
  MatrixArgument own{r, nullptr, static_cast<char*>(const_cast<void*>(row)), count, transposed, site};
  collective("ldmatrix", kFullWarp, &own, compute_ldmatrix, true, site);
}

void stmatrix(void* row, const std::uint32_t* r, int count, bool transposed, Site site) {
  require_arch(90, "stmatrix", site);
  if (int(cur->lane()) < 8 * count) {
    check_row(row, "stmatrix", site);
    if (race::enabled) race::write(row, 16, cur, site);
  }
  MatrixArgument own{nullptr, r, static_cast<char*>(row), count, transposed, site};
  collective("stmatrix", kFullWarp, &own, compute_stmatrix, true, site);
}

void mma(float* d, const std::uint32_t* a, const std::uint32_t* b, Mma type, Site site) {
  require_arch(80, "mma", site);
  MmaArgument own{d, a, b};
  const WarpFunction compute = type == Mma::bf16  ? compute_mma<bfloat16>
                               : type == Mma::f16 ? compute_mma<float16>
                                                  : compute_tf32;
  collective("mma", kFullWarp, &own, compute, true, site);
}

void mma_f64(double* d, double a, double b, Site site) {
  require_arch(80, "mma", site);
  DoubleArgument own{d, a, b};
  collective("mma", kFullWarp, &own, compute_f64, true, site);
}

}  // namespace emu
