#include "core/cpus.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include "core/pool.h"

#if defined(__linux__)
#include <sched.h>
#endif

namespace tilestack {
namespace {

int affinity_cpus() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  const int n = int(std::thread::hardware_concurrency());
  return n > 0 ? n : 1;
}

// Processors' worth of time that a cgroup grants, or 0 for no limit.
double quota_of(const std::string& folder) {
  std::string quota;
  double period = 0;
  if (std::ifstream v2(folder + "/cpu.max"); v2 >> quota >> period) {
    return quota == "max" || period <= 0 ? 0 : std::atof(quota.c_str()) / period;
  }
  double limit = 0;
  std::ifstream v1_quota(folder + "/cpu.cfs_quota_us"), v1_period(folder + "/cpu.cfs_period_us");
  if (v1_quota >> limit && v1_period >> period && limit > 0 && period > 0) return limit / period;
  return 0;
}

// The tightest quota on the way from this process's cgroup up to the root.
double cgroup_cpus() {
  double tightest = 0;
  const auto look = [&](const std::string& folder) {
    const double quota = quota_of(folder);
    if (quota > 0 && (tightest == 0 || quota < tightest)) tightest = quota;
  };
  look("/sys/fs/cgroup");
  look("/sys/fs/cgroup/cpu");
  std::ifstream own("/proc/self/cgroup");
  for (std::string line; std::getline(own, line);) {
    const std::size_t colon = line.rfind(':');
    if (colon == std::string::npos) continue;
    const bool v2 = line.rfind("0::", 0) == 0;
    if (!v2 && line.find("cpu") == std::string::npos) continue;
    for (std::string path = line.substr(colon + 1); path.size() > 1; path.erase(path.rfind('/')))
      look((v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu") + path);
  }
  return tightest;
}

DefaultThreads decide() {
  DefaultThreads best{affinity_cpus(), "the processors that this process may use"};
  const double quota = cgroup_cpus();
  if (quota > 0 && int(std::ceil(quota)) < best.count) best = {int(std::ceil(quota)), "the cgroup's processor quota"};
  const char* asked = std::getenv("OMP_NUM_THREADS");
  const int wanted = asked ? std::atoi(asked) : 0;
  if (wanted > 0 && wanted < best.count) best = {wanted, "OMP_NUM_THREADS"};
  return best;
}

}  // namespace

const DefaultThreads& default_threads() {
  static const DefaultThreads decided = decide();
  return decided;
}

int available_cpus() {
  const double quota = cgroup_cpus();
  const int cpus = affinity_cpus();
  return quota > 0 && int(std::ceil(quota)) < cpus ? int(std::ceil(quota)) : cpus;
}

}  // namespace tilestack
