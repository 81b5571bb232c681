#include <bit>
#include <cstring>
#include <limits>
#include <map>

#include "core/dtype.h"
#include "cuda/emulator/async_state.h"
#include "cuda/emulator/scheduler.h"

namespace emu {

namespace {

constexpr std::uint32_t kWarpgroup = 128;
constexpr int kRows = 64, kMaxCols = 256, kMaxDepth = 16;

// Threads of a warpgroup that reached wgmma_wait.
struct Meeting {
  std::array<Thread*, kWarpgroup> threads{};
  std::uint32_t arrived = 0;
  std::size_t pending = 0;
  Site site;
};

std::map<std::pair<int, std::uint32_t>, Meeting>& meetings() {
  static std::map<std::pair<int, std::uint32_t>, Meeting> all;
  return all;
}

// sm_90a: no other architecture has it, later ones neither.
void require_hopper(const char* instruction, Site site) {
  if (options().arch != 90)
    fault(std::string(instruction) + " exists on compute capability 9.0 alone, the device has " +
              std::to_string(options().arch / 10) + "." + std::to_string(options().arch % 10),
          site);
}

int depth_of(const Wgmma& product) { return product.type == Mma::tf32 ? 8 : 16; }

// An operand of `rows` (M or N) by 32 bytes along K, as its descriptor says.
struct Operand {
  std::uint32_t start, leading, stride;
  int width;  // of the swizzle; 16: none
  bool transposed;
  const Block* block;

  Operand(std::uint64_t descriptor, bool transposed, const Block* block) : transposed(transposed), block(block) {
    constexpr int widths[4] = {16, 128, 64, 32};
    start = static_cast<std::uint32_t>(descriptor & 0x3fff) << 4;
    leading = static_cast<std::uint32_t>(descriptor >> 16 & 0x3fff) << 4;
    stride = static_cast<std::uint32_t>(descriptor >> 32 & 0x3fff) << 4;
    width = widths[descriptor >> 62];
  }

  // The 16 bytes of row r (8 rows from r on, if transposed) and chunk c of its depth (line k = c).
  const unsigned char* chunk(int r, int c) const {
    std::uint32_t at = start;
    if (transposed)
      at += r / (width / 2) * leading + c / 8 * stride + c % 8 * width + r % (width / 2) * 2;
    else if (width == 16)
      at += r / 8 * stride + r % 8 * 16 + c * leading;
    else
      at += r / 8 * stride + r % 8 * width + c * 16;
    const std::uint32_t mask = width == 128 ? 7 : width == 64 ? 3 : width == 32 ? 1 : 0;
    return block->shared + (at ^ ((at >> 7 & mask) << 4));
  }

  template <class F>  // f(r, c, 16 bytes)
  void for_each(int rows, F f) const {
    const int chunks = transposed ? 16 : 2, step = transposed ? 8 : 1;
    for (int r = 0; r < rows; r += step)
      for (int c = 0; c < chunks; ++c) f(r, c, chunk(r, c));
  }
};

float number(Mma type, std::uint16_t bits) {
  return type == Mma::bf16 ? tilestack::to_float(tilestack::bfloat16{bits})
                           : tilestack::to_float(tilestack::float16{bits});
}

// store(row, k, value) for each element.
template <class F>
void gather(const Operand& operand, int rows, Mma type, F store) {
  operand.for_each(rows, [&](int r, int c, const unsigned char* bytes) {
    if (type == Mma::tf32) {
      std::uint32_t words[4];
      std::memcpy(words, bytes, 16);
      for (int i = 0; i < 4; ++i) store(r, c * 4 + i, std::bit_cast<float>(words[i] & 0xffffe000u));
    } else {
      std::uint16_t halves[8];
      std::memcpy(halves, bytes, 16);
      for (int i = 0; i < 8; ++i)
        operand.transposed ? store(r + i, c, number(type, halves[i])) : store(r, c * 8 + i, number(type, halves[i]));
    }
  });
}

// A in registers: as mma's A, 16 rows for each warp.
template <class F>
void gather_registers(const Meeting& meeting, const std::vector<const Wgmma*>& own, Mma type, F store) {
  for (std::uint32_t i = 0; i < kWarpgroup; ++i) {
    const std::uint32_t lane = meeting.threads[i]->lane();
    const int row = static_cast<int>(i / kWarp * 16 + lane / 4), t = static_cast<int>(lane % 4);
    for (int j = 0; j < 4; ++j) {
      const std::uint32_t bits = own[i]->registers[j];
      const int r = row + j % 2 * 8;
      if (type == Mma::tf32) {
        store(r, t + j / 2 * 4, std::bit_cast<float>(bits & 0xffffe000u));
      } else {
        for (int h = 0; h < 2; ++h) store(r, 2 * t + h + j / 2 * 8, number(type, std::uint16_t(bits >> 16 * h)));
      }
    }
  }
}

alignas(32) float a_tile[kRows][kMaxDepth], b_tile[kMaxDepth][kMaxCols], d_tile[kRows][kMaxCols];

typedef float Vector __attribute__((vector_size(32), may_alias));

[[gnu::always_inline]] inline void multiply_tiles(int n, int depth) {
  for (int row = 0; row < kRows; ++row)
    for (int col = 0; col < n; col += 8) {
      Vector sum = *reinterpret_cast<Vector*>(&d_tile[row][col]);
      for (int k = 0; k < depth; ++k) sum += a_tile[row][k] * *reinterpret_cast<Vector*>(&b_tile[k][col]);
      *reinterpret_cast<Vector*>(&d_tile[row][col]) = sum;
    }
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) void multiply_avx2(int n, int depth) { multiply_tiles(n, depth); }
void multiply(int n, int depth) {
  static const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  avx2 ? multiply_avx2(n, depth) : multiply_tiles(n, depth);
}
#else
void multiply(int n, int depth) { multiply_tiles(n, depth); }
#endif

Accumulators* find(AsyncState& state, const float* d) {
  for (Accumulators& accumulators : state.accumulators)
    if (accumulators.d == d) return &accumulators;
  return nullptr;
}

// Each thread's part of D, gathered or given back.
template <class F>
void for_each_accumulator(const Meeting& meeting, const std::vector<const Wgmma*>& own, F f) {
  for (std::uint32_t i = 0; i < kWarpgroup; ++i) {
    const std::uint32_t lane = meeting.threads[i]->lane();
    float* values = find(*meeting.threads[i]->async, own[i]->d)->values.data();
    float* rows[2] = {&d_tile[i / kWarp * 16 + lane / 4][lane % 4 * 2], nullptr};
    rows[1] = rows[0] + 8 * kMaxCols;
    for (int j = 0; j < own[i]->n / 8; ++j)
      for (int h = 0; h < 2; ++h)
        for (int e = 0; e < 2; ++e) f(values[4 * j + 2 * h + e], rows[h][8 * j + e]);
  }
}

bool same(const Wgmma& x, const Wgmma& y) {
  return x.type == y.type && x.n == y.n && x.a_transposed == y.a_transposed && x.b_transposed == y.b_transposed &&
         x.accumulate == y.accumulate && x.a_in_registers == y.a_in_registers && x.a == y.a && x.b == y.b &&
         x.site.line() == y.site.line();
}

void execute(const Meeting& meeting, std::size_t group, std::size_t index, bool take_d, bool give_d) {
  std::vector<const Wgmma*> own(kWarpgroup);
  for (std::uint32_t i = 0; i < kWarpgroup; ++i) {
    const auto& products = meeting.threads[i]->async->products.groups[group];
    own[i] = &products[index];
    if (!same(*own[i], *own[0])) fault("wgmma: threads of the warpgroup give different operands", own[i]->site);
  }
  const Wgmma& product = *own[0];
  const Block* block = meeting.threads[0]->block;
  const auto store_a = [](int r, int k, float value) { a_tile[r][k] = value; };
  if (product.a_in_registers)
    gather_registers(meeting, own, product.type, store_a);
  else
    gather(Operand(product.a, product.a_transposed, block), kRows, product.type, store_a);
  gather(Operand(product.b, product.b_transposed, block), product.n, product.type,
         [](int r, int k, float value) { b_tile[k][r] = value; });
  if (!product.accumulate)
    std::memset(d_tile, 0, sizeof d_tile);
  else if (take_d)
    for_each_accumulator(meeting, own, [](float value, float& cell) { cell = value; });
  multiply(product.n, depth_of(product));
  if (give_d) for_each_accumulator(meeting, own, [](float& value, float cell) { value = cell; });
}

void check_operand(const Wgmma& product, const Operand& operand, int rows, race::Stamp stamp) {
  const Block& block = *cur->block;
  const unsigned char* low = block.shared + kDynamicOffset;
  const unsigned char* high = low + launch->shape.shared;
  operand.for_each(rows, [&](int, int, const unsigned char* bytes) {
    if (bytes < low || bytes + 16 > high) fault("wgmma: an operand is out of range of shared memory", product.site);
    // Every warp must have seen the operands; one looks at each byte, the others at one word of each chunk.
    if (race::enabled) race::async_read(bytes, cur->linear % kWarpgroup ? 4 : 16, stamp, product.site);
  });
}

// Accumulators that no product under way needs any more go back to the user's array.
void give_back(AsyncState& state) {
  for (auto at = state.accumulators.begin(); at != state.accumulators.end();) {
    bool used = false;
    for (const auto& group : state.products.groups)
      for (const Wgmma& product : group) used = used || product.d == at->d;
    for (const Wgmma& product : state.products.open) used = used || product.d == at->d;
    if (used) {
      ++at;
      continue;
    }
    std::memcpy(at->d, at->values.data(), at->count * sizeof(float));
    at = state.accumulators.erase(at);
  }
}

void complete(Meeting& meeting) {
  const auto& first = meeting.threads[0]->async->products.groups;
  for (const Thread* thread : meeting.threads) {
    const auto& groups = thread->async->products.groups;
    bool equal = groups.size() == first.size();
    for (std::size_t g = 0; equal && g < groups.size(); ++g) equal = groups[g].size() == first[g].size();
    if (!equal) fault("wgmma_wait: threads of the warpgroup began different numbers of products", meeting.site);
  }
  while (first.size() > meeting.pending) {
    const std::size_t count = first[0].size();
    for (std::size_t i = 0; i < count; ++i) {
      const bool take = i == 0 || first[0][i - 1].d != first[0][i].d;
      const bool give = i + 1 == count || first[0][i + 1].d != first[0][i].d;
      execute(meeting, 0, i, take, give);
    }
    if (race::enabled && count)  // each warp read for itself
      for (std::uint32_t warp = 0; warp < kWarpgroup; warp += kWarp) {
        const race::Stamp last = meeting.threads[warp]->async->products.groups[0].back().stamp;
        for (Thread* thread : meeting.threads) race::join_async(last, thread);
      }
    for (Thread* thread : meeting.threads) thread->async->products.groups.pop_front();
  }
  for (Thread* thread : meeting.threads) give_back(*thread->async);
}

}  // namespace

void wgmma(const Wgmma& given) {
  Wgmma product = given;
  require_hopper("wgmma", product.site);
  const std::uint32_t base = cur->linear / kWarpgroup * kWarpgroup;
  if (base + kWarpgroup > launch->threads) fault("wgmma: the block has no whole warpgroup here", product.site);
  AsyncState& state = async_state(*cur);
  Accumulators* known = find(state, product.d);
  const int count = product.n / 2;
  if (!state.fenced && (!known || product.a_in_registers))
    fault("wgmma: no wgmma_fence before it since registers were last written", product.site);
  if (known && known->count != count) fault("wgmma: its accumulators are in use with another N", product.site);
  if (!known) {
    state.accumulators.push_back({product.d, count, std::vector<float>(product.d, product.d + count)});
    for (int i = 0; i < count; ++i) product.d[i] = std::numeric_limits<float>::quiet_NaN();
  }
  if (race::enabled && cur->lane() == 0) product.stamp = race::begin_async(64 + cur->linear / kWarp);
  if (cur->lane() == 0) {
    if (!product.a_in_registers)
      check_operand(product, Operand(product.a, product.a_transposed, cur->block), kRows, product.stamp);
    check_operand(product, Operand(product.b, product.b_transposed, cur->block), product.n, product.stamp);
  }
  state.products.open.push_back(product);
}

void wgmma_fence(Site site) {
  require_hopper("wgmma", site);
  async_state(*cur).fenced = true;
}

void wgmma_commit(Site site) {
  require_hopper("wgmma", site);
  async_state(*cur).products.commit();
}

void wgmma_wait(std::size_t pending, Site site) {
  AsyncState& state = async_state(*cur);
  state.fenced = false;
  const std::uint32_t group = cur->linear / kWarpgroup;
  Meeting& meeting = meetings()[{cur->block->slot, group}];
  if (meeting.arrived && (meeting.pending != pending || meeting.site.line() != site.line()))
    fault("wgmma_wait: other threads of the warpgroup wait at " + describe(meeting.site), site);
  meeting.pending = pending;
  meeting.site = site;
  meeting.threads[cur->linear % kWarpgroup] = cur;
  if (++meeting.arrived < std::min(kWarpgroup, launch->threads - group * kWarpgroup))
    return wait("wgmma_wait", &meeting, site);
  meeting.arrived = 0;
  if (launch->threads - group * kWarpgroup >= kWarpgroup) complete(meeting);
  for (Thread* thread : meeting.threads)
    if (thread != cur) wake(thread);
}

void wgmma_reset() { meetings().clear(); }

}  // namespace emu
