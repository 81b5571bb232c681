#pragma once
// Part of ptx.h. Written by tools/make_wgmma.py; do not edit.
//
// wgmma<T>(d, a, b, accumulate): d (64, N) = a (64, K) b (K, N), plus d if `accumulate`, by the 128 threads of a
// warpgroup. T: bfloat16 or float16 with K = 16, float (as tf32) with K = 8. N is twice the length of d.
// d[4 j + 2 h + e] is row 16 warp + lane / 4 + 8 h, column 8 j + 2 (lane % 4) + e. a: a matrix_descriptor, or four
// registers laid out as the a of mma; b: a matrix_descriptor of (N, K). Major::mn, for 16-bit types: the operand lies
// transposed.
// Between wgmma_fence and the wgmma_wait after it, d must not be touched. A first product with `accumulate` false lets
// ptxas overlap products of a loop with wgmma_wait<1>, where zeroed accumulators make it serialise them.

namespace tilestack::ptx {

enum class Major { k = 0, mn = 1 };

template <int kN>
struct Wgmma;

#if PTX_SM90A
#define PTX_WGMMA(scale, text) \
  "{\n.reg .pred p;\nsetp.ne.b32 p, " scale ", 0;\nwgmma.mma_async.sync.aligned." text "\n}\n"

#define PTX_WGMMA_D8 "{%0, %1, %2, %3}"
#define PTX_WGMMA_R8 "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
template <>
struct Wgmma<8> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[4], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%6", "m64n8k16.f32.bf16.bf16 " PTX_WGMMA_D8 ", %4, %5, p, 1, 1, %7, %8;")
                   : PTX_WGMMA_R8
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%6", "m64n8k16.f32.f16.f16 " PTX_WGMMA_D8 ", %4, %5, p, 1, 1, %7, %8;")
                   : PTX_WGMMA_R8
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%6", "m64n8k8.f32.tf32.tf32 " PTX_WGMMA_D8 ", %4, %5, p, 1, 1;")
                   : PTX_WGMMA_R8
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[4], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%9", "m64n8k16.f32.bf16.bf16 " PTX_WGMMA_D8 ", {%4, %5, %6, %7}, %8, p, 1, 1, %10;")
                   : PTX_WGMMA_R8
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%9", "m64n8k16.f32.f16.f16 " PTX_WGMMA_D8 ", {%4, %5, %6, %7}, %8, p, 1, 1, %10;")
                   : PTX_WGMMA_R8
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%9", "m64n8k8.f32.tf32.tf32 " PTX_WGMMA_D8 ", {%4, %5, %6, %7}, %8, p, 1, 1;")
                   : PTX_WGMMA_R8
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
};
#undef PTX_WGMMA_D8
#undef PTX_WGMMA_R8

#define PTX_WGMMA_D16 "{%0, %1, %2, %3, %4, %5, %6, %7}"
#define PTX_WGMMA_R16 "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7])
template <>
struct Wgmma<16> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[8], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%10", "m64n16k16.f32.bf16.bf16 " PTX_WGMMA_D16 ", %8, %9, p, 1, 1, %11, %12;")
                   : PTX_WGMMA_R16
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%10", "m64n16k16.f32.f16.f16 " PTX_WGMMA_D16 ", %8, %9, p, 1, 1, %11, %12;")
                   : PTX_WGMMA_R16
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%10", "m64n16k8.f32.tf32.tf32 " PTX_WGMMA_D16 ", %8, %9, p, 1, 1;")
                   : PTX_WGMMA_R16
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[8], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%13", "m64n16k16.f32.bf16.bf16 " PTX_WGMMA_D16 ", {%8, %9, %10, %11}, %12, p, 1, 1, %14;")
                   : PTX_WGMMA_R16
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%13", "m64n16k16.f32.f16.f16 " PTX_WGMMA_D16 ", {%8, %9, %10, %11}, %12, p, 1, 1, %14;")
                   : PTX_WGMMA_R16
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%13", "m64n16k8.f32.tf32.tf32 " PTX_WGMMA_D16 ", {%8, %9, %10, %11}, %12, p, 1, 1;")
                   : PTX_WGMMA_R16
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
};
#undef PTX_WGMMA_D16
#undef PTX_WGMMA_R16

#define PTX_WGMMA_D24 "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11}"
#define PTX_WGMMA_R24                                                                                         \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11])
template <>
struct Wgmma<24> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[12], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%14", "m64n24k16.f32.bf16.bf16 " PTX_WGMMA_D24 ", %12, %13, p, 1, 1, %15, %16;")
                   : PTX_WGMMA_R24
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%14", "m64n24k16.f32.f16.f16 " PTX_WGMMA_D24 ", %12, %13, p, 1, 1, %15, %16;")
                   : PTX_WGMMA_R24
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%14", "m64n24k8.f32.tf32.tf32 " PTX_WGMMA_D24 ", %12, %13, p, 1, 1;")
                   : PTX_WGMMA_R24
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[12], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(
          PTX_WGMMA("%17", "m64n24k16.f32.bf16.bf16 " PTX_WGMMA_D24 ", {%12, %13, %14, %15}, %16, p, 1, 1, %18;")
          : PTX_WGMMA_R24
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%17", "m64n24k16.f32.f16.f16 " PTX_WGMMA_D24 ", {%12, %13, %14, %15}, %16, p, 1, 1, %18;")
                   : PTX_WGMMA_R24
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%17", "m64n24k8.f32.tf32.tf32 " PTX_WGMMA_D24 ", {%12, %13, %14, %15}, %16, p, 1, 1;")
                   : PTX_WGMMA_R24
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
};
#undef PTX_WGMMA_D24
#undef PTX_WGMMA_R24

#define PTX_WGMMA_D32 "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15}"
#define PTX_WGMMA_R32                                                                                         \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15])
template <>
struct Wgmma<32> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[16], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%18", "m64n32k16.f32.bf16.bf16 " PTX_WGMMA_D32 ", %16, %17, p, 1, 1, %19, %20;")
                   : PTX_WGMMA_R32
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%18", "m64n32k16.f32.f16.f16 " PTX_WGMMA_D32 ", %16, %17, p, 1, 1, %19, %20;")
                   : PTX_WGMMA_R32
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%18", "m64n32k8.f32.tf32.tf32 " PTX_WGMMA_D32 ", %16, %17, p, 1, 1;")
                   : PTX_WGMMA_R32
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[16], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(
          PTX_WGMMA("%21", "m64n32k16.f32.bf16.bf16 " PTX_WGMMA_D32 ", {%16, %17, %18, %19}, %20, p, 1, 1, %22;")
          : PTX_WGMMA_R32
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%21", "m64n32k16.f32.f16.f16 " PTX_WGMMA_D32 ", {%16, %17, %18, %19}, %20, p, 1, 1, %22;")
                   : PTX_WGMMA_R32
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%21", "m64n32k8.f32.tf32.tf32 " PTX_WGMMA_D32 ", {%16, %17, %18, %19}, %20, p, 1, 1;")
                   : PTX_WGMMA_R32
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
};
#undef PTX_WGMMA_D32
#undef PTX_WGMMA_R32

#define PTX_WGMMA_D40 "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19}"
#define PTX_WGMMA_R40                                                                                         \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),  \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19])
template <>
struct Wgmma<40> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[20], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%22", "m64n40k16.f32.bf16.bf16 " PTX_WGMMA_D40 ", %20, %21, p, 1, 1, %23, %24;")
                   : PTX_WGMMA_R40
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%22", "m64n40k16.f32.f16.f16 " PTX_WGMMA_D40 ", %20, %21, p, 1, 1, %23, %24;")
                   : PTX_WGMMA_R40
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%22", "m64n40k8.f32.tf32.tf32 " PTX_WGMMA_D40 ", %20, %21, p, 1, 1;")
                   : PTX_WGMMA_R40
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[20], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(
          PTX_WGMMA("%25", "m64n40k16.f32.bf16.bf16 " PTX_WGMMA_D40 ", {%20, %21, %22, %23}, %24, p, 1, 1, %26;")
          : PTX_WGMMA_R40
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%25", "m64n40k16.f32.f16.f16 " PTX_WGMMA_D40 ", {%20, %21, %22, %23}, %24, p, 1, 1, %26;")
                   : PTX_WGMMA_R40
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%25", "m64n40k8.f32.tf32.tf32 " PTX_WGMMA_D40 ", {%20, %21, %22, %23}, %24, p, 1, 1;")
                   : PTX_WGMMA_R40
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
};
#undef PTX_WGMMA_D40
#undef PTX_WGMMA_R40

#define PTX_WGMMA_D48 \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23}"
#define PTX_WGMMA_R48                                                                                         \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),  \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23])
template <>
struct Wgmma<48> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[24], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%26", "m64n48k16.f32.bf16.bf16 " PTX_WGMMA_D48 ", %24, %25, p, 1, 1, %27, %28;")
                   : PTX_WGMMA_R48
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%26", "m64n48k16.f32.f16.f16 " PTX_WGMMA_D48 ", %24, %25, p, 1, 1, %27, %28;")
                   : PTX_WGMMA_R48
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%26", "m64n48k8.f32.tf32.tf32 " PTX_WGMMA_D48 ", %24, %25, p, 1, 1;")
                   : PTX_WGMMA_R48
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[24], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(
          PTX_WGMMA("%29", "m64n48k16.f32.bf16.bf16 " PTX_WGMMA_D48 ", {%24, %25, %26, %27}, %28, p, 1, 1, %30;")
          : PTX_WGMMA_R48
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%29", "m64n48k16.f32.f16.f16 " PTX_WGMMA_D48 ", {%24, %25, %26, %27}, %28, p, 1, 1, %30;")
                   : PTX_WGMMA_R48
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%29", "m64n48k8.f32.tf32.tf32 " PTX_WGMMA_D48 ", {%24, %25, %26, %27}, %28, p, 1, 1;")
                   : PTX_WGMMA_R48
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
};
#undef PTX_WGMMA_D48
#undef PTX_WGMMA_R48

#define PTX_WGMMA_D56                                                                                               \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, "                                                                                                           \
  "%25, %26, %27}"
#define PTX_WGMMA_R56                                                                                         \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),  \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), \
      "+f"(d[25]), "+f"(d[26]), "+f"(d[27])
template <>
struct Wgmma<56> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[28], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%30", "m64n56k16.f32.bf16.bf16 " PTX_WGMMA_D56 ", %28, %29, p, 1, 1, %31, %32;")
                   : PTX_WGMMA_R56
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%30", "m64n56k16.f32.f16.f16 " PTX_WGMMA_D56 ", %28, %29, p, 1, 1, %31, %32;")
                   : PTX_WGMMA_R56
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%30", "m64n56k8.f32.tf32.tf32 " PTX_WGMMA_D56 ", %28, %29, p, 1, 1;")
                   : PTX_WGMMA_R56
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[28], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(
          PTX_WGMMA("%33", "m64n56k16.f32.bf16.bf16 " PTX_WGMMA_D56 ", {%28, %29, %30, %31}, %32, p, 1, 1, %34;")
          : PTX_WGMMA_R56
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%33", "m64n56k16.f32.f16.f16 " PTX_WGMMA_D56 ", {%28, %29, %30, %31}, %32, p, 1, 1, %34;")
                   : PTX_WGMMA_R56
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%33", "m64n56k8.f32.tf32.tf32 " PTX_WGMMA_D56 ", {%28, %29, %30, %31}, %32, p, 1, 1;")
                   : PTX_WGMMA_R56
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
};
#undef PTX_WGMMA_D56
#undef PTX_WGMMA_R56

#define PTX_WGMMA_D64                                                                                               \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, "                                                                                                           \
  "%25, %26, %27, %28, %29, %30, %31}"
#define PTX_WGMMA_R64                                                                                         \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),  \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), \
      "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31])
template <>
struct Wgmma<64> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[32], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%34", "m64n64k16.f32.bf16.bf16 " PTX_WGMMA_D64 ", %32, %33, p, 1, 1, %35, %36;")
                   : PTX_WGMMA_R64
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%34", "m64n64k16.f32.f16.f16 " PTX_WGMMA_D64 ", %32, %33, p, 1, 1, %35, %36;")
                   : PTX_WGMMA_R64
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%34", "m64n64k8.f32.tf32.tf32 " PTX_WGMMA_D64 ", %32, %33, p, 1, 1;")
                   : PTX_WGMMA_R64
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[32], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(
          PTX_WGMMA("%37", "m64n64k16.f32.bf16.bf16 " PTX_WGMMA_D64 ", {%32, %33, %34, %35}, %36, p, 1, 1, %38;")
          : PTX_WGMMA_R64
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%37", "m64n64k16.f32.f16.f16 " PTX_WGMMA_D64 ", {%32, %33, %34, %35}, %36, p, 1, 1, %38;")
                   : PTX_WGMMA_R64
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%37", "m64n64k8.f32.tf32.tf32 " PTX_WGMMA_D64 ", {%32, %33, %34, %35}, %36, p, 1, 1;")
                   : PTX_WGMMA_R64
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
};
#undef PTX_WGMMA_D64
#undef PTX_WGMMA_R64

#define PTX_WGMMA_D72                                                                                               \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, "                                                                                                           \
  "%25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35}"
#define PTX_WGMMA_R72                                                                                         \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),  \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), \
      "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]), \
      "+f"(d[33]), "+f"(d[34]), "+f"(d[35])
template <>
struct Wgmma<72> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[36], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%38", "m64n72k16.f32.bf16.bf16 " PTX_WGMMA_D72 ", %36, %37, p, 1, 1, %39, %40;")
                   : PTX_WGMMA_R72
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%38", "m64n72k16.f32.f16.f16 " PTX_WGMMA_D72 ", %36, %37, p, 1, 1, %39, %40;")
                   : PTX_WGMMA_R72
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%38", "m64n72k8.f32.tf32.tf32 " PTX_WGMMA_D72 ", %36, %37, p, 1, 1;")
                   : PTX_WGMMA_R72
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[36], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(
          PTX_WGMMA("%41", "m64n72k16.f32.bf16.bf16 " PTX_WGMMA_D72 ", {%36, %37, %38, %39}, %40, p, 1, 1, %42;")
          : PTX_WGMMA_R72
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%41", "m64n72k16.f32.f16.f16 " PTX_WGMMA_D72 ", {%36, %37, %38, %39}, %40, p, 1, 1, %42;")
                   : PTX_WGMMA_R72
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%41", "m64n72k8.f32.tf32.tf32 " PTX_WGMMA_D72 ", {%36, %37, %38, %39}, %40, p, 1, 1;")
                   : PTX_WGMMA_R72
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
};
#undef PTX_WGMMA_D72
#undef PTX_WGMMA_R72

#define PTX_WGMMA_D80                                                                                               \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, "                                                                                                           \
  "%25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39}"
#define PTX_WGMMA_R80                                                                                         \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),  \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), \
      "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]), \
      "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39])
template <>
struct Wgmma<80> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[40], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%42", "m64n80k16.f32.bf16.bf16 " PTX_WGMMA_D80 ", %40, %41, p, 1, 1, %43, %44;")
                   : PTX_WGMMA_R80
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%42", "m64n80k16.f32.f16.f16 " PTX_WGMMA_D80 ", %40, %41, p, 1, 1, %43, %44;")
                   : PTX_WGMMA_R80
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%42", "m64n80k8.f32.tf32.tf32 " PTX_WGMMA_D80 ", %40, %41, p, 1, 1;")
                   : PTX_WGMMA_R80
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[40], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(
          PTX_WGMMA("%45", "m64n80k16.f32.bf16.bf16 " PTX_WGMMA_D80 ", {%40, %41, %42, %43}, %44, p, 1, 1, %46;")
          : PTX_WGMMA_R80
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%45", "m64n80k16.f32.f16.f16 " PTX_WGMMA_D80 ", {%40, %41, %42, %43}, %44, p, 1, 1, %46;")
                   : PTX_WGMMA_R80
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%45", "m64n80k8.f32.tf32.tf32 " PTX_WGMMA_D80 ", {%40, %41, %42, %43}, %44, p, 1, 1;")
                   : PTX_WGMMA_R80
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
};
#undef PTX_WGMMA_D80
#undef PTX_WGMMA_R80

#define PTX_WGMMA_D88                                                                                               \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, "                                                                                                           \
  "%25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43}"
#define PTX_WGMMA_R88                                                                                         \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),  \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), \
      "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]), \
      "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]), \
      "+f"(d[41]), "+f"(d[42]), "+f"(d[43])
template <>
struct Wgmma<88> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[44], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%46", "m64n88k16.f32.bf16.bf16 " PTX_WGMMA_D88 ", %44, %45, p, 1, 1, %47, %48;")
                   : PTX_WGMMA_R88
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%46", "m64n88k16.f32.f16.f16 " PTX_WGMMA_D88 ", %44, %45, p, 1, 1, %47, %48;")
                   : PTX_WGMMA_R88
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%46", "m64n88k8.f32.tf32.tf32 " PTX_WGMMA_D88 ", %44, %45, p, 1, 1;")
                   : PTX_WGMMA_R88
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[44], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(
          PTX_WGMMA("%49", "m64n88k16.f32.bf16.bf16 " PTX_WGMMA_D88 ", {%44, %45, %46, %47}, %48, p, 1, 1, %50;")
          : PTX_WGMMA_R88
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%49", "m64n88k16.f32.f16.f16 " PTX_WGMMA_D88 ", {%44, %45, %46, %47}, %48, p, 1, 1, %50;")
                   : PTX_WGMMA_R88
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%49", "m64n88k8.f32.tf32.tf32 " PTX_WGMMA_D88 ", {%44, %45, %46, %47}, %48, p, 1, 1;")
                   : PTX_WGMMA_R88
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
};
#undef PTX_WGMMA_D88
#undef PTX_WGMMA_R88

#define PTX_WGMMA_D96                                                                                               \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, "                                                                                                           \
  "%25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47}"
#define PTX_WGMMA_R96                                                                                         \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),  \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), \
      "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]), \
      "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]), \
      "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47])
template <>
struct Wgmma<96> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[48], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%50", "m64n96k16.f32.bf16.bf16 " PTX_WGMMA_D96 ", %48, %49, p, 1, 1, %51, %52;")
                   : PTX_WGMMA_R96
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%50", "m64n96k16.f32.f16.f16 " PTX_WGMMA_D96 ", %48, %49, p, 1, 1, %51, %52;")
                   : PTX_WGMMA_R96
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%50", "m64n96k8.f32.tf32.tf32 " PTX_WGMMA_D96 ", %48, %49, p, 1, 1;")
                   : PTX_WGMMA_R96
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[48], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(
          PTX_WGMMA("%53", "m64n96k16.f32.bf16.bf16 " PTX_WGMMA_D96 ", {%48, %49, %50, %51}, %52, p, 1, 1, %54;")
          : PTX_WGMMA_R96
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%53", "m64n96k16.f32.f16.f16 " PTX_WGMMA_D96 ", {%48, %49, %50, %51}, %52, p, 1, 1, %54;")
                   : PTX_WGMMA_R96
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%53", "m64n96k8.f32.tf32.tf32 " PTX_WGMMA_D96 ", {%48, %49, %50, %51}, %52, p, 1, 1;")
                   : PTX_WGMMA_R96
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
};
#undef PTX_WGMMA_D96
#undef PTX_WGMMA_R96

#define PTX_WGMMA_D104                                                                                              \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, "                                                                                                           \
  "%25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, "  \
  "%47, "                                                                                                           \
  "%48, %49, %50, %51}"
#define PTX_WGMMA_R104                                                                                        \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),  \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), \
      "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]), \
      "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]), \
      "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), "+f"(d[48]), \
      "+f"(d[49]), "+f"(d[50]), "+f"(d[51])
template <>
struct Wgmma<104> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[52], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%54", "m64n104k16.f32.bf16.bf16 " PTX_WGMMA_D104 ", %52, %53, p, 1, 1, %55, %56;")
                   : PTX_WGMMA_R104
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%54", "m64n104k16.f32.f16.f16 " PTX_WGMMA_D104 ", %52, %53, p, 1, 1, %55, %56;")
                   : PTX_WGMMA_R104
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%54", "m64n104k8.f32.tf32.tf32 " PTX_WGMMA_D104 ", %52, %53, p, 1, 1;")
                   : PTX_WGMMA_R104
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[52], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(
          PTX_WGMMA("%57", "m64n104k16.f32.bf16.bf16 " PTX_WGMMA_D104 ", {%52, %53, %54, %55}, %56, p, 1, 1, %58;")
          : PTX_WGMMA_R104
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(
          PTX_WGMMA("%57", "m64n104k16.f32.f16.f16 " PTX_WGMMA_D104 ", {%52, %53, %54, %55}, %56, p, 1, 1, %58;")
          : PTX_WGMMA_R104
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%57", "m64n104k8.f32.tf32.tf32 " PTX_WGMMA_D104 ", {%52, %53, %54, %55}, %56, p, 1, 1;")
                   : PTX_WGMMA_R104
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
};
#undef PTX_WGMMA_D104
#undef PTX_WGMMA_R104

#define PTX_WGMMA_D112                                                                                              \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, "                                                                                                           \
  "%25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, "  \
  "%47, "                                                                                                           \
  "%48, %49, %50, %51, %52, %53, %54, %55}"
#define PTX_WGMMA_R112                                                                                        \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),  \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), \
      "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]), \
      "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]), \
      "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), "+f"(d[48]), \
      "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55])
template <>
struct Wgmma<112> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[56], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%58", "m64n112k16.f32.bf16.bf16 " PTX_WGMMA_D112 ", %56, %57, p, 1, 1, %59, %60;")
                   : PTX_WGMMA_R112
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%58", "m64n112k16.f32.f16.f16 " PTX_WGMMA_D112 ", %56, %57, p, 1, 1, %59, %60;")
                   : PTX_WGMMA_R112
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%58", "m64n112k8.f32.tf32.tf32 " PTX_WGMMA_D112 ", %56, %57, p, 1, 1;")
                   : PTX_WGMMA_R112
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[56], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(
          PTX_WGMMA("%61", "m64n112k16.f32.bf16.bf16 " PTX_WGMMA_D112 ", {%56, %57, %58, %59}, %60, p, 1, 1, %62;")
          : PTX_WGMMA_R112
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(
          PTX_WGMMA("%61", "m64n112k16.f32.f16.f16 " PTX_WGMMA_D112 ", {%56, %57, %58, %59}, %60, p, 1, 1, %62;")
          : PTX_WGMMA_R112
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%61", "m64n112k8.f32.tf32.tf32 " PTX_WGMMA_D112 ", {%56, %57, %58, %59}, %60, p, 1, 1;")
                   : PTX_WGMMA_R112
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
};
#undef PTX_WGMMA_D112
#undef PTX_WGMMA_R112

#define PTX_WGMMA_D120                                                                                              \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, "                                                                                                           \
  "%25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, "  \
  "%47, "                                                                                                           \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59}"
#define PTX_WGMMA_R120                                                                                        \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),  \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), \
      "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]), \
      "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]), \
      "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), "+f"(d[48]), \
      "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]), "+f"(d[56]), \
      "+f"(d[57]), "+f"(d[58]), "+f"(d[59])
template <>
struct Wgmma<120> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[60], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%62", "m64n120k16.f32.bf16.bf16 " PTX_WGMMA_D120 ", %60, %61, p, 1, 1, %63, %64;")
                   : PTX_WGMMA_R120
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%62", "m64n120k16.f32.f16.f16 " PTX_WGMMA_D120 ", %60, %61, p, 1, 1, %63, %64;")
                   : PTX_WGMMA_R120
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%62", "m64n120k8.f32.tf32.tf32 " PTX_WGMMA_D120 ", %60, %61, p, 1, 1;")
                   : PTX_WGMMA_R120
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[60], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(
          PTX_WGMMA("%65", "m64n120k16.f32.bf16.bf16 " PTX_WGMMA_D120 ", {%60, %61, %62, %63}, %64, p, 1, 1, %66;")
          : PTX_WGMMA_R120
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(
          PTX_WGMMA("%65", "m64n120k16.f32.f16.f16 " PTX_WGMMA_D120 ", {%60, %61, %62, %63}, %64, p, 1, 1, %66;")
          : PTX_WGMMA_R120
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%65", "m64n120k8.f32.tf32.tf32 " PTX_WGMMA_D120 ", {%60, %61, %62, %63}, %64, p, 1, 1;")
                   : PTX_WGMMA_R120
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
};
#undef PTX_WGMMA_D120
#undef PTX_WGMMA_R120

#define PTX_WGMMA_D128                                                                                              \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, "                                                                                                           \
  "%25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, "  \
  "%47, "                                                                                                           \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}"
#define PTX_WGMMA_R128                                                                                        \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),  \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), \
      "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]), \
      "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]), \
      "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), "+f"(d[48]), \
      "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]), "+f"(d[56]), \
      "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63])
template <>
struct Wgmma<128> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[64], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%66", "m64n128k16.f32.bf16.bf16 " PTX_WGMMA_D128 ", %64, %65, p, 1, 1, %67, %68;")
                   : PTX_WGMMA_R128
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%66", "m64n128k16.f32.f16.f16 " PTX_WGMMA_D128 ", %64, %65, p, 1, 1, %67, %68;")
                   : PTX_WGMMA_R128
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%66", "m64n128k8.f32.tf32.tf32 " PTX_WGMMA_D128 ", %64, %65, p, 1, 1;")
                   : PTX_WGMMA_R128
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[64], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(
          PTX_WGMMA("%69", "m64n128k16.f32.bf16.bf16 " PTX_WGMMA_D128 ", {%64, %65, %66, %67}, %68, p, 1, 1, %70;")
          : PTX_WGMMA_R128
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(
          PTX_WGMMA("%69", "m64n128k16.f32.f16.f16 " PTX_WGMMA_D128 ", {%64, %65, %66, %67}, %68, p, 1, 1, %70;")
          : PTX_WGMMA_R128
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%69", "m64n128k8.f32.tf32.tf32 " PTX_WGMMA_D128 ", {%64, %65, %66, %67}, %68, p, 1, 1;")
                   : PTX_WGMMA_R128
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
};
#undef PTX_WGMMA_D128
#undef PTX_WGMMA_R128

#define PTX_WGMMA_D136                                                                                              \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, "                                                                                                           \
  "%25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, "  \
  "%47, "                                                                                                           \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67}"
#define PTX_WGMMA_R136                                                                                        \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),  \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), \
      "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]), \
      "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]), \
      "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), "+f"(d[48]), \
      "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]), "+f"(d[56]), \
      "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63]), "+f"(d[64]), \
      "+f"(d[65]), "+f"(d[66]), "+f"(d[67])
template <>
struct Wgmma<136> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[68], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%70", "m64n136k16.f32.bf16.bf16 " PTX_WGMMA_D136 ", %68, %69, p, 1, 1, %71, %72;")
                   : PTX_WGMMA_R136
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%70", "m64n136k16.f32.f16.f16 " PTX_WGMMA_D136 ", %68, %69, p, 1, 1, %71, %72;")
                   : PTX_WGMMA_R136
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%70", "m64n136k8.f32.tf32.tf32 " PTX_WGMMA_D136 ", %68, %69, p, 1, 1;")
                   : PTX_WGMMA_R136
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[68], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(
          PTX_WGMMA("%73", "m64n136k16.f32.bf16.bf16 " PTX_WGMMA_D136 ", {%68, %69, %70, %71}, %72, p, 1, 1, %74;")
          : PTX_WGMMA_R136
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(
          PTX_WGMMA("%73", "m64n136k16.f32.f16.f16 " PTX_WGMMA_D136 ", {%68, %69, %70, %71}, %72, p, 1, 1, %74;")
          : PTX_WGMMA_R136
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%73", "m64n136k8.f32.tf32.tf32 " PTX_WGMMA_D136 ", {%68, %69, %70, %71}, %72, p, 1, 1;")
                   : PTX_WGMMA_R136
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
};
#undef PTX_WGMMA_D136
#undef PTX_WGMMA_R136

#define PTX_WGMMA_D144                                                                                              \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, "                                                                                                           \
  "%25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, "  \
  "%47, "                                                                                                           \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67, %68, %69, "  \
  "%70, "                                                                                                           \
  "%71}"
#define PTX_WGMMA_R144                                                                                        \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),  \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), \
      "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]), \
      "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]), \
      "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), "+f"(d[48]), \
      "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]), "+f"(d[56]), \
      "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63]), "+f"(d[64]), \
      "+f"(d[65]), "+f"(d[66]), "+f"(d[67]), "+f"(d[68]), "+f"(d[69]), "+f"(d[70]), "+f"(d[71])
template <>
struct Wgmma<144> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[72], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%74", "m64n144k16.f32.bf16.bf16 " PTX_WGMMA_D144 ", %72, %73, p, 1, 1, %75, %76;")
                   : PTX_WGMMA_R144
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%74", "m64n144k16.f32.f16.f16 " PTX_WGMMA_D144 ", %72, %73, p, 1, 1, %75, %76;")
                   : PTX_WGMMA_R144
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%74", "m64n144k8.f32.tf32.tf32 " PTX_WGMMA_D144 ", %72, %73, p, 1, 1;")
                   : PTX_WGMMA_R144
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[72], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(
          PTX_WGMMA("%77", "m64n144k16.f32.bf16.bf16 " PTX_WGMMA_D144 ", {%72, %73, %74, %75}, %76, p, 1, 1, %78;")
          : PTX_WGMMA_R144
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(
          PTX_WGMMA("%77", "m64n144k16.f32.f16.f16 " PTX_WGMMA_D144 ", {%72, %73, %74, %75}, %76, p, 1, 1, %78;")
          : PTX_WGMMA_R144
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%77", "m64n144k8.f32.tf32.tf32 " PTX_WGMMA_D144 ", {%72, %73, %74, %75}, %76, p, 1, 1;")
                   : PTX_WGMMA_R144
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
};
#undef PTX_WGMMA_D144
#undef PTX_WGMMA_R144

#define PTX_WGMMA_D152                                                                                              \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, "                                                                                                           \
  "%25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, "  \
  "%47, "                                                                                                           \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67, %68, %69, "  \
  "%70, "                                                                                                           \
  "%71, %72, %73, %74, %75}"
#define PTX_WGMMA_R152                                                                                        \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),  \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), \
      "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]), \
      "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]), \
      "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), "+f"(d[48]), \
      "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]), "+f"(d[56]), \
      "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63]), "+f"(d[64]), \
      "+f"(d[65]), "+f"(d[66]), "+f"(d[67]), "+f"(d[68]), "+f"(d[69]), "+f"(d[70]), "+f"(d[71]), "+f"(d[72]), \
      "+f"(d[73]), "+f"(d[74]), "+f"(d[75])
template <>
struct Wgmma<152> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[76], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%78", "m64n152k16.f32.bf16.bf16 " PTX_WGMMA_D152 ", %76, %77, p, 1, 1, %79, %80;")
                   : PTX_WGMMA_R152
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%78", "m64n152k16.f32.f16.f16 " PTX_WGMMA_D152 ", %76, %77, p, 1, 1, %79, %80;")
                   : PTX_WGMMA_R152
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%78", "m64n152k8.f32.tf32.tf32 " PTX_WGMMA_D152 ", %76, %77, p, 1, 1;")
                   : PTX_WGMMA_R152
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[76], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(
          PTX_WGMMA("%81", "m64n152k16.f32.bf16.bf16 " PTX_WGMMA_D152 ", {%76, %77, %78, %79}, %80, p, 1, 1, %82;")
          : PTX_WGMMA_R152
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(
          PTX_WGMMA("%81", "m64n152k16.f32.f16.f16 " PTX_WGMMA_D152 ", {%76, %77, %78, %79}, %80, p, 1, 1, %82;")
          : PTX_WGMMA_R152
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%81", "m64n152k8.f32.tf32.tf32 " PTX_WGMMA_D152 ", {%76, %77, %78, %79}, %80, p, 1, 1;")
                   : PTX_WGMMA_R152
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
};
#undef PTX_WGMMA_D152
#undef PTX_WGMMA_R152

#define PTX_WGMMA_D160                                                                                              \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, "                                                                                                           \
  "%25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, "  \
  "%47, "                                                                                                           \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67, %68, %69, "  \
  "%70, "                                                                                                           \
  "%71, %72, %73, %74, %75, %76, %77, %78, %79}"
#define PTX_WGMMA_R160                                                                                        \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),  \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), \
      "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]), \
      "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]), \
      "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), "+f"(d[48]), \
      "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]), "+f"(d[56]), \
      "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63]), "+f"(d[64]), \
      "+f"(d[65]), "+f"(d[66]), "+f"(d[67]), "+f"(d[68]), "+f"(d[69]), "+f"(d[70]), "+f"(d[71]), "+f"(d[72]), \
      "+f"(d[73]), "+f"(d[74]), "+f"(d[75]), "+f"(d[76]), "+f"(d[77]), "+f"(d[78]), "+f"(d[79])
template <>
struct Wgmma<160> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[80], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%82", "m64n160k16.f32.bf16.bf16 " PTX_WGMMA_D160 ", %80, %81, p, 1, 1, %83, %84;")
                   : PTX_WGMMA_R160
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%82", "m64n160k16.f32.f16.f16 " PTX_WGMMA_D160 ", %80, %81, p, 1, 1, %83, %84;")
                   : PTX_WGMMA_R160
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%82", "m64n160k8.f32.tf32.tf32 " PTX_WGMMA_D160 ", %80, %81, p, 1, 1;")
                   : PTX_WGMMA_R160
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[80], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(
          PTX_WGMMA("%85", "m64n160k16.f32.bf16.bf16 " PTX_WGMMA_D160 ", {%80, %81, %82, %83}, %84, p, 1, 1, %86;")
          : PTX_WGMMA_R160
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(
          PTX_WGMMA("%85", "m64n160k16.f32.f16.f16 " PTX_WGMMA_D160 ", {%80, %81, %82, %83}, %84, p, 1, 1, %86;")
          : PTX_WGMMA_R160
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%85", "m64n160k8.f32.tf32.tf32 " PTX_WGMMA_D160 ", {%80, %81, %82, %83}, %84, p, 1, 1;")
                   : PTX_WGMMA_R160
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
};
#undef PTX_WGMMA_D160
#undef PTX_WGMMA_R160

#define PTX_WGMMA_D168                                                                                              \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, "                                                                                                           \
  "%25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, "  \
  "%47, "                                                                                                           \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67, %68, %69, "  \
  "%70, "                                                                                                           \
  "%71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83}"
#define PTX_WGMMA_R168                                                                                        \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),  \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), \
      "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]), \
      "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]), \
      "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), "+f"(d[48]), \
      "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]), "+f"(d[56]), \
      "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63]), "+f"(d[64]), \
      "+f"(d[65]), "+f"(d[66]), "+f"(d[67]), "+f"(d[68]), "+f"(d[69]), "+f"(d[70]), "+f"(d[71]), "+f"(d[72]), \
      "+f"(d[73]), "+f"(d[74]), "+f"(d[75]), "+f"(d[76]), "+f"(d[77]), "+f"(d[78]), "+f"(d[79]), "+f"(d[80]), \
      "+f"(d[81]), "+f"(d[82]), "+f"(d[83])
template <>
struct Wgmma<168> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[84], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%86", "m64n168k16.f32.bf16.bf16 " PTX_WGMMA_D168 ", %84, %85, p, 1, 1, %87, %88;")
                   : PTX_WGMMA_R168
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%86", "m64n168k16.f32.f16.f16 " PTX_WGMMA_D168 ", %84, %85, p, 1, 1, %87, %88;")
                   : PTX_WGMMA_R168
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%86", "m64n168k8.f32.tf32.tf32 " PTX_WGMMA_D168 ", %84, %85, p, 1, 1;")
                   : PTX_WGMMA_R168
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[84], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(
          PTX_WGMMA("%89", "m64n168k16.f32.bf16.bf16 " PTX_WGMMA_D168 ", {%84, %85, %86, %87}, %88, p, 1, 1, %90;")
          : PTX_WGMMA_R168
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(
          PTX_WGMMA("%89", "m64n168k16.f32.f16.f16 " PTX_WGMMA_D168 ", {%84, %85, %86, %87}, %88, p, 1, 1, %90;")
          : PTX_WGMMA_R168
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%89", "m64n168k8.f32.tf32.tf32 " PTX_WGMMA_D168 ", {%84, %85, %86, %87}, %88, p, 1, 1;")
                   : PTX_WGMMA_R168
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
};
#undef PTX_WGMMA_D168
#undef PTX_WGMMA_R168

#define PTX_WGMMA_D176                                                                                              \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, "                                                                                                           \
  "%25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, "  \
  "%47, "                                                                                                           \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67, %68, %69, "  \
  "%70, "                                                                                                           \
  "%71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, %86, %87}"
#define PTX_WGMMA_R176                                                                                        \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),  \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), \
      "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]), \
      "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]), \
      "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), "+f"(d[48]), \
      "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]), "+f"(d[56]), \
      "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63]), "+f"(d[64]), \
      "+f"(d[65]), "+f"(d[66]), "+f"(d[67]), "+f"(d[68]), "+f"(d[69]), "+f"(d[70]), "+f"(d[71]), "+f"(d[72]), \
      "+f"(d[73]), "+f"(d[74]), "+f"(d[75]), "+f"(d[76]), "+f"(d[77]), "+f"(d[78]), "+f"(d[79]), "+f"(d[80]), \
      "+f"(d[81]), "+f"(d[82]), "+f"(d[83]), "+f"(d[84]), "+f"(d[85]), "+f"(d[86]), "+f"(d[87])
template <>
struct Wgmma<176> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[88], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%90", "m64n176k16.f32.bf16.bf16 " PTX_WGMMA_D176 ", %88, %89, p, 1, 1, %91, %92;")
                   : PTX_WGMMA_R176
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%90", "m64n176k16.f32.f16.f16 " PTX_WGMMA_D176 ", %88, %89, p, 1, 1, %91, %92;")
                   : PTX_WGMMA_R176
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%90", "m64n176k8.f32.tf32.tf32 " PTX_WGMMA_D176 ", %88, %89, p, 1, 1;")
                   : PTX_WGMMA_R176
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[88], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(
          PTX_WGMMA("%93", "m64n176k16.f32.bf16.bf16 " PTX_WGMMA_D176 ", {%88, %89, %90, %91}, %92, p, 1, 1, %94;")
          : PTX_WGMMA_R176
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(
          PTX_WGMMA("%93", "m64n176k16.f32.f16.f16 " PTX_WGMMA_D176 ", {%88, %89, %90, %91}, %92, p, 1, 1, %94;")
          : PTX_WGMMA_R176
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%93", "m64n176k8.f32.tf32.tf32 " PTX_WGMMA_D176 ", {%88, %89, %90, %91}, %92, p, 1, 1;")
                   : PTX_WGMMA_R176
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
};
#undef PTX_WGMMA_D176
#undef PTX_WGMMA_R176

#define PTX_WGMMA_D184                                                                                              \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, "                                                                                                           \
  "%25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, "  \
  "%47, "                                                                                                           \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67, %68, %69, "  \
  "%70, "                                                                                                           \
  "%71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91}"
#define PTX_WGMMA_R184                                                                                        \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),  \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), \
      "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]), \
      "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]), \
      "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), "+f"(d[48]), \
      "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]), "+f"(d[56]), \
      "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63]), "+f"(d[64]), \
      "+f"(d[65]), "+f"(d[66]), "+f"(d[67]), "+f"(d[68]), "+f"(d[69]), "+f"(d[70]), "+f"(d[71]), "+f"(d[72]), \
      "+f"(d[73]), "+f"(d[74]), "+f"(d[75]), "+f"(d[76]), "+f"(d[77]), "+f"(d[78]), "+f"(d[79]), "+f"(d[80]), \
      "+f"(d[81]), "+f"(d[82]), "+f"(d[83]), "+f"(d[84]), "+f"(d[85]), "+f"(d[86]), "+f"(d[87]), "+f"(d[88]), \
      "+f"(d[89]), "+f"(d[90]), "+f"(d[91])
template <>
struct Wgmma<184> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[92], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%94", "m64n184k16.f32.bf16.bf16 " PTX_WGMMA_D184 ", %92, %93, p, 1, 1, %95, %96;")
                   : PTX_WGMMA_R184
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%94", "m64n184k16.f32.f16.f16 " PTX_WGMMA_D184 ", %92, %93, p, 1, 1, %95, %96;")
                   : PTX_WGMMA_R184
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%94", "m64n184k8.f32.tf32.tf32 " PTX_WGMMA_D184 ", %92, %93, p, 1, 1;")
                   : PTX_WGMMA_R184
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[92], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(
          PTX_WGMMA("%97", "m64n184k16.f32.bf16.bf16 " PTX_WGMMA_D184 ", {%92, %93, %94, %95}, %96, p, 1, 1, %98;")
          : PTX_WGMMA_R184
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(
          PTX_WGMMA("%97", "m64n184k16.f32.f16.f16 " PTX_WGMMA_D184 ", {%92, %93, %94, %95}, %96, p, 1, 1, %98;")
          : PTX_WGMMA_R184
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%97", "m64n184k8.f32.tf32.tf32 " PTX_WGMMA_D184 ", {%92, %93, %94, %95}, %96, p, 1, 1;")
                   : PTX_WGMMA_R184
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
};
#undef PTX_WGMMA_D184
#undef PTX_WGMMA_R184

#define PTX_WGMMA_D192                                                                                              \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, "                                                                                                           \
  "%25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, "  \
  "%47, "                                                                                                           \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67, %68, %69, "  \
  "%70, "                                                                                                           \
  "%71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, "  \
  "%93, "                                                                                                           \
  "%94, %95}"
#define PTX_WGMMA_R192                                                                                        \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),  \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), \
      "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]), \
      "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]), \
      "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), "+f"(d[48]), \
      "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]), "+f"(d[56]), \
      "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63]), "+f"(d[64]), \
      "+f"(d[65]), "+f"(d[66]), "+f"(d[67]), "+f"(d[68]), "+f"(d[69]), "+f"(d[70]), "+f"(d[71]), "+f"(d[72]), \
      "+f"(d[73]), "+f"(d[74]), "+f"(d[75]), "+f"(d[76]), "+f"(d[77]), "+f"(d[78]), "+f"(d[79]), "+f"(d[80]), \
      "+f"(d[81]), "+f"(d[82]), "+f"(d[83]), "+f"(d[84]), "+f"(d[85]), "+f"(d[86]), "+f"(d[87]), "+f"(d[88]), \
      "+f"(d[89]), "+f"(d[90]), "+f"(d[91]), "+f"(d[92]), "+f"(d[93]), "+f"(d[94]), "+f"(d[95])
template <>
struct Wgmma<192> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[96], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%98", "m64n192k16.f32.bf16.bf16 " PTX_WGMMA_D192 ", %96, %97, p, 1, 1, %99, %100;")
                   : PTX_WGMMA_R192
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%98", "m64n192k16.f32.f16.f16 " PTX_WGMMA_D192 ", %96, %97, p, 1, 1, %99, %100;")
                   : PTX_WGMMA_R192
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%98", "m64n192k8.f32.tf32.tf32 " PTX_WGMMA_D192 ", %96, %97, p, 1, 1;")
                   : PTX_WGMMA_R192
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[96], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(
          PTX_WGMMA("%101", "m64n192k16.f32.bf16.bf16 " PTX_WGMMA_D192 ", {%96, %97, %98, %99}, %100, p, 1, 1, %102;")
          : PTX_WGMMA_R192
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(
          PTX_WGMMA("%101", "m64n192k16.f32.f16.f16 " PTX_WGMMA_D192 ", {%96, %97, %98, %99}, %100, p, 1, 1, %102;")
          : PTX_WGMMA_R192
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%101", "m64n192k8.f32.tf32.tf32 " PTX_WGMMA_D192 ", {%96, %97, %98, %99}, %100, p, 1, 1;")
                   : PTX_WGMMA_R192
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
};
#undef PTX_WGMMA_D192
#undef PTX_WGMMA_R192

#define PTX_WGMMA_D200                                                                                              \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, "                                                                                                           \
  "%25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, "  \
  "%47, "                                                                                                           \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67, %68, %69, "  \
  "%70, "                                                                                                           \
  "%71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, "  \
  "%93, "                                                                                                           \
  "%94, %95, %96, %97, %98, %99}"
#define PTX_WGMMA_R200                                                                                        \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),  \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), \
      "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]), \
      "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]), \
      "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), "+f"(d[48]), \
      "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]), "+f"(d[56]), \
      "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63]), "+f"(d[64]), \
      "+f"(d[65]), "+f"(d[66]), "+f"(d[67]), "+f"(d[68]), "+f"(d[69]), "+f"(d[70]), "+f"(d[71]), "+f"(d[72]), \
      "+f"(d[73]), "+f"(d[74]), "+f"(d[75]), "+f"(d[76]), "+f"(d[77]), "+f"(d[78]), "+f"(d[79]), "+f"(d[80]), \
      "+f"(d[81]), "+f"(d[82]), "+f"(d[83]), "+f"(d[84]), "+f"(d[85]), "+f"(d[86]), "+f"(d[87]), "+f"(d[88]), \
      "+f"(d[89]), "+f"(d[90]), "+f"(d[91]), "+f"(d[92]), "+f"(d[93]), "+f"(d[94]), "+f"(d[95]), "+f"(d[96]), \
      "+f"(d[97]), "+f"(d[98]), "+f"(d[99])
template <>
struct Wgmma<200> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[100], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%102", "m64n200k16.f32.bf16.bf16 " PTX_WGMMA_D200 ", %100, %101, p, 1, 1, %103, %104;")
                   : PTX_WGMMA_R200
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%102", "m64n200k16.f32.f16.f16 " PTX_WGMMA_D200 ", %100, %101, p, 1, 1, %103, %104;")
                   : PTX_WGMMA_R200
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%102", "m64n200k8.f32.tf32.tf32 " PTX_WGMMA_D200 ", %100, %101, p, 1, 1;")
                   : PTX_WGMMA_R200
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[100], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%105", "m64n200k16.f32.bf16.bf16 " PTX_WGMMA_D200
                                     ", {%100, %101, %102, %103}, %104, p, 1, 1, %106;")
                   : PTX_WGMMA_R200
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(
          PTX_WGMMA("%105", "m64n200k16.f32.f16.f16 " PTX_WGMMA_D200 ", {%100, %101, %102, %103}, %104, p, 1, 1, %106;")
          : PTX_WGMMA_R200
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(
          PTX_WGMMA("%105", "m64n200k8.f32.tf32.tf32 " PTX_WGMMA_D200 ", {%100, %101, %102, %103}, %104, p, 1, 1;")
          : PTX_WGMMA_R200
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
          : "memory");
    }
  }
};
#undef PTX_WGMMA_D200
#undef PTX_WGMMA_R200

#define PTX_WGMMA_D208                                                                                              \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, "                                                                                                           \
  "%25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, "  \
  "%47, "                                                                                                           \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67, %68, %69, "  \
  "%70, "                                                                                                           \
  "%71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, "  \
  "%93, "                                                                                                           \
  "%94, %95, %96, %97, %98, %99, %100, %101, %102, %103}"
#define PTX_WGMMA_R208                                                                                        \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),  \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), \
      "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]), \
      "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]), \
      "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), "+f"(d[48]), \
      "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]), "+f"(d[56]), \
      "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63]), "+f"(d[64]), \
      "+f"(d[65]), "+f"(d[66]), "+f"(d[67]), "+f"(d[68]), "+f"(d[69]), "+f"(d[70]), "+f"(d[71]), "+f"(d[72]), \
      "+f"(d[73]), "+f"(d[74]), "+f"(d[75]), "+f"(d[76]), "+f"(d[77]), "+f"(d[78]), "+f"(d[79]), "+f"(d[80]), \
      "+f"(d[81]), "+f"(d[82]), "+f"(d[83]), "+f"(d[84]), "+f"(d[85]), "+f"(d[86]), "+f"(d[87]), "+f"(d[88]), \
      "+f"(d[89]), "+f"(d[90]), "+f"(d[91]), "+f"(d[92]), "+f"(d[93]), "+f"(d[94]), "+f"(d[95]), "+f"(d[96]), \
      "+f"(d[97]), "+f"(d[98]), "+f"(d[99]), "+f"(d[100]), "+f"(d[101]), "+f"(d[102]), "+f"(d[103])
template <>
struct Wgmma<208> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[104], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%106", "m64n208k16.f32.bf16.bf16 " PTX_WGMMA_D208 ", %104, %105, p, 1, 1, %107, %108;")
                   : PTX_WGMMA_R208
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%106", "m64n208k16.f32.f16.f16 " PTX_WGMMA_D208 ", %104, %105, p, 1, 1, %107, %108;")
                   : PTX_WGMMA_R208
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%106", "m64n208k8.f32.tf32.tf32 " PTX_WGMMA_D208 ", %104, %105, p, 1, 1;")
                   : PTX_WGMMA_R208
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[104], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%109", "m64n208k16.f32.bf16.bf16 " PTX_WGMMA_D208
                                     ", {%104, %105, %106, %107}, %108, p, 1, 1, %110;")
                   : PTX_WGMMA_R208
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(
          PTX_WGMMA("%109", "m64n208k16.f32.f16.f16 " PTX_WGMMA_D208 ", {%104, %105, %106, %107}, %108, p, 1, 1, %110;")
          : PTX_WGMMA_R208
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(
          PTX_WGMMA("%109", "m64n208k8.f32.tf32.tf32 " PTX_WGMMA_D208 ", {%104, %105, %106, %107}, %108, p, 1, 1;")
          : PTX_WGMMA_R208
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
          : "memory");
    }
  }
};
#undef PTX_WGMMA_D208
#undef PTX_WGMMA_R208

#define PTX_WGMMA_D216                                                                                              \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, "                                                                                                           \
  "%25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, "  \
  "%47, "                                                                                                           \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67, %68, %69, "  \
  "%70, "                                                                                                           \
  "%71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, "  \
  "%93, "                                                                                                           \
  "%94, %95, %96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107}"
#define PTX_WGMMA_R216                                                                                             \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]),      \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),       \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]),      \
      "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]),      \
      "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]),      \
      "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), "+f"(d[48]),      \
      "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]), "+f"(d[56]),      \
      "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63]), "+f"(d[64]),      \
      "+f"(d[65]), "+f"(d[66]), "+f"(d[67]), "+f"(d[68]), "+f"(d[69]), "+f"(d[70]), "+f"(d[71]), "+f"(d[72]),      \
      "+f"(d[73]), "+f"(d[74]), "+f"(d[75]), "+f"(d[76]), "+f"(d[77]), "+f"(d[78]), "+f"(d[79]), "+f"(d[80]),      \
      "+f"(d[81]), "+f"(d[82]), "+f"(d[83]), "+f"(d[84]), "+f"(d[85]), "+f"(d[86]), "+f"(d[87]), "+f"(d[88]),      \
      "+f"(d[89]), "+f"(d[90]), "+f"(d[91]), "+f"(d[92]), "+f"(d[93]), "+f"(d[94]), "+f"(d[95]), "+f"(d[96]),      \
      "+f"(d[97]), "+f"(d[98]), "+f"(d[99]), "+f"(d[100]), "+f"(d[101]), "+f"(d[102]), "+f"(d[103]), "+f"(d[104]), \
      "+f"(d[105]), "+f"(d[106]), "+f"(d[107])
template <>
struct Wgmma<216> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[108], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%110", "m64n216k16.f32.bf16.bf16 " PTX_WGMMA_D216 ", %108, %109, p, 1, 1, %111, %112;")
                   : PTX_WGMMA_R216
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%110", "m64n216k16.f32.f16.f16 " PTX_WGMMA_D216 ", %108, %109, p, 1, 1, %111, %112;")
                   : PTX_WGMMA_R216
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%110", "m64n216k8.f32.tf32.tf32 " PTX_WGMMA_D216 ", %108, %109, p, 1, 1;")
                   : PTX_WGMMA_R216
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[108], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%113", "m64n216k16.f32.bf16.bf16 " PTX_WGMMA_D216
                                     ", {%108, %109, %110, %111}, %112, p, 1, 1, %114;")
                   : PTX_WGMMA_R216
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(
          PTX_WGMMA("%113", "m64n216k16.f32.f16.f16 " PTX_WGMMA_D216 ", {%108, %109, %110, %111}, %112, p, 1, 1, %114;")
          : PTX_WGMMA_R216
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(
          PTX_WGMMA("%113", "m64n216k8.f32.tf32.tf32 " PTX_WGMMA_D216 ", {%108, %109, %110, %111}, %112, p, 1, 1;")
          : PTX_WGMMA_R216
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
          : "memory");
    }
  }
};
#undef PTX_WGMMA_D216
#undef PTX_WGMMA_R216

#define PTX_WGMMA_D224                                                                                              \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, "                                                                                                           \
  "%25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, "  \
  "%47, "                                                                                                           \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67, %68, %69, "  \
  "%70, "                                                                                                           \
  "%71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, "  \
  "%93, "                                                                                                           \
  "%94, %95, %96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111}"
#define PTX_WGMMA_R224                                                                                             \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]),      \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),       \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]),      \
      "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]),      \
      "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]),      \
      "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), "+f"(d[48]),      \
      "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]), "+f"(d[56]),      \
      "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63]), "+f"(d[64]),      \
      "+f"(d[65]), "+f"(d[66]), "+f"(d[67]), "+f"(d[68]), "+f"(d[69]), "+f"(d[70]), "+f"(d[71]), "+f"(d[72]),      \
      "+f"(d[73]), "+f"(d[74]), "+f"(d[75]), "+f"(d[76]), "+f"(d[77]), "+f"(d[78]), "+f"(d[79]), "+f"(d[80]),      \
      "+f"(d[81]), "+f"(d[82]), "+f"(d[83]), "+f"(d[84]), "+f"(d[85]), "+f"(d[86]), "+f"(d[87]), "+f"(d[88]),      \
      "+f"(d[89]), "+f"(d[90]), "+f"(d[91]), "+f"(d[92]), "+f"(d[93]), "+f"(d[94]), "+f"(d[95]), "+f"(d[96]),      \
      "+f"(d[97]), "+f"(d[98]), "+f"(d[99]), "+f"(d[100]), "+f"(d[101]), "+f"(d[102]), "+f"(d[103]), "+f"(d[104]), \
      "+f"(d[105]), "+f"(d[106]), "+f"(d[107]), "+f"(d[108]), "+f"(d[109]), "+f"(d[110]), "+f"(d[111])
template <>
struct Wgmma<224> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[112], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%114", "m64n224k16.f32.bf16.bf16 " PTX_WGMMA_D224 ", %112, %113, p, 1, 1, %115, %116;")
                   : PTX_WGMMA_R224
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%114", "m64n224k16.f32.f16.f16 " PTX_WGMMA_D224 ", %112, %113, p, 1, 1, %115, %116;")
                   : PTX_WGMMA_R224
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%114", "m64n224k8.f32.tf32.tf32 " PTX_WGMMA_D224 ", %112, %113, p, 1, 1;")
                   : PTX_WGMMA_R224
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[112], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%117", "m64n224k16.f32.bf16.bf16 " PTX_WGMMA_D224
                                     ", {%112, %113, %114, %115}, %116, p, 1, 1, %118;")
                   : PTX_WGMMA_R224
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(
          PTX_WGMMA("%117", "m64n224k16.f32.f16.f16 " PTX_WGMMA_D224 ", {%112, %113, %114, %115}, %116, p, 1, 1, %118;")
          : PTX_WGMMA_R224
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(
          PTX_WGMMA("%117", "m64n224k8.f32.tf32.tf32 " PTX_WGMMA_D224 ", {%112, %113, %114, %115}, %116, p, 1, 1;")
          : PTX_WGMMA_R224
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
          : "memory");
    }
  }
};
#undef PTX_WGMMA_D224
#undef PTX_WGMMA_R224

#define PTX_WGMMA_D232                                                                                                 \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, "    \
  "%24, "                                                                                                              \
  "%25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, "     \
  "%47, "                                                                                                              \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67, %68, %69, "     \
  "%70, "                                                                                                              \
  "%71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, "     \
  "%93, "                                                                                                              \
  "%94, %95, %96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, %112, %113, " \
  "%114, %115}"
#define PTX_WGMMA_R232                                                                                                \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]),         \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),          \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]),         \
      "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]),         \
      "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]),         \
      "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), "+f"(d[48]),         \
      "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]), "+f"(d[56]),         \
      "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63]), "+f"(d[64]),         \
      "+f"(d[65]), "+f"(d[66]), "+f"(d[67]), "+f"(d[68]), "+f"(d[69]), "+f"(d[70]), "+f"(d[71]), "+f"(d[72]),         \
      "+f"(d[73]), "+f"(d[74]), "+f"(d[75]), "+f"(d[76]), "+f"(d[77]), "+f"(d[78]), "+f"(d[79]), "+f"(d[80]),         \
      "+f"(d[81]), "+f"(d[82]), "+f"(d[83]), "+f"(d[84]), "+f"(d[85]), "+f"(d[86]), "+f"(d[87]), "+f"(d[88]),         \
      "+f"(d[89]), "+f"(d[90]), "+f"(d[91]), "+f"(d[92]), "+f"(d[93]), "+f"(d[94]), "+f"(d[95]), "+f"(d[96]),         \
      "+f"(d[97]), "+f"(d[98]), "+f"(d[99]), "+f"(d[100]), "+f"(d[101]), "+f"(d[102]), "+f"(d[103]), "+f"(d[104]),    \
      "+f"(d[105]), "+f"(d[106]), "+f"(d[107]), "+f"(d[108]), "+f"(d[109]), "+f"(d[110]), "+f"(d[111]), "+f"(d[112]), \
      "+f"(d[113]), "+f"(d[114]), "+f"(d[115])
template <>
struct Wgmma<232> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[116], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%118", "m64n232k16.f32.bf16.bf16 " PTX_WGMMA_D232 ", %116, %117, p, 1, 1, %119, %120;")
                   : PTX_WGMMA_R232
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%118", "m64n232k16.f32.f16.f16 " PTX_WGMMA_D232 ", %116, %117, p, 1, 1, %119, %120;")
                   : PTX_WGMMA_R232
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%118", "m64n232k8.f32.tf32.tf32 " PTX_WGMMA_D232 ", %116, %117, p, 1, 1;")
                   : PTX_WGMMA_R232
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[116], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%121", "m64n232k16.f32.bf16.bf16 " PTX_WGMMA_D232
                                     ", {%116, %117, %118, %119}, %120, p, 1, 1, %122;")
                   : PTX_WGMMA_R232
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(
          PTX_WGMMA("%121", "m64n232k16.f32.f16.f16 " PTX_WGMMA_D232 ", {%116, %117, %118, %119}, %120, p, 1, 1, %122;")
          : PTX_WGMMA_R232
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(
          PTX_WGMMA("%121", "m64n232k8.f32.tf32.tf32 " PTX_WGMMA_D232 ", {%116, %117, %118, %119}, %120, p, 1, 1;")
          : PTX_WGMMA_R232
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
          : "memory");
    }
  }
};
#undef PTX_WGMMA_D232
#undef PTX_WGMMA_R232

#define PTX_WGMMA_D240                                                                                                 \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, "    \
  "%24, "                                                                                                              \
  "%25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, "     \
  "%47, "                                                                                                              \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67, %68, %69, "     \
  "%70, "                                                                                                              \
  "%71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, "     \
  "%93, "                                                                                                              \
  "%94, %95, %96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, %112, %113, " \
  "%114, %115, %116, %117, %118, %119}"
#define PTX_WGMMA_R240                                                                                                \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]),         \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),          \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]),         \
      "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]),         \
      "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]),         \
      "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), "+f"(d[48]),         \
      "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]), "+f"(d[56]),         \
      "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63]), "+f"(d[64]),         \
      "+f"(d[65]), "+f"(d[66]), "+f"(d[67]), "+f"(d[68]), "+f"(d[69]), "+f"(d[70]), "+f"(d[71]), "+f"(d[72]),         \
      "+f"(d[73]), "+f"(d[74]), "+f"(d[75]), "+f"(d[76]), "+f"(d[77]), "+f"(d[78]), "+f"(d[79]), "+f"(d[80]),         \
      "+f"(d[81]), "+f"(d[82]), "+f"(d[83]), "+f"(d[84]), "+f"(d[85]), "+f"(d[86]), "+f"(d[87]), "+f"(d[88]),         \
      "+f"(d[89]), "+f"(d[90]), "+f"(d[91]), "+f"(d[92]), "+f"(d[93]), "+f"(d[94]), "+f"(d[95]), "+f"(d[96]),         \
      "+f"(d[97]), "+f"(d[98]), "+f"(d[99]), "+f"(d[100]), "+f"(d[101]), "+f"(d[102]), "+f"(d[103]), "+f"(d[104]),    \
      "+f"(d[105]), "+f"(d[106]), "+f"(d[107]), "+f"(d[108]), "+f"(d[109]), "+f"(d[110]), "+f"(d[111]), "+f"(d[112]), \
      "+f"(d[113]), "+f"(d[114]), "+f"(d[115]), "+f"(d[116]), "+f"(d[117]), "+f"(d[118]), "+f"(d[119])
template <>
struct Wgmma<240> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[120], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%122", "m64n240k16.f32.bf16.bf16 " PTX_WGMMA_D240 ", %120, %121, p, 1, 1, %123, %124;")
                   : PTX_WGMMA_R240
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%122", "m64n240k16.f32.f16.f16 " PTX_WGMMA_D240 ", %120, %121, p, 1, 1, %123, %124;")
                   : PTX_WGMMA_R240
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%122", "m64n240k8.f32.tf32.tf32 " PTX_WGMMA_D240 ", %120, %121, p, 1, 1;")
                   : PTX_WGMMA_R240
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[120], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%125", "m64n240k16.f32.bf16.bf16 " PTX_WGMMA_D240
                                     ", {%120, %121, %122, %123}, %124, p, 1, 1, %126;")
                   : PTX_WGMMA_R240
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(
          PTX_WGMMA("%125", "m64n240k16.f32.f16.f16 " PTX_WGMMA_D240 ", {%120, %121, %122, %123}, %124, p, 1, 1, %126;")
          : PTX_WGMMA_R240
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(
          PTX_WGMMA("%125", "m64n240k8.f32.tf32.tf32 " PTX_WGMMA_D240 ", {%120, %121, %122, %123}, %124, p, 1, 1;")
          : PTX_WGMMA_R240
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
          : "memory");
    }
  }
};
#undef PTX_WGMMA_D240
#undef PTX_WGMMA_R240

#define PTX_WGMMA_D248                                                                                                 \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, "    \
  "%24, "                                                                                                              \
  "%25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, "     \
  "%47, "                                                                                                              \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67, %68, %69, "     \
  "%70, "                                                                                                              \
  "%71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, "     \
  "%93, "                                                                                                              \
  "%94, %95, %96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, %112, %113, " \
  "%114, %115, %116, %117, %118, %119, %120, %121, %122, %123}"
#define PTX_WGMMA_R248                                                                                                \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]),         \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),          \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]),         \
      "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]),         \
      "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]),         \
      "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), "+f"(d[48]),         \
      "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]), "+f"(d[56]),         \
      "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63]), "+f"(d[64]),         \
      "+f"(d[65]), "+f"(d[66]), "+f"(d[67]), "+f"(d[68]), "+f"(d[69]), "+f"(d[70]), "+f"(d[71]), "+f"(d[72]),         \
      "+f"(d[73]), "+f"(d[74]), "+f"(d[75]), "+f"(d[76]), "+f"(d[77]), "+f"(d[78]), "+f"(d[79]), "+f"(d[80]),         \
      "+f"(d[81]), "+f"(d[82]), "+f"(d[83]), "+f"(d[84]), "+f"(d[85]), "+f"(d[86]), "+f"(d[87]), "+f"(d[88]),         \
      "+f"(d[89]), "+f"(d[90]), "+f"(d[91]), "+f"(d[92]), "+f"(d[93]), "+f"(d[94]), "+f"(d[95]), "+f"(d[96]),         \
      "+f"(d[97]), "+f"(d[98]), "+f"(d[99]), "+f"(d[100]), "+f"(d[101]), "+f"(d[102]), "+f"(d[103]), "+f"(d[104]),    \
      "+f"(d[105]), "+f"(d[106]), "+f"(d[107]), "+f"(d[108]), "+f"(d[109]), "+f"(d[110]), "+f"(d[111]), "+f"(d[112]), \
      "+f"(d[113]), "+f"(d[114]), "+f"(d[115]), "+f"(d[116]), "+f"(d[117]), "+f"(d[118]), "+f"(d[119]), "+f"(d[120]), \
      "+f"(d[121]), "+f"(d[122]), "+f"(d[123])
template <>
struct Wgmma<248> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[124], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%126", "m64n248k16.f32.bf16.bf16 " PTX_WGMMA_D248 ", %124, %125, p, 1, 1, %127, %128;")
                   : PTX_WGMMA_R248
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%126", "m64n248k16.f32.f16.f16 " PTX_WGMMA_D248 ", %124, %125, p, 1, 1, %127, %128;")
                   : PTX_WGMMA_R248
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%126", "m64n248k8.f32.tf32.tf32 " PTX_WGMMA_D248 ", %124, %125, p, 1, 1;")
                   : PTX_WGMMA_R248
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[124], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%129", "m64n248k16.f32.bf16.bf16 " PTX_WGMMA_D248
                                     ", {%124, %125, %126, %127}, %128, p, 1, 1, %130;")
                   : PTX_WGMMA_R248
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(
          PTX_WGMMA("%129", "m64n248k16.f32.f16.f16 " PTX_WGMMA_D248 ", {%124, %125, %126, %127}, %128, p, 1, 1, %130;")
          : PTX_WGMMA_R248
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(
          PTX_WGMMA("%129", "m64n248k8.f32.tf32.tf32 " PTX_WGMMA_D248 ", {%124, %125, %126, %127}, %128, p, 1, 1;")
          : PTX_WGMMA_R248
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
          : "memory");
    }
  }
};
#undef PTX_WGMMA_D248
#undef PTX_WGMMA_R248

#define PTX_WGMMA_D256                                                                                                 \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, "    \
  "%24, "                                                                                                              \
  "%25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, "     \
  "%47, "                                                                                                              \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67, %68, %69, "     \
  "%70, "                                                                                                              \
  "%71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, "     \
  "%93, "                                                                                                              \
  "%94, %95, %96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, %112, %113, " \
  "%114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127}"
#define PTX_WGMMA_R256                                                                                                \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]),         \
      "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),          \
      "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]),         \
      "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]),         \
      "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]),         \
      "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), "+f"(d[48]),         \
      "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]), "+f"(d[56]),         \
      "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63]), "+f"(d[64]),         \
      "+f"(d[65]), "+f"(d[66]), "+f"(d[67]), "+f"(d[68]), "+f"(d[69]), "+f"(d[70]), "+f"(d[71]), "+f"(d[72]),         \
      "+f"(d[73]), "+f"(d[74]), "+f"(d[75]), "+f"(d[76]), "+f"(d[77]), "+f"(d[78]), "+f"(d[79]), "+f"(d[80]),         \
      "+f"(d[81]), "+f"(d[82]), "+f"(d[83]), "+f"(d[84]), "+f"(d[85]), "+f"(d[86]), "+f"(d[87]), "+f"(d[88]),         \
      "+f"(d[89]), "+f"(d[90]), "+f"(d[91]), "+f"(d[92]), "+f"(d[93]), "+f"(d[94]), "+f"(d[95]), "+f"(d[96]),         \
      "+f"(d[97]), "+f"(d[98]), "+f"(d[99]), "+f"(d[100]), "+f"(d[101]), "+f"(d[102]), "+f"(d[103]), "+f"(d[104]),    \
      "+f"(d[105]), "+f"(d[106]), "+f"(d[107]), "+f"(d[108]), "+f"(d[109]), "+f"(d[110]), "+f"(d[111]), "+f"(d[112]), \
      "+f"(d[113]), "+f"(d[114]), "+f"(d[115]), "+f"(d[116]), "+f"(d[117]), "+f"(d[118]), "+f"(d[119]), "+f"(d[120]), \
      "+f"(d[121]), "+f"(d[122]), "+f"(d[123]), "+f"(d[124]), "+f"(d[125]), "+f"(d[126]), "+f"(d[127])
template <>
struct Wgmma<256> {
  template <class T, int kA, int kB>
  static __device__ __forceinline__ void shared(float (&d)[128], std::uint64_t a, std::uint64_t b, bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%130", "m64n256k16.f32.bf16.bf16 " PTX_WGMMA_D256 ", %128, %129, p, 1, 1, %131, %132;")
                   : PTX_WGMMA_R256
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(PTX_WGMMA("%130", "m64n256k16.f32.f16.f16 " PTX_WGMMA_D256 ", %128, %129, p, 1, 1, %131, %132;")
                   : PTX_WGMMA_R256
                   : "l"(a), "l"(b), "r"(int(accumulate)), "n"(kA), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(PTX_WGMMA("%130", "m64n256k8.f32.tf32.tf32 " PTX_WGMMA_D256 ", %128, %129, p, 1, 1;")
                   : PTX_WGMMA_R256
                   : "l"(a), "l"(b), "r"(int(accumulate))
                   : "memory");
    }
  }
  template <class T, int kB>
  static __device__ __forceinline__ void registers(float (&d)[128], const std::uint32_t (&a)[4], std::uint64_t b,
                                                   bool accumulate) {
    if constexpr (__is_same(T, bfloat16)) {
      asm volatile(PTX_WGMMA("%133", "m64n256k16.f32.bf16.bf16 " PTX_WGMMA_D256
                                     ", {%128, %129, %130, %131}, %132, p, 1, 1, %134;")
                   : PTX_WGMMA_R256
                   : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
                   : "memory");
    } else if constexpr (__is_same(T, float16)) {
      asm volatile(
          PTX_WGMMA("%133", "m64n256k16.f32.f16.f16 " PTX_WGMMA_D256 ", {%128, %129, %130, %131}, %132, p, 1, 1, %134;")
          : PTX_WGMMA_R256
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate)), "n"(kB)
          : "memory");
    } else if constexpr (__is_same(T, float)) {
      asm volatile(
          PTX_WGMMA("%133", "m64n256k8.f32.tf32.tf32 " PTX_WGMMA_D256 ", {%128, %129, %130, %131}, %132, p, 1, 1;")
          : PTX_WGMMA_R256
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(int(accumulate))
          : "memory");
    }
  }
};
#undef PTX_WGMMA_D256
#undef PTX_WGMMA_R256

#undef PTX_WGMMA

template <class T, Major kA = Major::k, Major kB = Major::k, int kHalf>
__device__ __forceinline__ void wgmma(float (&d)[kHalf], std::uint64_t a, std::uint64_t b, bool accumulate) {
  Wgmma<2 * kHalf>::template shared<T, static_cast<int>(kA), static_cast<int>(kB)>(d, a, b, accumulate);
}
template <class T, Major kB = Major::k, int kHalf>
__device__ __forceinline__ void wgmma(float (&d)[kHalf], const std::uint32_t (&a)[4], std::uint64_t b,
                                      bool accumulate) {
  Wgmma<2 * kHalf>::template registers<T, static_cast<int>(kB)>(d, a, b, accumulate);
}
#else
template <class T, Major kA = Major::k, Major kB = Major::k, int kHalf>
__device__ __forceinline__ void wgmma(float (&)[kHalf], std::uint64_t, std::uint64_t, bool) {
  __trap();
}
template <class T, Major kB = Major::k, int kHalf>
__device__ __forceinline__ void wgmma(float (&)[kHalf], const std::uint32_t (&)[4], std::uint64_t, bool) {
  __trap();
}
#endif

}  // namespace tilestack::ptx
