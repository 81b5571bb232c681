#include "core/tensor.h"

#include <cstring>
#include <new>

#include "core/allocator.h"
#include "core/device.h"
#include "core/tape.h"

namespace tilestack {
namespace {

// A Storage of CPU memory stands in the 64 bytes before its data: one allocation for both.
static_assert(sizeof(Storage) <= 64);

Storage* new_cpu_storage(std::size_t bytes) {
  auto* storage = new (allocate(bytes + 64)) Storage;
  storage->data = reinterpret_cast<char*>(storage) + 64;
  storage->bytes = bytes;
  storage->free = [](Storage* s) {
    s->~Storage();
    release(s);
  };
  return storage;
}

TensorImpl* new_impl(Ref<Storage> storage, void* pointer, const Dims& shape, const Dims& strides, DType dtype) {
  auto* impl = new TensorImpl;
  impl->pointer = pointer;
  impl->dtype = dtype;
  impl->ndim = std::int8_t(shape.size());
  for (int i = 0; i < shape.size(); ++i) {
    impl->shape[i] = shape[i];
    impl->strides[i] = strides[i];
  }
  impl->device = storage->device;
  impl->storage = std::move(storage);
  return impl;
}

}  // namespace

bool is_dense(const View& x) {
  bool used[kMaxDims] = {};
  std::int64_t expected = 1;
  for (int step = 0; step < x.ndim; ++step) {
    int found = -1;
    for (int i = x.ndim - 1; i >= 0 && found < 0; --i)
      if (!used[i] && (x.shape[i] == 1 || x.strides[i] == expected)) found = i;
    if (found < 0) return false;
    used[found] = true;
    expected *= x.shape[found];
  }
  return true;
}

void no_tensor() { throw TypeError("tensor: a tensor is needed here, got None"); }

void destroy(Storage* storage) { storage->free(storage); }

namespace {
void check_shape(const Dims& shape) {
  for (std::int64_t size : shape) check(size >= 0, "empty: sizes must not be negative, got {}", shape);
  check_size("empty", shape);
}
}  // namespace

Tensor empty_strided(const Dims& shape, const Dims& strides, DType dtype, Device device) {
  const std::size_t bytes = std::size_t(shape.numel()) * size_of(dtype);
  Storage* storage = device.kind == Device::cpu ? new_cpu_storage(bytes) : new_device_storage(bytes, device);
  return Tensor(new_impl(Ref<Storage>(storage), storage->data, shape, strides, dtype));
}

Tensor empty(const Dims& shape, DType dtype, Device device) {
  check_shape(shape);
  return empty_strided(shape, contiguous_strides(shape), dtype, device);
}

Tensor empty_channels_last(const Dims& shape, DType dtype, Device device) {
  check_shape(shape);
  return empty_strided(shape, channels_last_strides(shape), dtype, device);
}

Tensor empty_like(const Tensor& x, DType dtype) {
  const View& view = x;
  const bool keep = view.is_contiguous() || is_dense(view);
  return empty_strided(x.shape(), keep && !view.is_contiguous() ? x.strides() : contiguous_strides(x.shape()), dtype,
                       x.device());
}

Tensor empty_like(const Tensor& x) { return empty_like(x, x.dtype()); }

Tensor view_of(const Tensor& x, const Dims& shape, const Dims& strides, std::int64_t offset) {
  const View& view = x;
  char* pointer = static_cast<char*>(view.pointer) + offset * std::int64_t(size_of(view.dtype));
  return Tensor(new_impl(x.impl()->storage, pointer, shape, strides, view.dtype));
}

Tensor from_memory(void* data, const Dims& shape, const Dims& strides, DType dtype, Device device, bool writable,
                   void* owner, void (*free)(Storage*)) {
  Ref<Storage> storage(new Storage);
  storage->data = data;
  storage->bytes = std::size_t(shape.numel()) * size_of(dtype);
  storage->device = device;
  storage->writable = writable;
  storage->owner = owner;
  storage->free = free;
  return Tensor(new_impl(std::move(storage), data, shape, strides, dtype));
}

Tensor Tensor::detach() const { return view_of(*this, shape(), strides()); }

}  // namespace tilestack
