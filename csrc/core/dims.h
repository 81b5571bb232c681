#pragma once
#include <initializer_list>
#include <vector>

#include "core/view.h"

namespace tilestack {

// Up to kMaxDims sizes, strides or dimension numbers, without heap memory.
class Dims {
 public:
  Dims() = default;
  Dims(std::initializer_list<std::int64_t> values) {
    for (std::int64_t v : values) push_back(v);
  }
  Dims(const std::int64_t* values, int n) {
    for (int i = 0; i < n; ++i) push_back(values[i]);
  }
  explicit Dims(const std::vector<std::int64_t>& values);  // ValueError beyond kMaxDims

  int size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::int64_t* begin() { return values_; }
  std::int64_t* end() { return values_ + size_; }
  const std::int64_t* begin() const { return values_; }
  const std::int64_t* end() const { return values_ + size_; }
  std::int64_t& operator[](int i) { return values_[i < 0 ? i + size_ : i]; }
  std::int64_t operator[](int i) const { return values_[i < 0 ? i + size_ : i]; }
  void push_back(std::int64_t value);  // ValueError beyond kMaxDims
  void insert(int at, std::int64_t value);
  void erase(int at);
  std::int64_t numel() const;  // the largest int64 where it has no room for it
  bool operator==(const Dims& other) const {
    if (size_ != other.size_) return false;
    for (int i = 0; i < size_; ++i)
      if (values_[i] != other.values_[i]) return false;
    return true;
  }

 private:
  std::int64_t values_[kMaxDims] = {};
  int size_ = 0;
};

constexpr std::int64_t kMostElements = (std::int64_t(1) << 59) - 1;

void check_size(const char* op, const Dims& shape);  // ValueError beyond kMostElements
Dims contiguous_strides(const Dims& shape);
Dims channels_last_strides(const Dims& shape);  // of a 4-D shape (N, C, H, W)

}  // namespace tilestack
