// Calls every instruction of ptx.h on known data. On a GPU:
//   nvcc -std=c++20 -arch=sm_90a -Icsrc -Itests/emulator tests/emulator/conformance*.cu -o conformance
//   ./conformance tests/emulator/conformance.bin
// writes what the GPU made of it; the emulator's build compares: conformance --compare tests/emulator/conformance.bin.
#include "conformance.h"

namespace tilestack::gpu {
cudaStream_t current_stream() { return nullptr; }
void fail(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(3);
}
}  // namespace tilestack::gpu

int main(int argc, char** argv) {
  using namespace tilestack::conformance;
  run_warp();
  run_hopper();
  run_wgmma();
  if (argc == 2) write_records(argv[1]);
  if (argc == 3 && std::string(argv[1]) == "--compare") return compare_records(argv[2]);
  return 0;
}
