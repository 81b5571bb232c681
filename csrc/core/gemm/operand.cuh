#pragma once
// Where an operand of a product has its elements, as kernels see it: a matrix of any strides, the windows of an image,
// or their transpose, all in one form.
#include "core/gemm/gemm_cuda.h"
#include "cuda/fast_div.h"

namespace tilestack::cuda {
namespace {

// What a row and a position along the depth add to an element's place: elements, and pixels (modulo 2^32). The element
// is there if the sums of the pixels are inside the image; a matrix is an image of one pixel.
struct alignas(16) Place {
  std::int64_t offset;
  std::uint32_t y, x;
};
constexpr std::uint32_t kOutside = 1u << 31;  // added to a pixel, never inside

// Rows or depth: a stride; the windows, as (image, i, j); or their columns, as (tap row, tap column, channel).
struct Axis {
  std::int64_t size;
  bool strided;
  gpu::FastDiv last, middle;                 // sizes of the two inner indices
  std::int64_t origin, step[3];              // elements; outermost first
  std::uint32_t y, x, step_y[2], step_x[2];  // pixels: of (outermost, middle) and (middle, last)

  template <class Index>
  __device__ __forceinline__ Place at(Index i) const {
    if (strided) return {i * step[0], 0, 0};
    auto rest = static_cast<std::uint32_t>(i);
    const std::uint32_t k = last.split(rest), j = middle.split(rest);
    return {origin + rest * step[0] + j * step[1] + k * step[2], y + rest * step_y[0] + j * step_y[1],
            x + j * step_x[0] + k * step_x[1]};
  }
};

inline Axis strided_axis(std::int64_t size, std::int64_t stride) {
  Axis axis{};
  axis.size = size;
  axis.strided = true;
  axis.step[0] = stride;
  return axis;
}

// Of an empty axis nothing is divided.
inline gpu::FastDiv divisor(std::int64_t size) { return gpu::FastDiv(size > 0 ? size : 1); }

inline Axis windows_axis(const Windows& w, std::int64_t size) {
  Axis axis{};
  axis.size = size;
  axis.last = divisor(w.cols);
  axis.middle = divisor(w.rows);
  axis.origin = w.first_y * w.row_stride + w.first_x * w.pixel_stride;
  axis.step[0] = w.image_stride;
  axis.step[1] = w.step_y * w.row_stride;
  axis.step[2] = w.step_x * w.pixel_stride;
  axis.y = static_cast<std::uint32_t>(w.first_y);
  axis.x = static_cast<std::uint32_t>(w.first_x);
  axis.step_y[1] = static_cast<std::uint32_t>(w.step_y);
  axis.step_x[1] = static_cast<std::uint32_t>(w.step_x);
  return axis;
}

inline Axis taps_axis(const Windows& w, std::int64_t size) {
  Axis axis{};
  axis.size = size;
  axis.last = divisor(w.channels);
  axis.middle = divisor(w.taps_wide);
  axis.step[0] = w.tap_y * w.row_stride;
  axis.step[1] = w.tap_x * w.pixel_stride;
  axis.step[2] = 1;
  axis.step_y[0] = static_cast<std::uint32_t>(w.tap_y);
  axis.step_x[0] = static_cast<std::uint32_t>(w.tap_x);
  return axis;
}

// How loaders walk it: in 16-byte vectors along one of its dimensions, or element by element.
enum class Order : std::uint8_t { depth_vectors, row_vectors, depth, rows };

struct Operand {
  const void* data;
  Axis rows, depth;
  std::uint32_t height, width;  // of the image
  Order order;

  __device__ __forceinline__ bool inside(const Place& row, const Place& depth) const {
    return row.y + depth.y < height && row.x + depth.x < width;
  }
  __device__ __forceinline__ Place row(std::int64_t i) const {
    Place place = rows.at(i < rows.size ? i : 0);
    if (i >= rows.size) place.y += kOutside;
    return place;
  }
  // Position k of a slice that begins at `begin` and has `size` of the depth. Where depth is strided, the loader's data
  // begin there.
  __device__ __forceinline__ Place column(int k, std::uint32_t begin, int size) const {
    const std::uint32_t at = k < size ? k : 0;
    Place place = depth.at(depth.strided ? at : begin + at);
    if (k >= size) place.x += kOutside;
    return place;
  }
  __device__ __forceinline__ std::int64_t slice_offset(std::int64_t begin) const {
    return depth.strided ? begin * depth.step[0] : 0;
  }
};

// Bytes of the vectors that loaders take of elements of this size.
constexpr std::int64_t kVectorBytes = 16;

// All vectors along `dim` (0: rows) are whole and aligned.
inline bool has_vectors(const GemmOperand& x, int dim, std::int64_t rows, std::int64_t depth,
                        const std::int64_t* batch_strides, int batch_dims) {
  const auto item = std::int64_t(size_of(x.dtype)), vector = item == 1 ? 8 : kVectorBytes / item;
  const auto whole = [&](std::int64_t stride) { return stride % vector == 0; };
  if (!gpu::is_aligned(x.data, std::size_t(vector * item))) return false;
  for (int d = 0; d < batch_dims; ++d)
    if (!whole(batch_strides[d])) return false;
  if (!x.windows) {
    const std::int64_t along = dim == 0 ? x.row_stride : x.depth_stride,
                       across = dim == 0 ? x.depth_stride : x.row_stride;
    const std::int64_t size = dim == 0 ? rows : depth, lines = dim == 0 ? depth : rows;
    return (along == 1 || size == 1) && whole(size) && (whole(across) || lines == 1);
  }
  const Windows& w = *x.windows;
  return x.transposed == (dim == 0) && whole(w.channels) && whole(w.pixel_stride) && whole(w.row_stride) &&
         whole(w.image_stride);
}

inline bool in_vectors(const GemmOperand& x, std::int64_t rows, std::int64_t depth, const std::int64_t* batch_strides,
                       int batch_dims) {
  return has_vectors(x, 0, rows, depth, batch_strides, batch_dims) ||
         has_vectors(x, 1, rows, depth, batch_strides, batch_dims);
}

inline Order order_of(const GemmOperand& x, std::int64_t rows, std::int64_t depth, const std::int64_t* batch_strides,
                      int batch_dims) {
  if (has_vectors(x, 1, rows, depth, batch_strides, batch_dims)) return Order::depth_vectors;
  if (has_vectors(x, 0, rows, depth, batch_strides, batch_dims)) return Order::row_vectors;
  if (!x.windows) return x.row_stride == 1 && x.depth_stride != 1 ? Order::rows : Order::depth;
  // Neighbouring windows of few channels are closer together than the columns of one window.
  const bool across = x.windows->channels < 16;
  return x.transposed == across ? Order::depth : Order::rows;
}

inline Operand operand_of(const GemmOperand& x, std::int64_t rows, std::int64_t depth,
                          const std::int64_t* batch_strides, int batch_dims) {
  Operand operand{};
  operand.data = x.data;
  operand.order = order_of(x, rows, depth, batch_strides, batch_dims);
  if (x.windows) {
    const Windows& w = *x.windows;
    if ((x.transposed ? depth : rows) >= std::int64_t(1) << 31)
      gpu::fail("a convolution is limited to 2^31 pixels of a result; use smaller batches");
    operand.rows = x.transposed ? taps_axis(w, rows) : windows_axis(w, rows);
    operand.depth = x.transposed ? windows_axis(w, depth) : taps_axis(w, depth);
    operand.height = static_cast<std::uint32_t>(w.height);
    operand.width = static_cast<std::uint32_t>(w.width);
  } else {
    operand.rows = strided_axis(rows, x.row_stride);
    operand.depth = strided_axis(depth, x.depth_stride);
    operand.height = operand.width = 1;
  }
  return operand;
}

}  // namespace
}  // namespace tilestack::cuda
