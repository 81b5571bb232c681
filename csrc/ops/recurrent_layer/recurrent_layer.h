#pragma once
#include <string>
#include <vector>

#include "core/kernels.h"

namespace tilestack {

// tanh and relu: h' = f(a)   lstm: gates i, f, g, o   gru: gates r, z, n
enum class Cell : std::uint8_t { tanh, relu, lstm, gru };

// f.operator()<cell>()
template <class F>
TILESTACK_HOST_INLINE void visit_cell(Cell cell, F&& f) {
  switch (cell) {
    case Cell::tanh:
      return f.template operator()<Cell::tanh>();
    case Cell::relu:
      return f.template operator()<Cell::relu>();
    case Cell::lstm:
      return f.template operator()<Cell::lstm>();
    case Cell::gru:
      return f.template operator()<Cell::gru>();
  }
}

constexpr int gates_of(Cell cell) { return cell == Cell::lstm ? 4 : cell == Cell::gru ? 3 : 1; }
template <Cell kCell>
constexpr int kGates = gates_of(kCell);

// One step of a layer with H states for N sequences. All views are contiguous and of one float dtype but lengths.
//   tanh, relu   h' = f(a)
//   lstm         i, f, o = sigmoid(a_i, a_f, a_o)   g = tanh(a_g)   c' = f c + i g   h' = o tanh(c')
//   gru          r, z = sigmoid(a_r + u_r, a_z + u_z)   n = tanh(a_n + r u_n)   h' = n + z (h - n)
// A sequence whose length is at most `time` keeps h and c.
struct RecurrentStep {
  View gates;           // (N, gates H): a, replaced by the gates; only read by backward
  View hidden;          // gru: (N, 3 H), u
  View h, c;            // (N, H) before; c of lstm alone
  View h_next, c_next;  // after
  View lengths;         // (N) int64, or undefined
  std::int64_t time;
};

// backward: `dh`, of h' by later steps, and `dy`, of the step's result, which counts where the sequence has not ended.
struct RecurrentSlopes {
  View dh, dy;   // (N, H); dy may be undefined
  View dc;       // of c', replaced by that of c
  View dgates;   // of a
  View dhidden;  // of u
  View carried;  // of h, but what comes by way of the product with w_hh
};

struct RecurrentKernels {
  void (*forward)(const RecurrentStep& step, View y, Cell cell);  // y: h', 0 where the sequence has ended; or undefined
  void (*backward)(const RecurrentStep& step, const RecurrentSlopes& slopes, Cell cell);
};
TILESTACK_KERNELS(RecurrentKernels, recurrent_layer)

struct RecurrentWeights {
  const Tensor &w_ih, &w_hh, &b_ih, &b_hh;  // (gates H, in), (gates H, H), (gates H); the last two or none
};

// x: (T, N, in)   h0, c0: (N, H), c0 for lstm alone   lengths: (N) int64, or undefined: T each. `reverse` goes from the
// last step to the first. Returns y (T, N, H), h_n and, for lstm, c_n.
std::vector<Tensor> recurrent_layer(const Tensor& x, const Tensor& h0, const Tensor& c0,
                                    const RecurrentWeights& weights, const Tensor& lengths, Cell cell, bool reverse);

}  // namespace tilestack
