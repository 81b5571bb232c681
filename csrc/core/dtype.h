#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __CUDACC__
#define TILESTACK_INLINE __host__ __device__ __forceinline__
#define TILESTACK_HOST_INLINE __forceinline__
#else
#define TILESTACK_INLINE [[gnu::always_inline]] inline
#define TILESTACK_HOST_INLINE [[gnu::always_inline]] inline
#endif

namespace tilestack {

enum class DType : std::uint8_t { float32, float64, bfloat16, float16, int64, int32, int8, uint8, bool_ };
constexpr int kDTypeCount = 9;

// Storage formats; kernels compute in float.
struct bfloat16 {
  std::uint16_t bits;
};
struct float16 {
  std::uint16_t bits;
};

#ifdef __CUDACC__
namespace gpu {  // the processor's own conversions, in cuda/gpu.h
__device__ float float_of(float16 x);
__device__ bfloat16 bfloat16_of(float x);
__device__ float16 float16_of(float x);
}  // namespace gpu
#endif

TILESTACK_INLINE constexpr std::size_t size_of(DType dtype) {
  constexpr std::size_t sizes[kDTypeCount] = {4, 8, 2, 2, 8, 4, 1, 1, 1};
  return sizes[static_cast<int>(dtype)];
}
TILESTACK_INLINE constexpr bool is_float(DType dtype) { return dtype <= DType::float16; }
// The dtype of what kernels compute from floats and save for backward: float64 for float64, else float32.
TILESTACK_INLINE constexpr DType compute_dtype(DType dtype) {
  return dtype == DType::float64 ? DType::float64 : DType::float32;
}

TILESTACK_INLINE float to_float(bfloat16 x) { return __builtin_bit_cast(float, std::uint32_t(x.bits) << 16); }

// Round to nearest even; NaN keeps its sign and becomes quiet.
TILESTACK_INLINE bfloat16 to_bfloat16(float x) {
#ifdef __CUDA_ARCH__
  return gpu::bfloat16_of(x);
#else
  const auto bits = __builtin_bit_cast(std::uint32_t, x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return {std::uint16_t((bits >> 16) | 0x40u)};
  return {std::uint16_t((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16)};
#endif
}

// Subnormals come out exact: the exponent is moved by a product with 2^112.
TILESTACK_INLINE float to_float(float16 x) {
#ifdef __CUDA_ARCH__
  return gpu::float_of(x);
#else
  const std::uint32_t sign = std::uint32_t(x.bits & 0x8000u) << 16, magnitude = std::uint32_t(x.bits & 0x7fffu) << 13;
  if (magnitude >= 0x0f800000u) return __builtin_bit_cast(float, sign | magnitude | 0x7f800000u);
  return __builtin_bit_cast(float,
                            sign | __builtin_bit_cast(std::uint32_t, __builtin_bit_cast(float, magnitude) * 0x1p112f));
#endif
}

TILESTACK_INLINE float16 to_float16(float x) {
#ifdef __CUDA_ARCH__
  return gpu::float16_of(x);
#else
  const auto bits = __builtin_bit_cast(std::uint32_t, x);
  const std::uint32_t sign = (bits >> 16) & 0x8000u, magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return {std::uint16_t(sign | 0x7e00u)};
  if (magnitude >= 0x477ff000u) return {std::uint16_t(sign | 0x7c00u)};
  if (magnitude < 0x38800000u) {  // subnormal: adding 0.5 lets the processor round at bit 2^-24
    const float shifted = __builtin_bit_cast(float, magnitude) + 0.5f;
    return {std::uint16_t(sign | (__builtin_bit_cast(std::uint32_t, shifted) - 0x3f000000u))};
  }
  return {std::uint16_t(sign | ((magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13) & 1u)) >> 13))};
#endif
}

// The type that kernels compute in: double for double, float for every narrower float, the type itself for integers.
template <class T>
struct ComputeOf {
  using type = T;
};
template <>
struct ComputeOf<bfloat16> {
  using type = float;
};
template <>
struct ComputeOf<float16> {
  using type = float;
};
template <class T>
using Compute = typename ComputeOf<T>::type;

// Scalar conversion between any two storage types, through float for the 16-bit formats.
template <class To, class From>
TILESTACK_INLINE To convert(From x) {
  if constexpr (__is_same(To, From)) {
    return x;
  } else if constexpr (__is_same(From, bfloat16) || __is_same(From, float16)) {
    return convert<To>(to_float(x));
  } else if constexpr (__is_same(To, bfloat16)) {
    return to_bfloat16(float(x));
  } else if constexpr (__is_same(To, float16)) {
    return to_float16(float(x));
  } else if constexpr (__is_same(To, bool)) {
    return x != From(0);
  } else {
    return static_cast<To>(x);
  }
}

template <class T>
constexpr DType dtype_of = DType::float32;
template <>
inline constexpr DType dtype_of<double> = DType::float64;
template <>
inline constexpr DType dtype_of<bfloat16> = DType::bfloat16;
template <>
inline constexpr DType dtype_of<float16> = DType::float16;
template <>
inline constexpr DType dtype_of<std::int64_t> = DType::int64;
template <>
inline constexpr DType dtype_of<std::int32_t> = DType::int32;
template <>
inline constexpr DType dtype_of<std::int8_t> = DType::int8;
template <>
inline constexpr DType dtype_of<std::uint8_t> = DType::uint8;
template <>
inline constexpr DType dtype_of<bool> = DType::bool_;

// Calls f.operator()<T>() with the storage type of dtype. The op has checked the dtype; others do nothing.
template <class F>
TILESTACK_HOST_INLINE void visit_float(DType dtype, F&& f) {
  switch (dtype) {
    case DType::float32:
      return f.template operator()<float>();
    case DType::float64:
      return f.template operator()<double>();
    case DType::bfloat16:
      return f.template operator()<bfloat16>();
    case DType::float16:
      return f.template operator()<float16>();
    default:
      return;
  }
}

template <class F>
TILESTACK_HOST_INLINE void visit_all(DType dtype, F&& f) {
  switch (dtype) {
    case DType::int64:
      return f.template operator()<std::int64_t>();
    case DType::int32:
      return f.template operator()<std::int32_t>();
    case DType::int8:
      return f.template operator()<std::int8_t>();
    case DType::uint8:
      return f.template operator()<std::uint8_t>();
    case DType::bool_:
      return f.template operator()<bool>();
    default:
      return visit_float(dtype, f);
  }
}

// For ops that only move data: T is an unsigned integer of the element's size.
template <class F>
TILESTACK_HOST_INLINE void visit_size(DType dtype, F&& f) {
  switch (size_of(dtype)) {
    case 1:
      return f.template operator()<std::uint8_t>();
    case 2:
      return f.template operator()<std::uint16_t>();
    case 4:
      return f.template operator()<std::uint32_t>();
    default:
      return f.template operator()<std::uint64_t>();
  }
}

// Index tensors are int64 or int32.
template <class F>
TILESTACK_HOST_INLINE void visit_index(DType dtype, F&& f) {
  if (dtype == DType::int32) return f.template operator()<std::int32_t>();
  return f.template operator()<std::int64_t>();
}

}  // namespace tilestack
