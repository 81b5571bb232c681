#include "cuda/emulator/async_state.h"
#include "cuda/emulator/scheduler.h"

namespace emu {

bool async_progress() { return false; }
void async_begin(Block&) {}
void async_end_thread(Thread& thread) {
  if (thread.async) thread.async->copies.clear();
}
void async_end_block(Block&) {}
void async_reset() {}
std::string describe_mbarriers() { return ""; }

}  // namespace emu
