#pragma once

namespace tilestack {

struct DefaultThreads {
  int count;
  const char* reason;
};
// The least of: processors in the affinity mask, the cgroup's quota (rounded up), OMP_NUM_THREADS.
const DefaultThreads& default_threads();

}  // namespace tilestack
