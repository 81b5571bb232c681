#include "ops/recurrent_layer/recurrent_layer.h"

#include "core/visit.h"
#include "cuda/math.cuh"
#include "cuda/places.cuh"
#include "cuda/runtime.h"

namespace tilestack::cuda {
namespace {

constexpr int kThreads = 256;

// A thread for each state of each sequence.
struct Sequences {
  std::uint32_t count;
  gpu::FastDiv by_size;
  const std::int64_t* lengths;
  std::int64_t time;

  explicit Sequences(const RecurrentStep& step)
      : count(gpu::counted("recurrent_layer", step.h.numel())),
        by_size(step.h.size(1)),
        lengths(step.lengths.data<std::int64_t>()),
        time(step.time) {}
};

template <class T, Cell kCell>
__global__ void forward_kernel(Sequences sequences, T* gates, const T* hidden, const T* h, const T* c, T* h_next,
                               T* c_next, T* y) {
  const std::int64_t size = sequences.by_size.divisor;
  for (std::int64_t at = gpu::global_thread(); at < sequences.count; at += gpu::global_threads()) {
    std::uint32_t row = std::uint32_t(at);
    const std::int64_t i = sequences.by_size.split(row);
    if (sequences.lengths && sequences.lengths[row] <= sequences.time) {
      h_next[at] = h[at];
      if constexpr (kCell == Cell::lstm) c_next[at] = c[at];
      if (y) y[at] = T(0);
      continue;
    }
    T* a = gates + row * kGates<kCell> * size + i;
    const auto value = [&](int gate) { return to_compute(a[gate * size]); };
    const auto keep = [&](int gate, Compute<T> v) { a[gate * size] = convert<T>(v); };
    Compute<T> result;
    if constexpr (kCell == Cell::lstm) {
      const Compute<T> in = gpu::sigmoid(value(0)), forget = gpu::sigmoid(value(1)), candidate = std::tanh(value(2)),
                       out_gate = gpu::sigmoid(value(3)), state = forget * to_compute(c[at]) + in * candidate;
      keep(0, in), keep(1, forget), keep(2, candidate), keep(3, out_gate);
      c_next[at] = convert<T>(state);
      result = out_gate * std::tanh(state);
    } else if constexpr (kCell == Cell::gru) {
      const T* u = hidden + row * 3 * size + i;
      const Compute<T> reset = gpu::sigmoid(value(0) + to_compute(u[0])),
                       stay = gpu::sigmoid(value(1) + to_compute(u[size])),
                       candidate = std::tanh(value(2) + reset * to_compute(u[2 * size]));
      keep(0, reset), keep(1, stay), keep(2, candidate);
      result = candidate + stay * (to_compute(h[at]) - candidate);
    } else if constexpr (kCell == Cell::tanh) {
      result = std::tanh(value(0));
    } else {
      result = value(0) < 0 ? Compute<T>(0) : value(0);
    }
    h_next[at] = convert<T>(result);
    if (y) y[at] = convert<T>(result);
  }
}

// The pointers of RecurrentStep and RecurrentSlopes.
template <class T>
struct SlopePointers {
  const T *gates, *hidden, *h, *c, *h_next, *c_next, *dh, *dy;
  T *dc, *dgates, *dhidden, *carried;
};

template <class T, Cell kCell>
__global__ void backward_kernel(Sequences sequences, SlopePointers<T> d) {
  const std::int64_t size = sequences.by_size.divisor;
  for (std::int64_t at = gpu::global_thread(); at < sequences.count; at += gpu::global_threads()) {
    std::uint32_t row = std::uint32_t(at);
    const std::int64_t i = sequences.by_size.split(row), first = row * kGates<kCell> * size + i;
    if (sequences.lengths && sequences.lengths[row] <= sequences.time) {
#pragma unroll
      for (int gate = 0; gate < kGates<kCell>; ++gate) {
        d.dgates[first + gate * size] = T(0);
        if constexpr (kCell == Cell::gru) d.dhidden[first + gate * size] = T(0);
      }
      d.carried[at] = d.dh[at];
      continue;
    }
    const auto gate = [&](int j) { return to_compute(d.gates[first + j * size]); };
    const auto give = [&](T* to, int j, Compute<T> v) { to[first + j * size] = convert<T>(v); };
    const Compute<T> slope = to_compute(d.dh[at]) + (d.dy ? to_compute(d.dy[at]) : Compute<T>(0));
    Compute<T> carried = 0;
    if constexpr (kCell == Cell::lstm) {
      const Compute<T> in = gate(0), forget = gate(1), candidate = gate(2), out_gate = gate(3),
                       bent = std::tanh(to_compute(d.c_next[at])),
                       of_state = to_compute(d.dc[at]) + slope * out_gate * (1 - bent * bent);
      give(d.dgates, 0, of_state * candidate * in * (1 - in));
      give(d.dgates, 1, of_state * to_compute(d.c[at]) * forget * (1 - forget));
      give(d.dgates, 2, of_state * in * (1 - candidate * candidate));
      give(d.dgates, 3, slope * bent * out_gate * (1 - out_gate));
      d.dc[at] = convert<T>(of_state * forget);
    } else if constexpr (kCell == Cell::gru) {
      const Compute<T> reset = gate(0), stay = gate(1), candidate = gate(2),
                       of_candidate = slope * (1 - stay) * (1 - candidate * candidate),
                       of_reset = of_candidate * to_compute(d.hidden[first + 2 * size]) * reset * (1 - reset),
                       of_stay = slope * (to_compute(d.h[at]) - candidate) * stay * (1 - stay);
      give(d.dgates, 0, of_reset), give(d.dhidden, 0, of_reset);
      give(d.dgates, 1, of_stay), give(d.dhidden, 1, of_stay);
      give(d.dgates, 2, of_candidate), give(d.dhidden, 2, of_candidate * reset);
      carried = slope * stay;
    } else {
      const Compute<T> y = to_compute(d.h_next[at]);
      if constexpr (kCell == Cell::tanh) {
        give(d.dgates, 0, slope * (1 - y * y));
      } else {
        give(d.dgates, 0, y > 0 ? slope : Compute<T>(0));
      }
    }
    d.carried[at] = convert<T>(carried);
  }
}

void forward(const RecurrentStep& step, View y, Cell cell) {
  if (step.h.numel() == 0) return;
  const Sequences sequences(step);
  visit_float(step.h.dtype, [&]<class T>() {
    visit_cell(cell, [&]<Cell kCell>() {
      gpu::launch(forward_kernel<T, kCell>, {gpu::blocks_for(sequences.count, kThreads), kThreads}, sequences,
                  step.gates.data<T>(), step.hidden.data<T>(), step.h.data<T>(), step.c.data<T>(),
                  step.h_next.data<T>(), step.c_next.data<T>(), y.data<T>());
    });
  });
}

void backward(const RecurrentStep& step, const RecurrentSlopes& d, Cell cell) {
  if (step.h.numel() == 0) return;
  const Sequences sequences(step);
  visit_float(step.h.dtype, [&]<class T>() {
    visit_cell(cell, [&]<Cell kCell>() {
      const SlopePointers<T> pointers = {step.gates.data<T>(), step.hidden.data<T>(), step.h.data<T>(),
                                         step.c.data<T>(),     step.h_next.data<T>(), step.c_next.data<T>(),
                                         d.dh.data<T>(),       d.dy.data<T>(),        d.dc.data<T>(),
                                         d.dgates.data<T>(),   d.dhidden.data<T>(),   d.carried.data<T>()};
      gpu::launch(backward_kernel<T, kCell>, {gpu::blocks_for(sequences.count, kThreads), kThreads}, sequences,
                  pointers);
    });
  });
}

}  // namespace
const RecurrentKernels recurrent_layer = {forward, backward};
TILESTACK_CUDA_TABLE(recurrent_layer)
}  // namespace tilestack::cuda
