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

}  // namespace tilestack
