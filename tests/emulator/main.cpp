// --list prints each test and what is expected of it in this build; NAME [--seed N...] runs one, --all all.
#include <chrono>
#include <cstdlib>

#include "harness.h"

#ifndef EMU_TEST_MODE
#define EMU_TEST_MODE kPlain
#endif

namespace tilestack {

std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

namespace gpu {
cudaStream_t current_stream() { return nullptr; }
void fail(const std::string& message) { throw Failure(message); }
}  // namespace gpu

namespace {

int run(const Case& test, unsigned seed) {
  emu::set_seed(seed);
  const auto start = std::chrono::steady_clock::now();
  std::string failure;
  try {
    Test environment(seed);
    test.run(environment);
  } catch (const Failure& caught) {
    failure = caught.what();
  }
  const double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  // Copies and streams that complete at once hide missing waits.
  const bool expected = (test.caught & EMU_TEST_MODE) && seed % 12 < 4 && seed % 2 == 0;
  const bool right = !test.caught ? failure.empty() : !failure.empty() || !expected;
  std::printf("%s %s seed %u %.1f ms%s%s\n", right ? "ok" : "WRONG", test.name, seed, ms, failure.empty() ? "" : ": ",
              failure.c_str());
  return right ? 0 : 1;
}

}  // namespace
}  // namespace tilestack

int main(int argc, char** argv) {
  using namespace tilestack;
  const std::string name = argc > 1 ? argv[1] : "--list";
  std::vector<unsigned> seeds;
  for (int i = 3; i < argc; ++i) seeds.push_back(static_cast<unsigned>(std::atoi(argv[i])));
  if (seeds.empty()) seeds.push_back(0);
  int status = name == "--list" ? 0 : 2;
  for (const Case& test : cases()) {
    const char* kind = !test.caught ? "correct" : test.caught & EMU_TEST_MODE ? "caught" : "free";
    if (name == "--list") std::printf("%s %s\n", test.name, kind);
    if (name != test.name && name != "--all") continue;
    if (status == 2) status = 0;
    for (const unsigned seed : seeds) status |= run(test, seed);
  }
  return status;
}
