#pragma once
// Lists of tensors as kernels of optimizers take them.
#include "core/op.h"

namespace tilestack {

using TensorList = std::vector<Tensor>;

// Parameters to be written in place: dense, float, writable.
void check_parameters(const char* op, const TensorList& params);

// What goes with the parameters, one of each shape, as views that are walked in the same order of memory.
class Companions {
 public:
  // Gradients: of the parameters' dtypes; copied where their memory has another order.
  static Companions gradients(const char* op, const TensorList& params, const TensorList& xs);
  // State: float32 (float64 for float64 parameters), of the parameters' strides; written in place. None is allowed.
  static Companions state(const char* op, const char* name, const TensorList& params, const TensorList& xs);
  // float32 beside 16-bit parameters; those beside others are ignored; written in place. None is allowed.
  static Companions masters(const char* op, const TensorList& params, const TensorList& xs);
  const View* data() const { return views_.empty() ? nullptr : views_.data(); }

 private:
  std::vector<View> views_;
  TensorList copies_;
};

std::vector<View> views_of(const TensorList& xs);

}  // namespace tilestack
