#include "cuda/transpose.cuh"

namespace tilestack::gpu {
namespace {

constexpr std::int64_t kLimit = std::int64_t(1) << 31;
constexpr std::int64_t kLeast = 1024;  // elements of a matrix that is worth tiles

int log_ceil(std::int64_t n) {
  int log = 0;
  while ((std::int64_t(1) << log) < n) ++log;
  return log;
}

}  // namespace

Transposition::Transposition(const MapPlan& plan, int log_tile, std::size_t item) {
  const std::int64_t *along_y = plan.strides[0], *along_x = plan.strides[1];
  int across = -1;
  for (int d = 1; d < plan.dims; ++d)
    if (along_x[d] == 1) across = d;
  if (across < 0 || along_y[0] != 1 || plan.n >= kLimit) return;
  const std::int64_t height = plan.shape[0], width = plan.shape[across];
  if (height * width < kLeast || along_x[0] <= 0 || along_x[0] >= kLimit || along_y[across] >= kLimit) return;

  log_width = log_tile / 2;
  if (log_ceil(width) < log_width) log_width = log_ceil(width);
  log_height = log_tile - log_width;
  if (log_ceil(height) < log_height) {
    log_height = log_ceil(height);
    log_width = log_tile - log_height;
  }
  const int bank = item < 4 ? 4 / int(item) : 1;  // elements of a bank; an odd number of banks, or of pairs, to a row
  pitch = (1 << log_width) < bank ? bank : 1 << log_width;
  if (pitch / bank % 2 == 0) pitch += bank;

  rows = static_cast<int>(height);
  cols = static_cast<int>(width);
  x_row = static_cast<std::int32_t>(along_x[0]);
  y_col = static_cast<std::int32_t>(along_y[across]);
  const std::int64_t tiles_down = ceil_div(height, std::int64_t(1) << log_height),
                     tiles_right = ceil_div(width, std::int64_t(1) << log_width);
  down = FastDiv(tiles_down);
  right = FastDiv(tiles_right);
  tiles = tiles_down * tiles_right;
  for (int d = 1; d < plan.dims; ++d) {
    if (d == across) continue;
    sizes[others] = FastDiv(plan.shape[d]);
    x_strides[others] = along_x[d];
    y_strides[others++] = along_y[d];
    tiles *= plan.shape[d];
  }
  found = tiles < kLimit;
}

}  // namespace tilestack::gpu
