#pragma once
#include <cstdint>

namespace tilestack {

// What a matrix product or convolution may apply to its result. gelu is x Phi(x), gelu_tanh its tanh form
// (Hendrycks and Gimpel, 2016).
enum class Activation : std::uint8_t { none, relu, gelu, gelu_tanh, sigmoid, tanh };

// Backward takes the slope from the result where that suffices, else from what went in.
constexpr bool slope_needs_input(Activation a) { return a == Activation::gelu || a == Activation::gelu_tanh; }

}  // namespace tilestack
