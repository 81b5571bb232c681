#pragma once
#include <string>
#include <vector>

namespace tilestack {

// The instruction sets that this build holds and this processor runs, least first.
std::vector<std::string> available_isas();
std::string current_isa();
// ValueError for an unknown name; RuntimeError for one that this processor can't run.
void set_isa(const std::string& name);
// Chooses the best one, or what TILESTACK_ISA names.
void choose_isa();

}  // namespace tilestack
