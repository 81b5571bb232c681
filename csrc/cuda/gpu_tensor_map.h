#pragma once
// Part of gpu.h: descriptions of tensors for TMA, made on the host and passed to kernels as
// `const __grid_constant__ gpu::TensorMap map`.
#include <initializer_list>
#ifndef TILESTACK_EMULATOR
#include <cuda.h>
#endif

namespace tilestack::gpu {

enum class Promotion { none, bytes64, bytes128, bytes256 };  // of what is fetched into L2

// Sizes and box in elements, innermost first; strides in bytes of the second and further dimensions, multiples of 16.
// Outside of the sizes, loads give zeros and stores do nothing.
inline TensorMap tensor_map(DType dtype, const void* base, std::initializer_list<std::int64_t> sizes,
                            std::initializer_list<std::int64_t> strides, std::initializer_list<int> box,
                            Swizzle swizzle, Promotion promotion = Promotion::bytes256) {
  TensorMap map;
  const int rank = static_cast<int>(sizes.size());
  std::uint64_t size[5] = {}, stride[5] = {};
  std::uint32_t tile[5] = {}, step[5] = {1, 1, 1, 1, 1};
  if (rank < 1 || rank > 5 || strides.size() + 1 != sizes.size() || box.size() != sizes.size())
    fail("tensor_map: sizes, strides and box must have r, r - 1 and r entries, r from 1 to 5");
  for (int i = 0; i < rank; ++i) {
    size[i] = static_cast<std::uint64_t>(sizes.begin()[i]);
    tile[i] = static_cast<std::uint32_t>(box.begin()[i]);
    if (i + 1 < rank) stride[i] = static_cast<std::uint64_t>(strides.begin()[i]);
  }
#ifdef TILESTACK_EMULATOR
  static_cast<void>(step), static_cast<void>(promotion);
  const std::string error = emu::encode_tensor_map(&map, static_cast<int>(size_of(dtype)), dtype == DType::float32,
                                                   base, rank, size, stride, tile, static_cast<int>(swizzle));
  if (!error.empty()) fail("tensor_map: " + error);
#else
  static const auto encode = [] {
    void* function = nullptr;
    cudaDriverEntryPointQueryResult found;
    check(cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &function, 12000, cudaEnableDefault, &found),
          "cuTensorMapEncodeTiled");
    if (!function || found != cudaDriverEntryPointSuccess) fail("the driver has no cuTensorMapEncodeTiled");
    return reinterpret_cast<CUresult (*)(CUtensorMap*, CUtensorMapDataType, cuuint32_t, void*, const cuuint64_t*,
                                         const cuuint64_t*, const cuuint32_t*, const cuuint32_t*, CUtensorMapInterleave,
                                         CUtensorMapSwizzle, CUtensorMapL2promotion, CUtensorMapFloatOOBfill)>(
        function);
  }();
  constexpr CUtensorMapDataType types[kDTypeCount] = {
      CU_TENSOR_MAP_DATA_TYPE_FLOAT32, CU_TENSOR_MAP_DATA_TYPE_FLOAT64, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16,
      CU_TENSOR_MAP_DATA_TYPE_FLOAT16, CU_TENSOR_MAP_DATA_TYPE_INT64,   CU_TENSOR_MAP_DATA_TYPE_INT32,
      CU_TENSOR_MAP_DATA_TYPE_UINT8,   CU_TENSOR_MAP_DATA_TYPE_UINT8,   CU_TENSOR_MAP_DATA_TYPE_UINT8};
  const CUresult result = encode(reinterpret_cast<CUtensorMap*>(&map), types[static_cast<int>(dtype)],
                                 static_cast<cuuint32_t>(rank), const_cast<void*>(base),
                                 reinterpret_cast<const cuuint64_t*>(size), reinterpret_cast<const cuuint64_t*>(stride),
                                 tile, step, CU_TENSOR_MAP_INTERLEAVE_NONE, static_cast<CUtensorMapSwizzle>(swizzle),
                                 static_cast<CUtensorMapL2promotion>(promotion), CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  if (result != CUDA_SUCCESS)
    fail("tensor_map: cuTensorMapEncodeTiled refused it with error " + std::to_string(static_cast<int>(result)));
#endif
  return map;
}

}  // namespace tilestack::gpu
