#pragma once
// Part of gpu.h: descriptions of tensors for TMA, made on the host and passed to kernels as
// `const __grid_constant__ gpu::TensorMap map`.
#include <initializer_list>
#ifndef TILESTACK_EMULATOR
#include <cuda.h>
#endif

namespace tilestack::gpu {

enum class Promotion { none, bytes64, bytes128, bytes256 };  // of what is fetched into L2

#ifndef TILESTACK_EMULATOR
// By name, so that nothing links with the driver.
inline void* driver_function(const char* name) {
  void* function = nullptr;
  cudaDriverEntryPointQueryResult found;
  check(cudaGetDriverEntryPointByVersion(name, &function, 12000, cudaEnableDefault, &found), name);
  if (!function || found != cudaDriverEntryPointSuccess) fail(std::string("the driver lacks ") + name);
  return function;
}

inline CUtensorMapDataType tensor_map_type(DType dtype) {
  constexpr CUtensorMapDataType types[kDTypeCount] = {
      CU_TENSOR_MAP_DATA_TYPE_FLOAT32, CU_TENSOR_MAP_DATA_TYPE_FLOAT64, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16,
      CU_TENSOR_MAP_DATA_TYPE_FLOAT16, CU_TENSOR_MAP_DATA_TYPE_INT64,   CU_TENSOR_MAP_DATA_TYPE_INT32,
      CU_TENSOR_MAP_DATA_TYPE_UINT8,   CU_TENSOR_MAP_DATA_TYPE_UINT8,   CU_TENSOR_MAP_DATA_TYPE_UINT8};
  return types[static_cast<int>(dtype)];
}
#endif

// Sizes and box in elements, innermost first; strides in bytes of the second and further dimensions, multiples of 16.
// Outside of the sizes, loads give zeros and stores do nothing.
inline TensorMap tensor_map(DType dtype, const void* base, std::initializer_list<std::int64_t> sizes,
                            std::initializer_list<std::int64_t> strides, std::initializer_list<int> box,
                            Swizzle swizzle, Promotion promotion = Promotion::bytes256) {
  TensorMap map;
  const int rank = static_cast<int>(sizes.size());
  std::uint64_t size[5] = {}, stride[5] = {};
  std::uint32_t tile[5] = {};
  if (rank < 1 || rank > 5 || strides.size() + 1 != sizes.size() || box.size() != sizes.size())
    fail("tensor_map: sizes, strides and box must have r, r - 1 and r entries, r from 1 to 5");
  for (int i = 0; i < rank; ++i) {
    size[i] = static_cast<std::uint64_t>(sizes.begin()[i]);
    tile[i] = static_cast<std::uint32_t>(box.begin()[i]);
    if (i + 1 < rank) stride[i] = static_cast<std::uint64_t>(strides.begin()[i]);
  }
#ifdef TILESTACK_EMULATOR
  static_cast<void>(promotion);
  const std::string error = emu::encode_tensor_map(&map, static_cast<int>(size_of(dtype)), dtype == DType::float32,
                                                   base, rank, size, stride, tile, static_cast<int>(swizzle));
  if (!error.empty()) fail("tensor_map: " + error);
#else
  static const auto encode = reinterpret_cast<CUresult (*)(
      CUtensorMap*, CUtensorMapDataType, cuuint32_t, void*, const cuuint64_t*, const cuuint64_t*, const cuuint32_t*,
      const cuuint32_t*, CUtensorMapInterleave, CUtensorMapSwizzle, CUtensorMapL2promotion, CUtensorMapFloatOOBfill)>(
      driver_function("cuTensorMapEncodeTiled"));
  const std::uint32_t step[5] = {1, 1, 1, 1, 1};
  const CUresult result = encode(reinterpret_cast<CUtensorMap*>(&map), tensor_map_type(dtype),
                                 static_cast<cuuint32_t>(rank), const_cast<void*>(base),
                                 reinterpret_cast<const cuuint64_t*>(size), reinterpret_cast<const cuuint64_t*>(stride),
                                 tile, step, CU_TENSOR_MAP_INTERLEAVE_NONE, static_cast<CUtensorMapSwizzle>(swizzle),
                                 static_cast<CUtensorMapL2promotion>(promotion), CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  if (result != CUDA_SUCCESS)
    fail("tensor_map: the driver refused it with error " + std::to_string(static_cast<int>(result)));
#endif
  return map;
}

// For convolutions: of an image (channels, width, height, batch) that lies channels-last, a load takes `channels` of
// `pixels` places, which go through the box of places row by row, then image by image, in steps of the convolution's
// stride. The box is from `first` to size - 1 + `last` in each of width and height: with padding p and a kernel of r
// pixels, dilated by d, first = -p and last = p - d (r - 1). Which of the kernel's pixels is an argument of the load.
struct Im2col {
  int first[2], last[2], step[2];  // width, height
  int channels, pixels;
};

inline TensorMap tensor_map_im2col(DType dtype, const void* base, std::initializer_list<std::int64_t> sizes,
                                   std::initializer_list<std::int64_t> strides, const Im2col& box, Swizzle swizzle,
                                   Promotion promotion = Promotion::bytes256) {
  TensorMap map;
  std::uint64_t size[4], stride[3];
  if (sizes.size() != 4 || strides.size() != 3) fail("tensor_map_im2col: 4 sizes and 3 strides");
  for (int i = 0; i < 4; ++i) size[i] = static_cast<std::uint64_t>(sizes.begin()[i]);
  for (int i = 0; i < 3; ++i) stride[i] = static_cast<std::uint64_t>(strides.begin()[i]);
#ifdef TILESTACK_EMULATOR
  static_cast<void>(promotion);
  const std::string error = emu::encode_im2col(&map, static_cast<int>(size_of(dtype)), base, size, stride, box.first,
                                               box.last, box.step, box.channels, box.pixels, static_cast<int>(swizzle));
  if (!error.empty()) fail("tensor_map_im2col: " + error);
#else
  static const auto encode = reinterpret_cast<CUresult (*)(
      CUtensorMap*, CUtensorMapDataType, cuuint32_t, void*, const cuuint64_t*, const cuuint64_t*, const int*,
      const int*, cuuint32_t, cuuint32_t, const cuuint32_t*, CUtensorMapInterleave, CUtensorMapSwizzle,
      CUtensorMapL2promotion, CUtensorMapFloatOOBfill)>(driver_function("cuTensorMapEncodeIm2col"));
  const std::uint32_t step[4] = {1, static_cast<std::uint32_t>(box.step[0]), static_cast<std::uint32_t>(box.step[1]),
                                 1};
  const CUresult result =
      encode(reinterpret_cast<CUtensorMap*>(&map), tensor_map_type(dtype), 4, const_cast<void*>(base),
             reinterpret_cast<const cuuint64_t*>(size), reinterpret_cast<const cuuint64_t*>(stride), box.first,
             box.last, static_cast<cuuint32_t>(box.channels), static_cast<cuuint32_t>(box.pixels), step,
             CU_TENSOR_MAP_INTERLEAVE_NONE, static_cast<CUtensorMapSwizzle>(swizzle),
             static_cast<CUtensorMapL2promotion>(promotion), CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  if (result != CUDA_SUCCESS)
    fail("tensor_map_im2col: the driver refused it with error " + std::to_string(static_cast<int>(result)));
#endif
  return map;
}

}  // namespace tilestack::gpu
