#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace tilestack {

class Tensor;
struct Scalar;

// x with pad[0] elements before and pad[1] after its last dimension, pad[2] and pad[3] around the one before, and so
// on. mode: constant (value; negative pads cut), reflect (without the edge), replicate (the edge) or circular. By the
// kernels of copy and index.
Tensor pad(const Tensor& x, const std::vector<std::int64_t>& pad, const std::string& mode, const Scalar& value);

}  // namespace tilestack
