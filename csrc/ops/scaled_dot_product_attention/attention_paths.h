#pragma once
// The kernels of attention that are in a file of their own.
#include "ops/scaled_dot_product_attention/scaled_dot_product_attention.h"

namespace tilestack::cuda {

// By wgmma: 16-bit floats on Hopper, heads of 40 to 128 elements in eights, neither mask nor dropout, scale > 0, and
// memory that TMA can describe.
bool fits_wgmma(const AttentionInputs& in);
bool fits_wgmma(const AttentionInputs& in, const View& dy);
void attend_by_wgmma(const AttentionInputs& in, const View& y, const View& lse);
void attend_backward_by_wgmma(const AttentionInputs& in, const View& y, const View& lse, const View& dy, const View& dq,
                              const View& dk, const View& dv);

}  // namespace tilestack::cuda
