#pragma once
#include <type_traits>

#include "core/dtype.h"

namespace tilestack {

// Runs body(context, chunk) for each chunk in [0, chunks) on the thread pool and returns when all are done. Which
// thread runs a chunk is open; what a chunk is must follow from shapes alone, so results do not depend on the number of
// threads. A call from inside a chunk runs serially. With more than one chunk the interpreter lock is released
// meanwhile.
void run_chunks(std::int64_t chunks, void (*body)(void* context, std::int64_t chunk), void* context);

// f(begin, end) over [0, n) in pieces of `grain` (the last may be shorter).
template <class F>
TILESTACK_INLINE void parallel_for(std::int64_t n, std::int64_t grain, F&& f) {
  if (n <= 0) return;
  if (n <= grain) return f(std::int64_t(0), n);
  struct Context {
    std::remove_reference_t<F>* f;
    std::int64_t n, grain;
  } context{&f, n, grain};
  run_chunks((n + grain - 1) / grain,
             [](void* opaque, std::int64_t chunk) {
               auto& c = *static_cast<Context*>(opaque);
               const std::int64_t begin = chunk * c.grain, end = begin + c.grain;
               (*c.f)(begin, end < c.n ? end : c.n);
             },
             &context);
}

// Elements of memory-bound work that are worth handing to another thread, and those of a chunk of more: so many chunks
// that threads have about the same share.
constexpr std::int64_t kElementGrain = 32768;
constexpr std::int64_t kElementChunk = 8192;

// How many of n items, of `size` elements each, make a chunk.
TILESTACK_INLINE std::int64_t grain_of(std::int64_t n, std::int64_t size) {
  if (size < 1) size = 1;
  if (n <= kElementGrain / size) return n > 1 ? n : 1;
  return size < kElementChunk ? kElementChunk / size : 1;
}

// f(row) for rows of `cols` elements, several rows a chunk.
template <class F>
TILESTACK_INLINE void parallel_rows(std::int64_t rows, std::int64_t cols, F&& f) {
  parallel_for(rows, grain_of(rows, cols), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) f(row);
  });
}

// Uninitialised, 64-byte aligned memory of a kernel's own, from the caching allocator.
void* scratch_allocate(std::size_t bytes);
void scratch_free(void* pointer);

template <class T>
struct Scratch {
  T* data;
  TILESTACK_INLINE explicit Scratch(std::int64_t n)
      : data(static_cast<T*>(scratch_allocate(std::size_t(n) * sizeof(T)))) {}
  TILESTACK_INLINE ~Scratch() { scratch_free(data); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  TILESTACK_INLINE operator T*() const { return data; }
};

}  // namespace tilestack
