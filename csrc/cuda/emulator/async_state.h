#pragma once
// What threads have begun and not yet waited for.
#include <deque>
#include <functional>

#include "cuda/emulator/async.h"
#include "cuda/emulator/race.h"

namespace emu {

template <class T>
struct Groups {
  std::vector<T> open;
  std::deque<std::vector<T>> groups;
  void commit() {
    groups.push_back(std::move(open));
    open.clear();
  }
  bool empty() const { return open.empty() && groups.empty(); }
  void clear() {
    open.clear();
    groups.clear();
  }
};

struct SmallCopy {  // cp.async
  void* to;
  const void* from;
  std::uint32_t size, bytes;
  Site site;
};

struct Store {  // TMA from shared memory
  std::function<void()> run;
  race::Stamp stamp;
  Site site;
};

// An array of accumulators that products under way own. The user's holds NaN meanwhile.
struct Accumulators {
  float* d;
  int count;
  std::vector<float> values;
};

struct AsyncState {
  Groups<SmallCopy> copies;
  Groups<Store> stores;
  Groups<Wgmma> products;
  std::deque<Accumulators> accumulators;  // stable addresses
  bool fenced = false;                    // wgmma_fence since the last wait
  bool arrived_in_cluster = false;
  std::uint64_t cluster_phase = 0;
  std::vector<std::uint64_t*> unfenced;  // mbarriers that it initialised
  void clear() {
    copies.clear();
    stores.clear();
    products.clear();
    accumulators.clear();
    fenced = arrived_in_cluster = false;
    unfenced.clear();
  }
};

AsyncState& async_state(Thread& thread);

// A load by TMA to one block, which lands with its bytes on a barrier.
struct Load {
  std::uint64_t* bar;
  int bytes;
  Block* block;  // whose shared memory it writes
  std::function<void()> run;
  race::Stamp stamp;
  Site site;
};
void issue_load(Load load);
void check_async_barrier(std::uint64_t* bar, const char* what, Site site);
bool complete_load(const std::uint64_t* bar);  // one that lands on bar (any, if null); false if there is none

}  // namespace emu
