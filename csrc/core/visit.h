#pragma once
#include "core/dtype.h"

namespace tilestack {

template <class F>
TILESTACK_HOST_INLINE void visit_integer(DType dtype, F&& f) {
  switch (dtype) {
    case DType::int64:
      return f.template operator()<std::int64_t>();
    case DType::int32:
      return f.template operator()<std::int32_t>();
    case DType::int8:
      return f.template operator()<std::int8_t>();
    case DType::uint8:
      return f.template operator()<std::uint8_t>();
    default:
      return;
  }
}
// Every dtype but bool.
template <class F>
TILESTACK_HOST_INLINE void visit_number(DType dtype, F&& f) {
  if (is_float(dtype)) return visit_float(dtype, f);
  visit_integer(dtype, f);
}

}  // namespace tilestack
