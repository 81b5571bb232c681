#pragma once
#include "cuda/emulator/fiber.h"

namespace emu {

// Threads that can run, taken out by the order that the seed names.
class Ready {
 public:
  enum Order { first_in, last_in, random, priority };
  void clear(Order order);
  void push(Thread* thread);
  Thread* pop();  // nullptr if there is none
 private:
  Order order_ = first_in;
  std::vector<Thread*> threads_;
  std::size_t head_ = 0;
};

extern Ready ready;

void begin_schedule();
void end_thread();             // of the current thread, which never comes back
void begin_blocks();           // as many as may run together
void end_block(Block& block);  // all its threads ended
bool async_progress();         // completes one pending operation, if there is one
void async_begin(Block& block);
void async_end_thread(Thread& thread);
void async_end_block(Block& block);
void async_reset();
void wgmma_reset();
std::string describe_blocked();  // threads that wait, grouped by what they wait for
std::string describe_mbarriers();
void catch_sanitizer();
void set_report(const std::string& report);
std::string describe_launch();

}  // namespace emu
