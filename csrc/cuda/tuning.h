#pragma once
// Where the same kernel is tuned differently for different GPUs.

// Blocks that share a multiprocessor, for __launch_bounds__. On sm_120 the compiler needs a few more registers for the
// same code, and a kernel that just fits elsewhere would spill.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 1200
#define GPU_TIGHT_OCCUPANCY(blocks) 1
#else
#define GPU_TIGHT_OCCUPANCY(blocks) (blocks)
#endif
