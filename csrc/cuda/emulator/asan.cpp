// In the AddressSanitizer build its reports become errors of the launch. Compile with -fsanitize-recover=address; the
// options below serve programs, a Python that preloads the sanitizer needs them in ASAN_OPTIONS.
#include "cuda/emulator/scheduler.h"

#if EMU_ASAN
extern "C" __attribute__((visibility("default"))) const char* __asan_default_options() {
  return "halt_on_error=0:detect_leaks=0:detect_stack_use_after_return=0:allow_user_segv_handler=1";
}

namespace emu {

namespace {
void on_report(const char* text) {
  if (!launch) return;
  std::string report = text;
  if (const auto begin = report.find("ERROR: "); begin != std::string::npos) report.erase(0, begin + 7);
  // The error, the access and the first frames.
  std::size_t end = 0;
  for (int line = 0; line < 6 && end < report.size(); ++line) end = report.find('\n', end) + 1;
  report.resize(end);
  fault_later(report);
}
}  // namespace

void catch_sanitizer() { __asan_set_error_report_callback(on_report); }

}  // namespace emu
#else
namespace emu {
void catch_sanitizer() {}
}  // namespace emu
#endif
