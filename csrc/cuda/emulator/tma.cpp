#include <cstring>

#include "core/dtype.h"
#include "cuda/emulator/async_state.h"
#include "cuda/emulator/fiber.h"

namespace emu {

namespace {

constexpr std::uint64_t kMagic = 0x74656e736f726d70ull;

// What a tensor map's 128 bytes hold here.
struct Decoded {
  std::uint64_t magic;
  const char* base;
  std::uint64_t strides[4];  // bytes
  std::uint32_t sizes[5];
  std::uint16_t box[5];
  std::uint8_t rank, element, swizzle, is_float;
  // Of im2col; 0 pixels otherwise.
  std::uint16_t pixels;
  std::int16_t first[2], last[2];
  std::uint8_t step[2];
};
static_assert(sizeof(Decoded) <= 128);

const Decoded& decode(const void* map, int rank, const char* what, Site site) {
  check_aligned(map, 64, what, site);
  const auto& tensor = *static_cast<const Decoded*>(map);
  if (tensor.magic != kMagic) fault(std::string(what) + ": this is no tensor map", site);
  if (rank && tensor.rank != rank)
    fault(std::string(what) + ": " + std::to_string(rank) + " coordinates for a tensor map of " +
              std::to_string(int(tensor.rank)) + " dimensions",
          site);
  return tensor;
}

int box_bytes(const Decoded& tensor) {
  int bytes = tensor.element;
  if (tensor.pixels) return bytes * tensor.box[0] * tensor.pixels;
  for (int i = 0; i < tensor.rank; ++i) bytes *= tensor.box[i];
  return bytes;
}

// Which chunk of 16 bytes holds what belongs to `address` in a swizzled tile.
char* swizzled(char* address, int swizzle) {
  auto bits = reinterpret_cast<std::uintptr_t>(address);
  const unsigned mask = swizzle == 3 ? 7 : swizzle == 2 ? 3 : swizzle == 1 ? 1 : 0;
  bits ^= ((bits >> 7) & mask) << 4;
  return reinterpret_cast<char*>(bits);
}

// Calls f(tile row's address in memory, or null outside; first and last + 1 valid element; offset in the tile).
template <class F>
void for_each_row(const Decoded& tensor, const int* at, F f) {
  const std::int64_t width = tensor.box[0], size0 = tensor.sizes[0];
  const std::int64_t first = at[0] < 0 ? (-std::int64_t(at[0]) < width ? -std::int64_t(at[0]) : width) : 0;
  std::int64_t last = size0 - at[0] < width ? size0 - at[0] : width;
  if (last < first) last = first;
  int index[5] = {};
  for (std::size_t row = 0;; ++row) {
    const char* address = tensor.base + std::int64_t(at[0]) * tensor.element;
    bool inside = last > first;
    for (int i = 1; i < tensor.rank; ++i) {
      const std::int64_t position = std::int64_t(at[i]) + index[i];
      inside = inside && position >= 0 && position < tensor.sizes[i];
      address += position * std::int64_t(tensor.strides[i - 1]);
    }
    f(inside ? address : nullptr, first, last, row * width * tensor.element);
    int i = 1;
    while (i < tensor.rank && ++index[i] == tensor.box[i]) index[i++] = 0;
    if (i >= tensor.rank) return;
  }
}

void load_box(const Decoded& tensor, const int* at, char* tile) {
  const int width = tensor.box[0] * tensor.element;
  alignas(16) char row[256 * 8];
  for_each_row(tensor, at, [&](const char* from, std::int64_t first, std::int64_t last, std::size_t offset) {
    std::memset(row, 0, width);
    if (from) std::memcpy(row + first * tensor.element, from + first * tensor.element, (last - first) * tensor.element);
    for (int chunk = 0; chunk < width; chunk += 16)
      std::memcpy(swizzled(tile + offset + chunk, tensor.swizzle), row + chunk, 16);
  });
}

// The tile is (pixels, channels). Places outside of the image are zeros, as are channels beyond the last.
void load_im2col(const Decoded& tensor, const int* at, int pixel_w, int pixel_h, char* tile) {
  const int width = tensor.box[0] * tensor.element;
  std::int64_t w = at[1], h = at[2], n = at[3];
  alignas(16) char row[256 * 8];
  for (int pixel = 0; pixel < tensor.pixels; ++pixel) {
    const std::int64_t x = w + pixel_w, y = h + pixel_h;
    std::memset(row, 0, width);
    if (x >= 0 && x < tensor.sizes[1] && y >= 0 && y < tensor.sizes[2] && n >= 0 && n < tensor.sizes[3])
      for (int c = 0; c < tensor.box[0]; ++c)
        if (at[0] + c >= 0 && std::uint32_t(at[0] + c) < tensor.sizes[0])
          std::memcpy(row + c * tensor.element,
                      tensor.base + (at[0] + c) * tensor.element + x * std::int64_t(tensor.strides[0]) +
                          y * std::int64_t(tensor.strides[1]) + n * std::int64_t(tensor.strides[2]),
                      tensor.element);
    for (int chunk = 0; chunk < width; chunk += 16)
      std::memcpy(swizzled(tile + pixel * width + chunk, tensor.swizzle), row + chunk, 16);
    if ((w += tensor.step[0]) <= std::int64_t(tensor.sizes[1]) - 1 + tensor.last[0]) continue;
    w = tensor.first[0];
    if ((h += tensor.step[1]) <= std::int64_t(tensor.sizes[2]) - 1 + tensor.last[1]) continue;
    h = tensor.first[1];
    ++n;
  }
}

template <class T>
void add(char* to, const char* from, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    T a, b;
    std::memcpy(&a, to + i * sizeof(T), sizeof(T));
    std::memcpy(&b, from + i * sizeof(T), sizeof(T));
    a += b;
    std::memcpy(to + i * sizeof(T), &a, sizeof(T));
  }
}

void store_box(const Decoded& tensor, const int* at, char* tile, bool reduce) {
  const int width = tensor.box[0] * tensor.element;
  alignas(16) char row[256 * 8];
  for_each_row(tensor, at, [&](const char* target, std::int64_t first, std::int64_t last, std::size_t offset) {
    for (int chunk = 0; chunk < width; chunk += 16)
      std::memcpy(row + chunk, swizzled(tile + offset + chunk, tensor.swizzle), 16);
    if (!target) return;
    char* to = const_cast<char*>(target) + first * tensor.element;
    const char* from = row + first * tensor.element;
    if (!reduce)
      std::memcpy(to, from, (last - first) * tensor.element);
    else if (tensor.is_float)
      add<float>(to, from, last - first);
    else
      add<std::int32_t>(to, from, last - first);
    if (race::enabled && !reduce) race::write(to, (last - first) * tensor.element);
  });
}

void check_tile(const void* shared, const Decoded& tensor, const char* what, Site site) {
  check_aligned(shared, 128, what, site);
  check_shared(shared, box_bytes(tensor), what, site);
}

// Loads to the same barrier share an agent of the race detector.
std::uint32_t agent_of(const std::uint64_t* bar) { return reinterpret_cast<std::uintptr_t>(bar) / 8 % 32; }

}  // namespace

std::string encode_tensor_map(void* map, int element, bool is_float, const void* base, int rank,
                              const std::uint64_t* sizes, const std::uint64_t* strides, const std::uint32_t* box,
                              int swizzle) {
  Decoded tensor{};
  tensor.magic = kMagic;
  tensor.base = static_cast<const char*>(base);
  tensor.rank = static_cast<std::uint8_t>(rank);
  tensor.element = static_cast<std::uint8_t>(element);
  tensor.swizzle = static_cast<std::uint8_t>(swizzle);
  tensor.is_float = is_float;
  if (reinterpret_cast<std::uintptr_t>(base) % 16) return "the base is not a multiple of 16";
  std::uint64_t bytes = element;
  for (int i = 0; i < rank; ++i) {
    if (sizes[i] < 1 || sizes[i] > 0xffffffffull) return "size " + std::to_string(sizes[i]);
    if (box[i] < 1 || box[i] > 256) return "a box of " + std::to_string(box[i]);
    tensor.sizes[i] = static_cast<std::uint32_t>(sizes[i]);
    tensor.box[i] = static_cast<std::uint16_t>(box[i]);
    if (i == 0) {
      bytes *= sizes[0];
      continue;
    }
    if (strides[i - 1] % 16 || strides[i - 1] >= 1ull << 40)
      return "stride " + std::to_string(strides[i - 1]) + " is not a multiple of 16 bytes";
    tensor.strides[i - 1] = strides[i - 1];
    bytes += (sizes[i] - 1) * strides[i - 1];
  }
  const int width = static_cast<int>(box[0]) * element, spans[4] = {1 << 30, 32, 64, 128};
  if (width % 16) return "the box's rows are not a multiple of 16 bytes";
  if (width > spans[swizzle]) return "the box's rows of " + std::to_string(width) + " bytes exceed the swizzle";
  if (!device_owns(base, bytes)) return "the tensor is not within device memory";
  std::memset(map, 0, 128);
  std::memcpy(map, &tensor, sizeof tensor);
  return "";
}

std::string encode_im2col(void* map, int element, const void* base, const std::uint64_t* sizes,
                          const std::uint64_t* strides, const int* first, const int* last, const int* step,
                          int channels, int pixels, int swizzle) {
  if (channels < 1 || channels > 256 || pixels < 1 || pixels > 1024)
    return std::to_string(channels) + " channels of " + std::to_string(pixels) + " pixels";
  const std::uint32_t box[4] = {static_cast<std::uint32_t>(channels), 1, 1, 1};
  if (const std::string error = encode_tensor_map(map, element, false, base, 4, sizes, strides, box, swizzle);
      !error.empty())
    return error;
  auto& tensor = *static_cast<Decoded*>(map);
  tensor.pixels = static_cast<std::uint16_t>(pixels);
  for (int i = 0; i < 2; ++i) {
    if (first[i] < -128 || first[i] > 127 || last[i] < -128 || last[i] > 127 || step[i] < 1 || step[i] > 8)
      return "a corner beyond -128..127 or a step beyond 1..8";
    tensor.first[i] = static_cast<std::int16_t>(first[i]);
    tensor.last[i] = static_cast<std::int16_t>(last[i]);
    tensor.step[i] = static_cast<std::uint8_t>(step[i]);
  }
  return "";
}

void check_tensor_map(const void* map, int rank, const char* what, Site site) {
  require_arch(90, what, site);
  decode(map, rank, what, site);
}

void tma_load(void* shared, const void* map, std::uint64_t* bar, const int* at, int rank, int multicast, Site site) {
  const char* what = multicast < 0 ? "tma_load" : "tma_load_multicast";
  require_arch(90, what, site);
  const Decoded tensor = decode(map, rank, what, site);
  if (tensor.pixels) fault(std::string(what) + ": the map is by tensor_map_im2col", site);
  check_tile(shared, tensor, what, site);
  if (block_of_shared(shared) != cur->block) fault(std::string(what) + ": the tile is another block's", site);
  std::array<int, 5> place{};
  std::copy_n(at, rank, place.begin());
  if (multicast >= 0 && (multicast == 0 || multicast >> launch->shape.cluster))
    fault("tma_load_multicast: mask " + std::to_string(multicast) + " in a cluster of " +
              std::to_string(launch->shape.cluster),
          site);
  for (int target = 0; target < launch->shape.cluster; ++target) {
    if (multicast < 0 ? target != cur->block->rank : !(multicast >> target & 1)) continue;
    auto* tile = static_cast<char*>(const_cast<void*>(cluster_map(shared, target, site)));
    auto* on = static_cast<std::uint64_t*>(const_cast<void*>(cluster_map(bar, target, site)));
    check_async_barrier(on, what, site);
    Load load{on, box_bytes(tensor), block_of_shared(tile), {}, {}, site};
    if (race::enabled) {
      load.stamp = race::begin_async(agent_of(on));
      race::async_write(tile, load.bytes, load.stamp, site);
    }
    load.run = [tensor, place, tile] { load_box(tensor, place.data(), tile); };
    issue_load(std::move(load));
  }
}

void tma_load_im2col(void* shared, const void* map, std::uint64_t* bar, const int* at, int pixel_w, int pixel_h,
                     Site site) {
  require_arch(90, "tma_load_im2col", site);
  const Decoded tensor = decode(map, 4, "tma_load_im2col", site);
  if (!tensor.pixels) fault("tma_load_im2col: the map is not by tensor_map_im2col", site);
  check_tile(shared, tensor, "tma_load_im2col", site);
  if (block_of_shared(shared) != cur->block) fault("tma_load_im2col: the tile is another block's", site);
  check_async_barrier(bar, "tma_load_im2col", site);
  std::array<int, 4> place;
  std::copy_n(at, 4, place.begin());
  auto* tile = static_cast<char*>(shared);
  Load load{bar, box_bytes(tensor), cur->block, {}, {}, site};
  if (race::enabled) {
    load.stamp = race::begin_async(agent_of(bar));
    race::async_write(tile, load.bytes, load.stamp, site);
  }
  load.run = [=] { load_im2col(tensor, place.data(), pixel_w, pixel_h, tile); };
  issue_load(std::move(load));
}

namespace {

void issue_store(std::function<void()> run, const void* shared, int bytes, Site site) {
  Store store{std::move(run), {}, site};
  if (race::enabled) {
    store.stamp = race::begin_async(32 + cur->linear / kWarp);
    race::async_read(shared, bytes, store.stamp, site);
  }
  const Completion completion = options().completion;
  if (completion == Completion::eager || (completion == Completion::random && random_bits() % 2)) {
    store.run();
    store.run = [] {};
  }
  async_state(*cur).stores.open.push_back(std::move(store));
}

}  // namespace

void tma_store(const void* map, const void* shared, const int* at, int rank, bool reduce, Site site) {
  const char* what = reduce ? "tma_reduce_add" : "tma_store";
  require_arch(90, what, site);
  const Decoded tensor = decode(map, rank, what, site);
  if (tensor.pixels) fault(std::string(what) + ": the map is by tensor_map_im2col", site);
  check_tile(shared, tensor, what, site);
  if (reduce && tensor.element != 4) fault("tma_reduce_add: float and int32 only", site);
  std::array<int, 5> place{};
  std::copy_n(at, rank, place.begin());
  auto* tile = static_cast<char*>(const_cast<void*>(shared));
  issue_store([=] { store_box(tensor, place.data(), tile, reduce); }, shared, box_bytes(tensor), site);
}

void bulk_load(void* shared, const void* global, int bytes, std::uint64_t* bar, Site site) {
  require_arch(90, "bulk_load", site);
  check_aligned(shared, 16, "bulk_load", site);
  check_aligned(global, 16, "bulk_load", site);
  if (bytes <= 0 || bytes % 16) fault("bulk_load: " + std::to_string(bytes) + " bytes", site);
  check_shared(shared, bytes, "bulk_load", site);
  check_global(global, bytes, "bulk_load", site);
  check_async_barrier(bar, "bulk_load", site);
  Load load{bar, bytes, block_of_shared(shared), [=] { std::memcpy(shared, global, bytes); }, {}, site};
  if (race::enabled) {
    load.stamp = race::begin_async(agent_of(bar));
    race::async_write(shared, bytes, load.stamp, site);
  }
  issue_load(std::move(load));
}

void bulk_store(void* global, const void* shared, int bytes, Site site) {
  require_arch(90, "bulk_store", site);
  check_aligned(shared, 16, "bulk_store", site);
  check_aligned(global, 16, "bulk_store", site);
  if (bytes <= 0 || bytes % 16) fault("bulk_store: " + std::to_string(bytes) + " bytes", site);
  check_shared(shared, bytes, "bulk_store", site);
  check_global(global, bytes, "bulk_store", site);
  issue_store(
      [=] {
        if (race::enabled) race::write(global, bytes);
        std::memcpy(global, shared, bytes);
      },
      shared, bytes, site);
}

void bulk_commit() { async_state(*cur).stores.commit(); }

void bulk_wait(std::size_t pending, bool) {
  auto& stores = async_state(*cur).stores;
  while (stores.groups.size() > pending) {
    for (Store& store : stores.groups.front()) {
      store.run();
      if (race::enabled) race::join_async(store.stamp);
    }
    stores.groups.pop_front();
  }
}

}  // namespace emu
