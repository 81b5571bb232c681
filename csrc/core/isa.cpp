#include "core/isa.h"

#include <cstdlib>
#include <string_view>

#include "core/check.h"
#include "core/kernels.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace tilestack {

int active_isa = 0;

#if defined(__x86_64__)
extern const bool has_bfloat16_dot = (__builtin_cpu_init(), __builtin_cpu_supports("avx512bf16") != 0);
extern const bool has_int8_dot = (__builtin_cpu_init(), __builtin_cpu_supports("avx512vnni") != 0);
#else
extern const bool has_bfloat16_dot = false;
extern const bool has_int8_dot = false;
#endif

namespace {

#define TILESTACK_ISA_NAME(isa, ...) #isa,
constexpr const char* kNames[] = {TILESTACK_FOR_EACH_ISA(TILESTACK_ISA_NAME, )};
constexpr int kCount = int(sizeof kNames / sizeof *kNames);

#if defined(__x86_64__)
bool has_f16c() {  // clang 14 does not know it by name
  unsigned a, b, c = 0, d;
  return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
}
#endif

bool runs_here([[maybe_unused]] std::string_view isa) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (isa == "baseline") return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
  if (isa == "avx2")
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2") &&
           has_f16c();
  return runs_here("avx2") && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
  return true;
#endif
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace

std::vector<std::string> available_isas() {
  std::vector<std::string> names;
  for (int i = 0; i < kCount; ++i)
    if (runs_here(kNames[i])) names.emplace_back(kNames[i]);
  return names;
}

std::string current_isa() { return kNames[active_isa]; }

void set_isa(const std::string& name) {
  for (int i = 0; i < kCount; ++i) {
    if (name != kNames[i]) continue;
    check<RuntimeError>(runs_here(name), "TILESTACK_ISA: this processor can't run {}; it runs: {}", name,
                        joined(available_isas()));
    active_isa = i;
    return;
  }
  check(false, "TILESTACK_ISA: unknown instruction set '{}'; this build has: {}", name,
        joined({kNames, kNames + kCount}));
}

void choose_isa() {
  if (const char* wanted = std::getenv("TILESTACK_ISA"); wanted && *wanted) return set_isa(wanted);
  const std::vector<std::string> names = available_isas();
  check<RuntimeError>(!names.empty(), "tilestack: this processor runs none of the instruction sets of this build: {}",
                      joined({kNames, kNames + kCount}));
  set_isa(names.back());
}

}  // namespace tilestack
