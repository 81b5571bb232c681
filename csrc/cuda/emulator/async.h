#pragma once
// Instructions of ptx.h that need more than a line: copies and products, some of which complete later.
#include "cuda/emulator/core.h"

namespace emu {

void cp_async(void* shared, const void* global, int size, int bytes, Site site);
void cp_async_commit();
void cp_async_wait(std::size_t pending, bool uncommitted);

void ldmatrix(std::uint32_t* r, int count, bool transposed, const void* row, Site site);
void stmatrix(void* row, const std::uint32_t* r, int count, bool transposed, Site site);
enum class Mma { bf16, f16, tf32 };
void mma(float* d, const std::uint32_t* a, const std::uint32_t* b, Mma type, Site site);
void mma_f64(double* d, double a, double b, Site site);

}  // namespace emu
