#include "core/matmul_precision.h"

#include <atomic>

#include "core/check.h"

namespace tilestack {
namespace {

std::atomic<bool> high = false;

}  // namespace

std::string float32_matmul_precision() { return high ? "high" : "highest"; }

void set_float32_matmul_precision(const std::string& precision) {
  check(precision == "highest" || precision == "high",
        "set_float32_matmul_precision: wanted 'highest' or 'high', got '{}'", precision);
  high = precision == "high";
}

bool allows_tf32() { return high; }

}  // namespace tilestack
