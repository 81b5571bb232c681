#pragma once
#include <mutex>

#include "core/philox.h"

namespace tilestack {

// Hands out parts of the random stream of a seed. Each op takes as many counters as it needs, so that what it draws
// depends on the seed and on the draws before it alone.
class Generator {
 public:
  explicit Generator(std::uint64_t seed = 0) : stream_{seed, 0} {}
  void set_seed(std::uint64_t seed) { set_state({seed, 0}); }
  Philox state() const;
  void set_state(Philox state);
  // For n words.
  Philox take(std::int64_t words);

 private:
  mutable std::mutex mutex_;
  Philox stream_;
};

Generator& default_generator();
inline Generator& generator_or_default(Generator* generator) { return generator ? *generator : default_generator(); }

}  // namespace tilestack
