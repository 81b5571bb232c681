#pragma once
#include <string>

namespace tilestack {

// How exact products of float32 are, by torch's names. "highest": in float32. "high": GPUs may round the operands to
// tf32, 10 bits of mantissa, and sum in float32.
std::string float32_matmul_precision();
void set_float32_matmul_precision(const std::string& precision);  // ValueError for other words
bool allows_tf32();

}  // namespace tilestack
