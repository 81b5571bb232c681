#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "core/check.h"

namespace tilestack {

// A pointer to something that counts its owners in `references`.
template <class T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(T* pointer) : pointer_(pointer) { retain(); }
  Ref(const Ref& other) : pointer_(other.pointer_) { retain(); }
  Ref(Ref&& other) noexcept : pointer_(std::exchange(other.pointer_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(pointer_, other.pointer_);
    return *this;
  }
  ~Ref() { release(); }
  T* get() const { return pointer_; }
  T* operator->() const { return pointer_; }
  T& operator*() const { return *pointer_; }
  explicit operator bool() const { return pointer_ != nullptr; }
  bool operator==(const Ref&) const = default;

 private:
  void retain() {
    if (pointer_) pointer_->references.fetch_add(1, std::memory_order_relaxed);
  }
  void release() {
    if (pointer_ && pointer_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy(pointer_);
  }
  T* pointer_ = nullptr;
};

// Memory shared by views. `version` counts in-place writes, so that backward can tell that a saved tensor has changed.
struct Storage {
  std::atomic<std::int32_t> references{0};
  std::atomic<std::uint32_t> version{0};
  void* data = nullptr;
  std::size_t bytes = 0;
  Device device;
  bool writable = true;
  void (*free)(Storage*) = nullptr;  // releases data and the Storage itself
  void* owner = nullptr;             // whatever free needs to release foreign memory
};
void destroy(Storage* storage);

struct Node;
struct TensorImpl;
void destroy(TensorImpl* impl);
void destroy(Node* node);

// A counted handle to memory seen with a shape, and to the place on the tape where it was made. Copies share both.
class Tensor {
 public:
  Tensor() = default;
  explicit Tensor(TensorImpl* impl) : impl_(impl) {}

  bool defined() const { return bool(impl_); }
  TensorImpl* impl() const { return impl_.get(); }
  operator const View&() const;
  const View& view() const;

  DType dtype() const { return view().dtype; }
  Device device() const;
  int dim() const { return view().ndim; }
  std::int64_t size(int dim) const { return view().size(dim); }
  std::int64_t numel() const { return view().numel(); }
  Dims shape() const { return {view().shape, view().ndim}; }
  Dims strides() const { return {view().strides, view().ndim}; }
  bool is_contiguous() const { return view().is_contiguous(); }
  template <class T>
  T* data() const {
    return view().data<T>();
  }

  // True if gradients are to reach it: a leaf that asked for them, or a result that depends on one.
  bool requires_grad() const;
  // The same memory without the tape.
  Tensor detach() const;
  const Tensor& grad() const;
  void set_grad(Tensor grad) const;
  // Counts a write in place.
  void bump_version() const;

  bool operator==(const Tensor&) const = default;

 private:
  Ref<TensorImpl> impl_;
};

using Hook = std::function<Tensor(const Tensor& gradient)>;  // an undefined result leaves the gradient as it is

struct TensorImpl : View {
  std::atomic<std::int32_t> references{0};
  Device device;
  bool asks_grad = false;     // requires_grad set by the user on a leaf
  bool retains_grad = false;  // a result that keeps its gradient
  std::int32_t output = 0;    // which output of node this is
  Ref<Storage> storage;
  Ref<Node> node;  // the op that made it, while it is on the tape
  Tensor grad;
  std::unique_ptr<std::vector<std::pair<std::int64_t, Hook>>> hooks;  // of a leaf; others hang on the node
};

[[noreturn]] void no_tensor();  // TypeError

inline const View& Tensor::view() const {
  if (!impl_) [[unlikely]]
    no_tensor();
  return *impl_;
}
inline Tensor::operator const View&() const { return view(); }
inline Device Tensor::device() const {
  view();
  return impl_->device;
}
inline bool Tensor::requires_grad() const { return impl_ && (impl_->asks_grad || impl_->node); }
inline const Tensor& Tensor::grad() const {
  view();
  return impl_->grad;
}
inline void Tensor::set_grad(Tensor grad) const { impl_->grad = std::move(grad); }
inline void Tensor::bump_version() const { impl_->storage->version.fetch_add(1, std::memory_order_relaxed); }

// Whether the elements fill their memory without holes or overlap, in some order of the dimensions.
bool is_dense(const View& x);

// New tensors, not on the tape. empty() is uninitialised. empty_like keeps the order of a dense tensor's memory
// (channels-last stays channels-last); others become contiguous.
Tensor empty(const Dims& shape, DType dtype, Device device = {});
Tensor empty_strided(const Dims& shape, const Dims& strides, DType dtype, Device device = {});
Tensor empty_channels_last(const Dims& shape, DType dtype, Device device = {});
Tensor empty_like(const Tensor& x);
Tensor empty_like(const Tensor& x, DType dtype);
Tensor zeros(const Dims& shape, DType dtype, Device device = {});
// The same memory with another shape, not on the tape. `offset` counts elements from x's first.
Tensor view_of(const Tensor& x, const Dims& shape, const Dims& strides, std::int64_t offset = 0);
// Foreign memory; `free` gets the Storage when the last view of it is gone.
Tensor from_memory(void* data, const Dims& shape, const Dims& strides, DType dtype, Device device, bool writable,
                   void* owner, void (*free)(Storage*));

// The same values in contiguous or channels-last memory, not on the tape; x itself where it is so already.
Tensor as_contiguous(const Tensor& x);
Tensor as_channels_last(const Tensor& x);
// The same values in another dtype, not on the tape; x itself where it has it already.
Tensor as_dtype(const Tensor& x, DType dtype);

}  // namespace tilestack
