#include "bind/bind.h"
#include "ops/adaptive_avg_pool2d/adaptive_avg_pool2d.h"
#include "ops/adaptive_max_pool2d/adaptive_max_pool2d.h"
#include "ops/avg_pool2d/avg_pool2d.h"
#include "ops/interpolate/interpolate.h"
#include "ops/max_pool2d/max_pool2d.h"

namespace tilestack {
namespace {

// None keeps the input's size.
Dims output_size_of(const py::object& size) {
  if (size.is_none()) return {-1};
  if (!py::isinstance<py::tuple>(size) && !py::isinstance<py::list>(size)) return size.cast<Dims>();
  Dims sizes;
  for (py::handle item : size.cast<py::sequence>()) sizes.push_back(item.is_none() ? -1 : item.cast<std::int64_t>());
  return sizes;
}

}  // namespace

void bind_pooling(Bindings& b) {
  const py::arg input = py::arg("input").none(false);
  const py::arg kernel_size = py::arg("kernel_size"), output_size = py::arg("output_size");
  const py::arg_v stride = py::arg("stride") = py::none(), padding = py::arg("padding") = 0,
                  ceil_mode = py::arg("ceil_mode") = false;
  b.function(
      "max_pool2d",
      [](const Tensor& x, const Dims& kernel_size, const std::optional<Dims>& stride, const Dims& padding,
         const Dims& dilation, bool ceil_mode, bool return_indices) -> py::object {
        const Dims steps = stride.value_or(Dims{});
        if (!return_indices) return py::cast(max_pool2d(x, kernel_size, steps, padding, dilation, ceil_mode));
        return py::cast(max_pool2d_with_indices(x, kernel_size, steps, padding, dilation, ceil_mode));
      },
      "The largest value of each window; NaN if there is one.\n\n"
      "input: (batch, channels, height, width) or (channels, height, width) float; the result is channels-last\n"
      "in memory. Sizes are one number or (height, width); stride None: kernel_size. padding, at most half of the\n"
      "kernel, never wins. ceil_mode rounds the size up: a last window may reach beyond the padding. The first\n"
      "of equal values gets the gradient. return_indices: (values, int64 positions row * width + column).\n"
      "ValueError if the kernel doesn't fit.",
      input, kernel_size, stride, padding, py::arg("dilation") = 1, ceil_mode, py::arg("return_indices") = false);
  b.function(
      "avg_pool2d",
      [](const Tensor& x, const Dims& kernel_size, const std::optional<Dims>& stride, const Dims& padding,
         bool ceil_mode, bool count_include_pad, std::optional<std::int64_t> divisor_override) {
        return avg_pool2d(x, kernel_size, stride.value_or(Dims{}), padding, ceil_mode, count_include_pad,
                          divisor_override);
      },
      "The mean of each window.\n\n"
      "input: (batch, channels, height, width) or (channels, height, width) float; the result is channels-last\n"
      "in memory. Sizes are one number or (height, width); stride None: kernel_size. The divisor is\n"
      "divisor_override, or the window's positions, those in the padding only with count_include_pad.\n"
      "ValueError if the kernel doesn't fit.",
      input, kernel_size, stride, padding, ceil_mode, py::arg("count_include_pad") = true,
      py::arg("divisor_override") = py::none());
  b.function(
      "adaptive_avg_pool2d",
      [](const Tensor& x, const py::object& size) { return adaptive_avg_pool2d(x, output_size_of(size)); },
      "The mean of output_size windows that cover the image: window i goes from floor(i in / out) to\n"
      "ceil((i + 1) in / out).\n\n"
      "input: (batch, channels, height, width) or (channels, height, width) float. output_size: one number or\n"
      "(height, width), None keeps a size.",
      input, output_size);
  b.function(
      "adaptive_max_pool2d",
      [](const Tensor& x, const py::object& size, bool return_indices) -> py::object {
        if (!return_indices) return py::cast(adaptive_max_pool2d(x, output_size_of(size)));
        return py::cast(adaptive_max_pool2d_with_indices(x, output_size_of(size)));
      },
      "The largest value of output_size windows that cover the image, as in adaptive_avg_pool2d.\n\n"
      "input: (batch, channels, height, width) or (channels, height, width) float. output_size: one number or\n"
      "(height, width), None keeps a size. return_indices: (values, int64 positions row * width + column).",
      input, output_size, py::arg("return_indices") = false);
  b.function(
      "interpolate",
      [](const Tensor& x, const std::optional<Dims>& size,
         const std::optional<std::variant<double, std::vector<double>>>& scale_factor, const std::string& mode,
         std::optional<bool> align_corners, std::optional<bool> recompute_scale_factor, bool antialias) {
        std::optional<std::vector<double>> factors;
        if (scale_factor) {
          const auto* one = std::get_if<double>(&*scale_factor);
          factors = one ? std::vector<double>{*one} : std::get<std::vector<double>>(*scale_factor);
        }
        return interpolate(x, size, factors, mode, align_corners, recompute_scale_factor, antialias);
      },
      "Images at another size.\n\n"
      "input: (batch, channels, length), (batch, channels, height, width) or (batch, channels, depth, height, width)\n"
      "float. size: one number or one for each of these dimensions; or scale_factor, the same, with sizes rounded "
      "down.\n"
      "mode: nearest, nearest-exact, area (the mean, as adaptive_avg_pool2d); linear for a length, bilinear or "
      "bicubic\n"
      "for images, trilinear for volumes. align_corners: the outermost pixels' centres coincide, else their edges.\n"
      "recompute_scale_factor: places follow from the rounded sizes. ValueError for antialias.",
      input, py::arg("size") = py::none(), py::arg("scale_factor") = py::none(), py::arg("mode") = "nearest",
      py::arg("align_corners") = py::none(), py::arg("recompute_scale_factor") = py::none(),
      py::arg("antialias") = false);
}

}  // namespace tilestack
