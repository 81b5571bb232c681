#include "core/generator.h"

namespace tilestack {

Philox Generator::state() const {
  const std::lock_guard lock(mutex_);
  return stream_;
}

void Generator::set_state(Philox state) {
  const std::lock_guard lock(mutex_);
  stream_ = state;
}

Philox Generator::take(std::int64_t words) {
  const std::lock_guard lock(mutex_);
  const Philox taken = stream_;
  stream_.offset += std::uint64_t((words + kPhiloxGroup - 1) / kPhiloxGroup) * (kPhiloxGroup / 4);
  return taken;
}

Generator& default_generator() {
  static Generator* generator = new Generator;  // never destroyed: threads may outlive main
  return *generator;
}

}  // namespace tilestack
