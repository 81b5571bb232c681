#pragma once
#include "cuda/emulator/core.h"

#if defined(__SANITIZE_ADDRESS__)
#define EMU_ASAN 1
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#else
#define EMU_ASAN 0
#endif

namespace emu {

// A stack on which threads of the launch run, one after another, and the host's own.
struct Fiber {
  void* stack_pointer = nullptr;
  const void* bottom = nullptr;
  std::size_t bytes = 0;
  void* fake_stack = nullptr;  // AddressSanitizer's
};

extern Fiber host_fiber;

Fiber* new_fiber();  // that begins in fiber_main()
void release_fiber(Fiber* fiber);
void switch_fiber(Fiber& from, Fiber& to);
void reset_fibers();  // forgets what ran on them; only from the host
[[noreturn]] void fiber_main();

// A launch catches what the processor finds: handlers of SIGSEGV, SIGBUS, SIGFPE and SIGILL, while it
// lives.
struct CatchFaults {
  CatchFaults();
  ~CatchFaults();
};

}  // namespace emu
