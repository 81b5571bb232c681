#include "bind/bind.h"
#include "core/allocator.h"
#include "core/isa.h"
#include "core/matmul_precision.h"
#include "core/pool.h"

namespace tilestack {

extern "C" {
// Looked up by threadpoolctl.
[[gnu::visibility("default")]] int tilestack_get_num_threads() { return num_threads(); }
[[gnu::visibility("default")]] void tilestack_set_num_threads(int n) { set_num_threads(n > 0 ? n : 1); }
}

void bind_runtime(Bindings& b) {
  b.function("get_num_threads", &num_threads, "Threads that work on one op, the caller included.");
  b.function("set_num_threads", &set_num_threads, "Sets how many threads work on one op. Results do not depend on it.",
             py::arg("n"));
  b.function("available_cpus", &available_cpus, "Processors that affinity and cgroup quota leave to this process.");
  b.function("num_threads_reason", &num_threads_reason, "Why the default number of threads is what it is.");
  b.function("get_float32_matmul_precision", &float32_matmul_precision,
             "How exact products of float32 are, see set_float32_matmul_precision.");
  b.function(
      "set_float32_matmul_precision", &set_float32_matmul_precision,
      "'highest', the default: matrix products and convolutions of float32 multiply it as it is. 'high': on GPUs "
      "they may round what they multiply to tf32, 10 bits of mantissa, and add in float32; several times as "
      "fast. CPUs do not round.",
      py::arg("precision"));
  b.function("isas", &available_isas, "Instruction sets that this build has and this processor runs, least first.");
  b.function("isa", &current_isa, "The instruction set in use.");
  b.function("set_isa", &set_isa, "Switches the instruction set, for tests and benchmarks.", py::arg("name"));
  b.function("set_poison", &set_poison, "Fills new memory with 0xff bytes, for tests.", py::arg("on"));
  b.function(
      "memory_stats",
      [] {
        const MemoryStats stats = memory_stats();
        py::dict out;
        out["allocated_bytes"] = stats.allocated;
        out["peak_bytes"] = stats.peak;
        out["reserved_bytes"] = stats.reserved;
        out["allocations"] = stats.allocations;
        out["system_allocations"] = stats.system_calls;
        return out;
      },
      "CPU memory of tensors, in bytes: allocated_bytes (in use), peak_bytes (the most that was, see "
      "reset_peak_memory), reserved_bytes (held from the system, cached blocks included); and counts of allocations "
      "and of those that had to ask the system.");
  b.function("reset_peak_memory", &reset_peak_memory, "Starts peak_bytes again from what is in use now.");
  b.function("empty_cache", &empty_cache, "Gives cached blocks of memory back to the system.");
}

}  // namespace tilestack
