#include <bit>
#include <chrono>

#include "cuda/emulator/emu.h"
#include "cuda/emulator/race.h"

namespace emu {

namespace {

struct ShuffleArgument {
  std::uint64_t value, result;
  int source;  // -1: the lane's own
  Site site;
};

void compute_shuffle(void** lanes, std::uint32_t mask) {
  for (std::uint32_t rest = mask; rest; rest &= rest - 1) {
    auto* own = static_cast<ShuffleArgument*>(lanes[std::countr_zero(rest)]);
    if (own->source < 0) {
      own->result = own->value;
    } else if (mask >> own->source & 1) {
      own->result = static_cast<ShuffleArgument*>(lanes[own->source])->value;
    } else {
      fault("shuffle: lane " + std::to_string(std::countr_zero(rest)) + " reads from lane " +
                std::to_string(own->source) + ", which the mask lacks",
            own->site);
    }
  }
}

struct VoteArgument {
  std::uint64_t value;
  unsigned result;
};

void compute_ballot(void** lanes, std::uint32_t mask) {
  unsigned bits = 0;
  for (std::uint32_t rest = mask; rest; rest &= rest - 1)
    if (static_cast<VoteArgument*>(lanes[std::countr_zero(rest)])->value) bits |= rest & -rest;
  for (std::uint32_t rest = mask; rest; rest &= rest - 1)
    static_cast<VoteArgument*>(lanes[std::countr_zero(rest)])->result = bits;
}

void compute_match(void** lanes, std::uint32_t mask) {
  for (std::uint32_t rest = mask; rest; rest &= rest - 1) {
    auto* own = static_cast<VoteArgument*>(lanes[std::countr_zero(rest)]);
    own->result = 0;
    for (std::uint32_t others = mask; others; others &= others - 1)
      if (static_cast<VoteArgument*>(lanes[std::countr_zero(others)])->value == own->value)
        own->result |= others & -others;
  }
}

struct ReduceArgument {
  std::int64_t value;
  Reduce kind;
};

std::int64_t combine(Reduce kind, std::int64_t a, std::int64_t b) {
  switch (kind) {
    case Reduce::add:
      return a + b;
    case Reduce::min:
      return a < b ? a : b;
    case Reduce::max:
      return a > b ? a : b;
    case Reduce::and_:
      return a & b;
    case Reduce::or_:
      return a | b;
    default:
      return a ^ b;
  }
}

void compute_reduce(void** lanes, std::uint32_t mask) {
  auto* first = static_cast<ReduceArgument*>(lanes[std::countr_zero(mask)]);
  std::int64_t total = first->value;
  for (std::uint32_t rest = mask & (mask - 1); rest; rest &= rest - 1)
    total = combine(first->kind, total, static_cast<ReduceArgument*>(lanes[std::countr_zero(rest)])->value);
  for (std::uint32_t rest = mask; rest; rest &= rest - 1)
    static_cast<ReduceArgument*>(lanes[std::countr_zero(rest)])->value = total;
}

// Threads that spin on atomics must let others run.
void count_atomic() {
  constexpr int kBeforePause = 1024;
  static int count = 0;
  static const Thread* counted = nullptr;
  if (counted != cur) counted = cur, count = 0;
  if (++count % kBeforePause == 0) pause("an atomic", nullptr, Site());
}

template <class T, class F>
T update(T* p, F change) {
  check_aligned(p, sizeof(T), "atomic", Site());
  count_atomic();
  if (race::enabled) race::atomic(p, sizeof(T));
  const T old = *p;
  *p = change(old);
  return old;
}

}  // namespace

std::uint64_t shuffle(Shuffle kind, unsigned mask, std::uint64_t value, int argument, int width, Site site) {
  if (width <= 0 || width > kWarp || (width & (width - 1))) fault("shuffle: width must be a power of two", site);
  const int lane = static_cast<int>(cur->lane()), first = lane & -width, last = first + width - 1;
  int source = lane;
  switch (kind) {
    case Shuffle::index:
      source = first + (argument & (width - 1));
      break;
    case Shuffle::up:
      source = lane - argument < first ? -1 : lane - argument;
      break;
    case Shuffle::down:
      source = lane + argument > last ? -1 : lane + argument;
      break;
    case Shuffle::exclusive_or:
      source = (lane ^ argument) > last ? -1 : lane ^ argument;
      break;
  }
  ShuffleArgument own{value, 0, source, site};
  collective("shuffle", mask, &own, compute_shuffle, true, site);
  return own.result;
}

unsigned vote(Vote kind, unsigned mask, std::uint64_t value, Site site) {
  VoteArgument own{value, 0};
  collective("vote", mask, &own, kind == Vote::ballot ? compute_ballot : compute_match, false, site);
  return own.result;
}

std::int64_t reduce(Reduce kind, unsigned mask, std::int64_t value, Site site) {
  require_arch(80, "__reduce_sync", site);
  ReduceArgument own{value, kind};
  collective("__reduce_sync", mask, &own, compute_reduce, true, site);
  return own.value;
}

}  // namespace emu

namespace {
void compute_nothing(void** lanes, std::uint32_t mask) {
  if (!emu::race::enabled) return;
  std::array<emu::Thread*, emu::kWarp> threads;
  std::size_t count = 0;
  for (; mask; mask &= mask - 1) threads[count++] = static_cast<emu::Thread*>(lanes[std::countr_zero(mask)]);
  emu::race::barrier(threads.data(), count);
}
}  // namespace

void __syncwarp(unsigned mask, emu::Site site) {
  emu::collective("__syncwarp", mask, emu::cur, compute_nothing, false, site);
}

long long clock64() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

#define EMU_ATOMIC(name, expression)                                   \
  template <class T>                                                   \
  T name(T* p, std::type_identity_t<T> value) {                        \
    return emu::update(p, [value](T old) -> T { return expression; }); \
  }
EMU_ATOMIC(atomicAdd, old + value)
EMU_ATOMIC(atomicSub, old - value)
EMU_ATOMIC(atomicExch, (static_cast<void>(old), value))
EMU_ATOMIC(atomicMin, value < old ? value : old)
EMU_ATOMIC(atomicMax, value > old ? value : old)
EMU_ATOMIC(atomicAnd, old& value)
EMU_ATOMIC(atomicOr, old | value)
EMU_ATOMIC(atomicXor, old ^ value)
EMU_ATOMIC(atomicInc, old >= value ? T(0) : T(old + 1))

template <class T>
T atomicCAS(T* p, std::type_identity_t<T> compare, std::type_identity_t<T> value) {
  return emu::update(p, [=](T old) { return old == compare ? value : old; });
}

using ull = unsigned long long;
#define EMU_INSTANCE(name, T) template T name<T>(T*, std::type_identity_t<T>);
#define EMU_INTEGER(T)        \
  EMU_INSTANCE(atomicAdd, T)  \
  EMU_INSTANCE(atomicSub, T)  \
  EMU_INSTANCE(atomicExch, T) \
  EMU_INSTANCE(atomicMin, T)  \
  EMU_INSTANCE(atomicMax, T)  \
  EMU_INSTANCE(atomicAnd, T)  \
  EMU_INSTANCE(atomicOr, T)   \
  EMU_INSTANCE(atomicXor, T)  \
  template T atomicCAS<T>(T*, std::type_identity_t<T>, std::type_identity_t<T>);
EMU_INTEGER(int)
EMU_INTEGER(unsigned)
EMU_INTEGER(ull)
EMU_INSTANCE(atomicInc, unsigned)
EMU_INSTANCE(atomicAdd, float)
EMU_INSTANCE(atomicAdd, double)
EMU_INSTANCE(atomicExch, float)
