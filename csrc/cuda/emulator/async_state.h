#pragma once
// What threads have begun and not yet waited for.
#include <deque>

#include "cuda/emulator/async.h"

namespace emu {

struct SmallCopy {  // cp.async
  void* to;
  const void* from;
  std::uint32_t size, bytes;
};

template <class T>
struct Groups {
  std::vector<T> open;
  std::deque<std::vector<T>> groups;
  void commit() {
    groups.push_back(std::move(open));
    open.clear();
  }
  void clear() {
    open.clear();
    groups.clear();
  }
};

struct AsyncState {
  Groups<SmallCopy> copies;
};

AsyncState& async_state(Thread& thread);

}  // namespace emu
