#pragma once
#include "bind/bind.h"
#include "core/unary_op.h"

namespace tilestack {

// x.<name>(): the op of a table of kernels in x's own memory.
template <auto table_on, Takes takes = Takes::floats>
void bind_unary_in_place(Bindings& b, const char* name) {
  b.method(
      name, [name](const Tensor& x) { return unary_in_place<table_on, takes>(name, x); },
      "In place; RuntimeError where a gradient would be lost.");
}

// x takes the values of op(), which is not recorded.
template <class Op>
Tensor write_result(const char* name, const Tensor& x, Op&& op) {
  check_writable(name, x);
  const NoGrad no_grad;
  const Tensor y = op();
  check_writable(name, x, y.shape(), y.dtype());
  copy_into(x, y);
  x.bump_version();
  return x;
}

}  // namespace tilestack
