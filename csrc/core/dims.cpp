#include "core/dims.h"

#include <limits>

#include "core/check.h"

namespace tilestack {

Dims::Dims(const std::vector<std::int64_t>& values) {
  for (std::int64_t v : values) push_back(v);
}

void Dims::push_back(std::int64_t value) {
  check(size_ < kMaxDims, "tensor: at most {} dimensions are supported", kMaxDims);
  values_[size_++] = value;
}

void Dims::insert(int at, std::int64_t value) {
  push_back(value);
  for (int i = size_ - 1; i > at; --i) values_[i] = values_[i - 1];
  values_[at] = value;
}

void Dims::erase(int at) {
  for (int i = at; i + 1 < size_; ++i) values_[i] = values_[i + 1];
  --size_;
}

std::int64_t Dims::numel() const {
  std::int64_t n = 1;
  bool too_many = false;
  for (std::int64_t size : *this) {
    if (size == 0) return 0;
    too_many |= __builtin_mul_overflow(n, size, &n);
  }
  return too_many ? std::numeric_limits<std::int64_t>::max() : n;
}

void check_size(const char* op, const Dims& shape) {
  check(shape.numel() <= kMostElements, "{}: shape {} is too large", op, shape);
}

Dims contiguous_strides(const Dims& shape) {
  Dims strides = shape;
  std::int64_t step = 1;
  for (int i = shape.size() - 1; i >= 0; --i) {
    strides[i] = step;
    __builtin_mul_overflow(step, shape[i] > 0 ? shape[i] : 1, &step);  // too large for shapes of no elements alone
  }
  return strides;
}

Dims channels_last_strides(const Dims& shape) {
  const std::int64_t channels = shape[1] > 0 ? shape[1] : 1, width = shape[3] > 0 ? shape[3] : 1;
  const std::int64_t row = channels * width, image = row * (shape[2] > 0 ? shape[2] : 1);
  return {image, 1, row, channels};
}

}  // namespace tilestack
