#include <cstring>

#include "cuda/emulator/async_state.h"
#include "cuda/emulator/emu.h"
#include "cuda/emulator/race.h"

namespace emu {

AsyncState& async_state(Thread& thread) {
  if (!thread.async) thread.async = new AsyncState;
  return *thread.async;
}

namespace {

void perform(const SmallCopy& copy) {
  if (race::enabled) {
    if (copy.bytes) race::read(copy.from, copy.bytes, cur, copy.site);
    race::write(copy.to, copy.size, cur, copy.site);
  }
  std::memcpy(copy.to, copy.from, copy.bytes);
  std::memset(static_cast<char*>(copy.to) + copy.bytes, 0, copy.size - copy.bytes);
}

}  // namespace

// The bytes land when a wait demands them, or at once: both are allowed.
void cp_async(void* shared, const void* global, int size, int bytes, Site site) {
  require_arch(80, "cp.async", site);
  if (bytes < 0 || bytes > size) fault("cp_async: " + std::to_string(bytes) + " bytes", site);
  check_aligned(shared, size, "cp_async", site);
  check_aligned(global, size, "cp_async", site);
  check_shared(shared, size, "cp_async", site);
  check_global(global, bytes, "cp_async", site);
  const SmallCopy copy{shared, global, std::uint32_t(size), std::uint32_t(bytes), site};
  const Completion completion = options().completion;
  if (completion == Completion::eager || (completion == Completion::random && random_bits() % 2)) return perform(copy);
  if (race::enabled) race::write(shared, size, cur, site);
  async_state(*cur).copies.open.push_back(copy);
}

void cp_async_commit() { async_state(*cur).copies.commit(); }

void cp_async_wait(std::size_t pending, bool uncommitted) {
  auto& copies = async_state(*cur).copies;
  while (copies.groups.size() > pending) {
    for (const SmallCopy& copy : copies.groups.front()) perform(copy);
    copies.groups.pop_front();
  }
  if (!uncommitted) return;
  for (const SmallCopy& copy : copies.open) perform(copy);
  copies.open.clear();
}

}  // namespace emu

namespace tilestack::ptx {

std::uint32_t ld_acquire(const std::uint32_t* p, emu::Site site) {
  emu::check_aligned(p, 4, "ld_acquire", site);
  if (emu::race::enabled) emu::race::atomic(p, 4);
  const std::uint32_t value = *p;
  emu::pause("ld_acquire", p, site);
  return value;
}

void st_release(std::uint32_t* p, std::uint32_t value) {
  emu::check_aligned(p, 4, "st_release", emu::Site());
  if (emu::race::enabled) emu::race::atomic(p, 4);
  *p = value;
}

}  // namespace tilestack::ptx
