#include "cuda/emulator/scheduler.h"

#include <algorithm>
#include <map>

#include "cuda/emulator/race.h"

namespace emu {

Thread* cur = nullptr;
Ready ready;

namespace {

constexpr int kMaxRounds = 2000;  // of nothing but spinning threads

std::vector<Thread*> spinning;
int rounds = 0;
bool late_fault = false;
std::uint64_t random_state = 1;

bool by_priority(const Thread* a, const Thread* b) { return a->priority < b->priority; }

[[noreturn]] void abandon(const std::string& report) {
  set_report(report);
  Fiber* from = cur->fiber;
  cur = nullptr;
  switch_fiber(*from, host_fiber);
  __builtin_unreachable();
}

Thread* take() {
  if (late_fault) abandon(last_report());
  Thread* next = ready.pop();
  if (next) return next;
  if (!spinning.empty()) {
    if (!async_progress() && ++rounds > kMaxRounds)
      abandon(describe_launch() + ": threads spin forever\n" + describe_blocked());
    for (Thread* thread : spinning) ready.push(thread);
    spinning.clear();
    return ready.pop();
  }
  while (async_progress())
    if ((next = ready.pop())) return next;
  for (const auto& block : launch->blocks)
    if (block->live) abandon(describe_launch() + ": deadlock\n" + describe_blocked());
  return nullptr;
}

void run_next(Thread* self) {
  Thread* next = take();
  if (next == self) return;
  if (!next->fiber) next->fiber = new_fiber();
  cur = next;
  switch_fiber(*self->fiber, *next->fiber);
}

}  // namespace

void Ready::clear(Order order) {
  order_ = order;
  threads_.clear();
  head_ = 0;
}

void Ready::push(Thread* thread) {
  threads_.push_back(thread);
  if (order_ == priority) std::push_heap(threads_.begin(), threads_.end(), by_priority);
}

Thread* Ready::pop() {
  if (head_ == threads_.size()) {
    threads_.clear();
    head_ = 0;
    return nullptr;
  }
  if (order_ == first_in) {
    if (head_ > 4096 && 2 * head_ > threads_.size()) {
      threads_.erase(threads_.begin(), threads_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
    return threads_[head_++];
  }
  if (order_ == random) std::swap(threads_[random_bits() % threads_.size()], threads_.back());
  if (order_ == priority) std::pop_heap(threads_.begin(), threads_.end(), by_priority);
  Thread* thread = threads_.back();
  threads_.pop_back();
  return thread;
}

std::uint64_t random_bits() {  // xorshift64*
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return (random_state * 0x2545f4914f6cdd1dull) >> 16;
}

void begin_schedule() {
  random_state = (options().seed + 1) * 0x9e3779b97f4a7c15ull ^ launch->id;
  ready.clear(Ready::Order(options().seed % 4));
  spinning.clear();
  rounds = 0;
  late_fault = false;
}

void wait(const char* what, const void* object, Site site) {
  Thread* self = cur;
  self->waiting = {what, site, object};
  rounds = 0;
  run_next(self);
  self->waiting.what = nullptr;
}

void wake(Thread* thread) {
  rounds = 0;
  ready.push(thread);
}

void pause(const char* what, const void* object, Site site) {
  Thread* self = cur;
  self->waiting = {what, site, object};
  spinning.push_back(self);
  run_next(self);
  self->waiting.what = nullptr;
}

void end_thread() {
  Thread* self = cur;
  Fiber* fiber = self->fiber;  // end_block() may begin the next block with these very threads
  Block& block = *self->block;
  async_end_thread(*self);
  self->ended = true;
  ++block.ended;
  Warp& warp = block.warps[self->linear / kWarp];
  warp.ended |= 1u << self->lane();
  if (block.at_barrier) [[unlikely]]
    for (const Barrier& barrier : block.barriers)
      if (barrier.arrived && barrier.expected == launch->threads)
        fault("a thread ends while " + std::to_string(barrier.arrived) + " wait at " + barrier.what + " at " +
                  describe(barrier.site),
              Site());
  for (const auto& pending : warp.pending)
    if (pending->arrived && (pending->mask >> self->lane() & 1))
      fault(std::string("a thread ends while other lanes wait for it at ") + pending->what + " at " +
                describe(pending->site),
            Site());
  rounds = 0;
  if (--block.live == 0) end_block(block);
  Thread* next = take();
  if (!next) {
    cur = nullptr;
    release_fiber(fiber);
    return switch_fiber(*fiber, host_fiber);
  }
  cur = next;
  if (!next->fiber) {
    next->fiber = fiber;
    return;
  }
  release_fiber(fiber);
  switch_fiber(*fiber, *next->fiber);
}

void fault(const std::string& message, Site site) {
  std::string report = describe_launch() + ": " + describe(*cur) + ": " + message;
  if (site.line()) report += "\n  at " + describe(site);
  if (const std::string blocked = describe_blocked(); !blocked.empty()) report += "\n" + blocked;
  abandon(report);
}

void fault_later(const std::string& message) {
  if (late_fault) return;
  set_report(describe_launch() + ": " + (cur ? describe(*cur) + ": " : "") + message);
  late_fault = true;
}

std::string describe_blocked() {
  std::map<std::string, std::vector<const Thread*>> groups;
  for (const auto& block : launch->blocks)
    for (const Thread& thread : block->threads)
      if (block->live && !thread.ended && thread.waiting.what && &thread != cur)
        groups[std::string(thread.waiting.what) + " at " + describe(thread.waiting.site)].push_back(&thread);
  std::string text;
  for (const auto& [what, threads] : groups)
    text += "  " + std::to_string(threads.size()) + " waiting at " + what + ", first " + describe(*threads[0]) + "\n";
  return text + describe_mbarriers();
}

}  // namespace emu
