#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cuda/emulator/scheduler.h"

namespace emu {

namespace {

std::string report;

std::string text(uint3 v) {
  return "(" + std::to_string(v.x) + "," + std::to_string(v.y) + "," + std::to_string(v.z) + ")";
}

std::string text(dim3 v) { return text(uint3{v.x, v.y, v.z}); }

long number(const char* name, long otherwise) {
  const char* value = std::getenv(name);
  return value && *value ? std::atol(value) : otherwise;
}

Options& state() {
  static Options options = [] {
    Options o{};
    o.arch = static_cast<int>(number("TILESTACK_EMULATOR_ARCH", 90));
    o.devices = static_cast<int>(number("TILESTACK_EMULATOR_DEVICES", 1));
    o.multiprocessors = static_cast<int>(number("TILESTACK_EMULATOR_SMS", 4));
    o.memory = static_cast<std::size_t>(number("TILESTACK_EMULATOR_MEMORY", 2048)) << 20;
    o.seed = static_cast<std::uint64_t>(number("TILESTACK_EMULATOR_SEED", 0));
    o.completion = Completion(o.seed / 4 % 3);
    return o;
  }();
  return options;
}

}  // namespace

const Options& options() { return state(); }

void set_seed(std::uint64_t seed) {
  state().seed = seed;
  state().completion = Completion(seed / 4 % 3);
}

void require_arch(int arch, const char* instruction, Site site) {
  if (options().arch < arch)
    fault(std::string(instruction) + " needs compute capability " + std::to_string(arch / 10) + "." +
              std::to_string(arch % 10) + ", the device has " + std::to_string(options().arch / 10) + "." +
              std::to_string(options().arch % 10),
          site);
}

void set_report(const std::string& text) { report = text; }
std::string last_report() { return report; }

std::string describe(Site site) {
  if (!site.line()) return "?";
  const char* slash = std::strrchr(site.file_name(), '/');
  return std::string(slash ? slash + 1 : site.file_name()) + ":" + std::to_string(site.line());
}

std::string describe(const Thread& thread) {
  return "block " + text(thread.block->index) + " thread " + text(thread.index);
}

std::string describe_launch() {
  const LaunchShape& shape = launch->shape;
  std::string name = describe_code(shape.kernel, true);
  if (name.empty()) name = "kernel";
  return name + " launched at " + describe(shape.site) + " with grid " + text(shape.grid) + " block " +
         text(shape.block);
}

std::string describe_code(const void* address, bool function) {
  Dl_info info;
  if (!dladdr(address, &info) || !info.dli_fname) return "";
  // Position-independent files are asked for offsets.
  const auto base = reinterpret_cast<std::uintptr_t>(info.dli_fbase);
  const auto offset = reinterpret_cast<std::uintptr_t>(address) - base;
  char command[4096], line[4096];
  std::snprintf(command, sizeof command, "LD_PRELOAD= addr2line -fCsie '%s' 0x%llx 2>/dev/null", info.dli_fname,
                static_cast<unsigned long long>(offset));
  std::FILE* pipe = popen(command, "r");
  if (!pipe) return "";
  // Pairs of lines, function and place, from the innermost inlined function outwards. Of the places, the innermost in a
  // .cu file; of the functions, the outermost.
  std::string found;
  bool in_kernel = false;
  for (int i = 0; std::fgets(line, sizeof line, pipe); ++i) {
    if (function ? i % 2 == 0 : i % 2 == 1 && !in_kernel && (found.empty() || std::strstr(line, ".cu:"))) found = line;
    if (i % 2 == 1 && std::strstr(line, ".cu:")) in_kernel = true;
  }
  pclose(pipe);
  while (!found.empty() && (found.back() == '\n' || found.back() == ' ')) found.pop_back();
  if (found.starts_with("??")) return "";
  if (function) {  // "void tilestack::(anonymous namespace)::f<int>(int)" is f<int>
    for (const char* noise : {"(anonymous namespace)::", "tilestack::", "void "})
      for (std::size_t at; (at = found.find(noise)) != std::string::npos;) found.erase(at, std::strlen(noise));
    if (const auto open = found.rfind('('); open != std::string::npos && open > 0) found.resize(open);
  }
  if (const auto note = found.find(" (discriminator"); note != std::string::npos) found.resize(note);
  return found;
}

}  // namespace emu
