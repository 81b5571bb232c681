#pragma once
#include <mutex>

namespace tilestack {

// Threads that work on one op, the caller included.
int num_threads();
void set_num_threads(int n);  // ValueError below 1
// What the machine allows this process: affinity and cgroup quota.
int available_cpus();
// How the default came about, in words, for `tilestack doctor`.
const char* num_threads_reason();

// Called around work of more than one chunk: `release` lets go of the interpreter lock if this thread holds it and
// returns a token for `acquire`.
void set_interpreter_lock(void* (*release)(), void (*acquire)(void* token));
// body(context) without the interpreter lock.
void run_unlocked(void (*body)(void* context), void* context);

// A lock that may be held while kernels run: a thread that has to wait for it lets go of the interpreter lock first,
// for the holder may need that one to go on.
class InterpreterSafeLock {
 public:
  explicit InterpreterSafeLock(std::mutex& mutex);
  ~InterpreterSafeLock() { mutex_.unlock(); }

 private:
  std::mutex& mutex_;
};

}  // namespace tilestack
