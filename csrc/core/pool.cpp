#include "core/pool.h"

#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "core/allocator.h"
#include "core/check.h"
#include "core/cpus.h"
#include "core/parallel.h"

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tilestack {
namespace {

constexpr int kSpins = 4000;  // tens of microseconds: longer than the gap between the ops of a step

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

thread_local bool inside_chunk = false;

// The chunks that a thread begins with. Neighbours, and the same share of each job: ops that follow each other cut
// their tensors alike, so a thread finds in its own cache what it wrote there before.
struct alignas(64) Share {
  std::atomic<std::int64_t> next{0};
  std::int64_t end = 0;
};

// One job at a time. A worker may look at the job only between ++active and --active while `open` is set; the caller
// clears `open` and waits for active == 0 before it touches the job again.
struct Job {
  void (*body)(void*, std::int64_t) = nullptr;
  void* context = nullptr;
  std::vector<Share> shares;  // one for each thread
  alignas(64) std::atomic<std::int64_t> active{0};
  alignas(64) std::atomic<bool> open{false};
  std::mutex error_mutex;
  std::exception_ptr error;

  void deal(std::int64_t chunks) {
    const auto threads = std::int64_t(shares.size());
    for (std::int64_t t = 0; t < threads; ++t) {
      shares[t].next = chunks * t / threads;
      shares[t].end = chunks * (t + 1) / threads;
    }
  }

  // The thread's own share, then what others have not begun.
  void work(std::size_t thread) {
    inside_chunk = true;
    for (std::size_t i = 0; i < shares.size(); ++i) {
      Share& share = shares[(thread + i) % shares.size()];
      for (std::int64_t chunk; (chunk = share.next.fetch_add(1)) < share.end;) {
        try {
          body(context, chunk);
        } catch (...) {
          std::lock_guard lock(error_mutex);
          if (!error) error = std::current_exception();
        }
      }
    }
    inside_chunk = false;
  }
};

struct Pool {
  std::mutex mutex;             // held by the thread whose job runs
  std::atomic<int> threads{0};  // 0: not decided yet
  std::vector<std::thread> workers;
  Job job;
  alignas(64) std::atomic<std::uint32_t> round{0};  // grows with each job
  std::atomic<int> sleepers{0};
  std::atomic<bool> stopping{false};

  void worker(std::size_t thread, std::uint32_t seen) {
    while (!stopping) {
      for (int i = 0; i < kSpins && round.load(std::memory_order_relaxed) == seen; ++i) pause();
      if (round == seen) {
        ++sleepers;
        round.wait(seen);
        --sleepers;
      }
      seen = round;
      ++job.active;
      if (job.open) job.work(thread);
      --job.active;
    }
  }

  void start() {
    if (job.shares.size() != std::size_t(threads)) job.shares = std::vector<Share>(std::size_t(threads));
    while (int(workers.size()) + 1 < threads)
      workers.emplace_back([this, thread = workers.size() + 1, seen = round.load()] { worker(thread, seen); });
  }

  void stop() {
    stopping = true;
    ++round;
    round.notify_all();
    for (std::thread& t : workers) t.join();
    workers.clear();
    stopping = false;
  }

  void run(std::int64_t chunks, void (*body)(void*, std::int64_t), void* context) {
    start();
    job.body = body;
    job.context = context;
    job.deal(chunks);
    job.error = nullptr;
    job.open = true;
    ++round;
    if (sleepers > 0) round.notify_all();
    job.work(0);
    job.open = false;
    while (job.active > 0) pause();
    if (job.error) std::rethrow_exception(job.error);
  }
};

// Never destroyed: kernels may run while the interpreter shuts down.
Pool& pool() {
  static Pool* instance = new Pool;
  return *instance;
}

void* (*release_interpreter)() = nullptr;
void (*acquire_interpreter)(void*) = nullptr;

struct InterpreterReleased {
  void* token = release_interpreter ? release_interpreter() : nullptr;
  ~InterpreterReleased() {
    if (token) acquire_interpreter(token);
  }
};

#if defined(__unix__) || defined(__APPLE__)
// Only the forking thread lives on in a child: its workers are gone, so it forgets them and starts new ones when
// needed.
void before_fork() {
  pool().mutex.lock();
  lock_allocator();
}
void after_fork_in_parent() {
  unlock_allocator();
  pool().mutex.unlock();
}
void after_fork_in_child() {
  unlock_allocator();
  Pool& p = pool();
  new (&p.workers) std::vector<std::thread>;
  p.sleepers = 0;
  p.job.active = 0;
  p.mutex.unlock();
}
[[maybe_unused]] const int fork_handlers = pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
#endif

}  // namespace

void set_interpreter_lock(void* (*release)(), void (*acquire)(void*)) {
  release_interpreter = release;
  acquire_interpreter = acquire;
}

void run_unlocked(void (*body)(void*), void* context) {
  InterpreterReleased released;
  body(context);
}

InterpreterSafeLock::InterpreterSafeLock(std::mutex& mutex) : mutex_(mutex) {
  if (mutex_.try_lock()) return;
  InterpreterReleased released;
  mutex_.lock();
}

int num_threads() {
  Pool& p = pool();
  if (p.threads == 0) p.threads = default_threads().count;
  return p.threads;
}

const char* num_threads_reason() { return default_threads().reason; }

void set_num_threads(int n) {
  check(n >= 1, "set_num_threads: wanted at least 1, got {}", n);
  InterpreterReleased released;
  Pool& p = pool();
  std::lock_guard lock(p.mutex);
  p.stop();
  p.threads = n;
}

void run_chunks(std::int64_t chunks, void (*body)(void*, std::int64_t), void* context) {
  if (chunks <= 1 || inside_chunk) {
    for (std::int64_t chunk = 0; chunk < chunks; ++chunk) body(context, chunk);
    return;
  }
  InterpreterReleased released;
  Pool& p = pool();
  // Another thread's job is running, or there is one thread only: this thread does its own work.
  std::unique_lock lock(p.mutex, std::try_to_lock);
  if (!lock || num_threads() == 1) {
    if (lock) lock.unlock();
    for (std::int64_t chunk = 0; chunk < chunks; ++chunk) body(context, chunk);
    return;
  }
  p.run(chunks, body, context);
}

}  // namespace tilestack
