#pragma once
#include <cstdint>
#include <string>

namespace tilestack {

// What a matrix product or convolution may apply to its result. gelu is x Phi(x), gelu_tanh its tanh form
// (Hendrycks and Gimpel, 2016).
enum class Activation : std::uint8_t { none, relu, gelu, gelu_tanh, sigmoid, tanh };

Activation activation_of(const char* op, const std::string& name);  // ValueError that names the op

// The slope follows from what went in; for the others from the result.
constexpr bool slope_needs_input(Activation a) { return a == Activation::gelu || a == Activation::gelu_tanh; }

}  // namespace tilestack
