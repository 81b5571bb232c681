#include "cuda/emulator/fiber.h"

#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstring>
#include <new>

extern "C" void emu_switch(void** save, void* load);

namespace emu {

Fiber host_fiber;

namespace {

// An odd number of pages, lest all stacks share the same sets of the caches.
constexpr std::size_t kPage = 4096, kStack = (EMU_ASAN ? 256 << 10 : 128 << 10) + kPage, kStride = kStack + kPage;
constexpr int kPerMapping = 64;

std::vector<Fiber*> all_fibers, free_fibers;
Fiber* came_from = nullptr;

void prepare(Fiber& fiber) {
  auto* top = static_cast<unsigned char*>(const_cast<void*>(fiber.bottom)) + fiber.bytes;
  void (*entry)() = fiber_main;
#if EMU_ASAN
  __asan_unpoison_memory_region(fiber.bottom, fiber.bytes);
#endif
#if defined(__x86_64__)
  std::memset(top - 64, 0, 64);
  std::memcpy(top - 16, &entry, sizeof entry);  // where emu_switch returns to; six registers lie below
  fiber.stack_pointer = top - 64;
#else
  std::memset(top - 160, 0, 160);
  std::memcpy(top - 160 + 88, &entry, sizeof entry);  // x30
  fiber.stack_pointer = top - 160;
#endif
}

void map_fibers() {
  auto* memory = static_cast<unsigned char*>(
      mmap(nullptr, kStride * kPerMapping, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  if (memory == MAP_FAILED) throw std::bad_alloc();
  for (int i = 0; i < kPerMapping; ++i) {
    unsigned char* guard = memory + i * kStride;
    mprotect(guard, kPage, PROT_NONE);
    auto* fiber = new Fiber{nullptr, guard + kPage, kStack, nullptr};
    prepare(*fiber);
    all_fibers.push_back(fiber);
    free_fibers.push_back(fiber);
  }
}

void arrived([[maybe_unused]] Fiber* self) {
#if EMU_ASAN
  const void* bottom;
  std::size_t bytes;
  __sanitizer_finish_switch_fiber(self ? self->fake_stack : nullptr, &bottom, &bytes);
  if (came_from == &host_fiber) host_fiber.bottom = bottom, host_fiber.bytes = bytes;
#endif
}

}  // namespace

Fiber* new_fiber() {
  if (free_fibers.empty()) map_fibers();
  Fiber* fiber = free_fibers.back();
  free_fibers.pop_back();
  return fiber;
}

void release_fiber(Fiber* fiber) { free_fibers.push_back(fiber); }

void switch_fiber(Fiber& from, Fiber& to) {
  came_from = &from;
#if EMU_ASAN
  __sanitizer_start_switch_fiber(&from.fake_stack, to.bottom, to.bytes);
#endif
  emu_switch(&from.stack_pointer, to.stack_pointer);
  arrived(&from);
}

void reset_fibers() {
  free_fibers = all_fibers;
  for (Fiber* fiber : all_fibers) prepare(*fiber);
}

void end_thread();

void fiber_main() {
  arrived(nullptr);
  for (;;) {
    launch->call->run();
    end_thread();
  }
}

namespace {

constexpr int kCount = 4, kSignals[kCount] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
struct sigaction previous[kCount];
int caught;
alignas(16) unsigned char signal_stack[64 << 10], landing_stack[64 << 10];
stack_t previous_stack;
void *fault_address, *fault_code;

[[noreturn]] void landing() {
  char text[64] = "integer division by zero";
  if (caught == SIGILL)
    std::snprintf(text, sizeof text, "a trap where the compiler saw undefined behaviour");
  else if (caught != SIGFPE)
    std::snprintf(text, sizeof text, "invalid memory access at address %p", fault_address);
  const std::string place = describe_code(fault_code, false);
  fault(place.empty() ? text : text + (" by " + place), Site());
}

// Continues on a stack of its own, because the fiber's may be the one that overflowed.
void handle(int signal, siginfo_t* info, void* context) {
  if (!cur) {  // not the launch's doing
    for (int i = 0; i < kCount; ++i)
      if (kSignals[i] == signal) sigaction(signal, &previous[i], nullptr);
    return;
  }
  caught = signal;
  fault_address = info->si_addr;
  auto& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
  const auto top = reinterpret_cast<std::uintptr_t>(landing_stack + sizeof landing_stack);
#if defined(__x86_64__)
  fault_code = reinterpret_cast<void*>(machine.gregs[REG_RIP]);
  machine.gregs[REG_RSP] = static_cast<greg_t>(top - 8);
  machine.gregs[REG_RIP] = reinterpret_cast<greg_t>(&landing);
#else
  fault_code = reinterpret_cast<void*>(machine.pc);
  machine.sp = top;
  machine.pc = reinterpret_cast<std::uintptr_t>(&landing);
#endif
}

}  // namespace

CatchFaults::CatchFaults() {
  stack_t stack{};
  stack.ss_sp = signal_stack;
  stack.ss_size = sizeof signal_stack;
  sigaltstack(&stack, &previous_stack);
  struct sigaction action{};
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (int i = 0; i < kCount; ++i) sigaction(kSignals[i], &action, &previous[i]);
}

CatchFaults::~CatchFaults() {
  for (int i = 0; i < kCount; ++i) sigaction(kSignals[i], &previous[i], nullptr);
  sigaltstack(&previous_stack, nullptr);
}

}  // namespace emu
