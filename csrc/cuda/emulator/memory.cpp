#include <cstdlib>
#include <cstring>
#include <map>

#include "cuda/emulator/race.h"
#include "cuda/emulator/scheduler.h"

namespace emu {

namespace {

constexpr std::size_t kAlign = 512, kPage = 4096;

struct Allocation {
  std::size_t bytes;
  int device;
};

std::map<std::uintptr_t, Allocation>& allocations() {
  static std::map<std::uintptr_t, Allocation> all;
  return all;
}

std::uintptr_t address_of(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }

}  // namespace

void* device_allocate(std::size_t bytes, int device) {
  // In the AddressSanitizer build this is its own allocator, which adds red zones.
  void* p = nullptr;
  // The race detector wants whole pages.
  const std::size_t size = race::enabled ? (bytes + kPage - 1) / kPage * kPage : bytes;
  if (posix_memalign(&p, race::enabled ? kPage : kAlign, size ? size : 1)) return nullptr;
  std::memset(p, 0xff, bytes);
  allocations()[address_of(p)] = {bytes, device};
  return p;
}

bool device_free(void* p) {
  const auto found = allocations().find(address_of(p));
  if (found == allocations().end()) return false;
  mark_used(p, found->second.bytes);
  allocations().erase(found);
  std::free(p);
  return true;
}

bool device_owns(const void* p, std::size_t bytes) {
  auto found = allocations().upper_bound(address_of(p));
  if (found == allocations().begin()) return false;
  --found;
  return address_of(p) + bytes <= found->first + found->second.bytes;
}

int device_of(const void* p) {
  auto found = allocations().upper_bound(address_of(p));
  if (found == allocations().begin()) return -1;
  --found;
  return address_of(p) < found->first + found->second.bytes ? found->second.device : -1;
}

void mark_unused(void* p, std::size_t bytes) {
  mark_used(p, bytes);
  std::memset(p, 0xff, bytes);
#if EMU_ASAN
  __asan_poison_memory_region(p, bytes);
#endif
}

void mark_used([[maybe_unused]] void* p, [[maybe_unused]] std::size_t bytes) {
#if EMU_ASAN
  __asan_unpoison_memory_region(p, bytes);
#endif
}

void check_global(const void* p, std::size_t bytes, const char* what, Site site) {
  if (bytes && !device_owns(p, bytes)) fault(std::string(what) + ": out of range of device memory", site);
}

void check_shared(const void* p, std::size_t bytes, const char* what, Site site) {
  const Block* block = block_of_shared(p);
  if (!block || block->group != cur->block->group)
    fault(std::string(what) + ": the address is not in shared memory", site);
  const std::size_t at = static_cast<const unsigned char*>(p) - block->shared;
  const std::size_t dynamic_end = kDynamicOffset + launch->shape.shared;
  const bool dynamic = at >= kDynamicOffset && at + bytes <= dynamic_end;
  if (!dynamic && (at < dynamic_end || at + bytes > dynamic_end + launch->static_shared + 512))
    fault(std::string(what) + ": out of range of the block's shared memory", site);
}

void check_aligned(const void* p, std::size_t align, const char* what, Site site) {
  if (address_of(p) % align)
    fault(std::string(what) + ": the address is not a multiple of " + std::to_string(align), site);
}

}  // namespace emu

extern "C" {
// What -fsanitize=bounds calls; the record begins with file, line and column.
struct EmuBoundsRecord {
  const char* file;
  std::uint32_t line, column;
};
void __ubsan_handle_out_of_bounds(EmuBoundsRecord* record, std::uintptr_t index) {
  const char* slash = std::strrchr(record->file, '/');
  const std::string message = "index " + std::to_string(static_cast<long long>(index)) + " out of bounds at " +
                              (slash ? slash + 1 : record->file) + ":" + std::to_string(record->line);
  if (emu::cur) emu::fault(message, emu::Site());
  std::fprintf(stderr, "%s\n", message.c_str());
  std::abort();
}
void __ubsan_handle_out_of_bounds_abort(EmuBoundsRecord* record, std::uintptr_t index) {
  __ubsan_handle_out_of_bounds(record, index);
}
}
