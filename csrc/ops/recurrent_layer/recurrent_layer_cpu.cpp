#include "ops/recurrent_layer/recurrent_layer.h"

#include "core/rows.h"
#include "core/vec_math.h"
#include "core/visit.h"

namespace tilestack::TILESTACK_ISA {
namespace {

bool has_ended(const RecurrentStep& step, std::int64_t row) {
  return step.lengths.defined() && step.lengths.data<std::int64_t>()[row] <= step.time;
}

template <class T>
T* row_of(const View& x, std::int64_t row) {
  return x.defined() ? x.data<T>() + row * x.cols() : nullptr;
}

template <class T>
void copy_row(const T* from, T* to, std::int64_t n) {
  for (std::int64_t i = 0; from && i < n; ++i) to[i] = from[i];
}

template <class T>
void clear_row(T* to, std::int64_t n) {
  for (std::int64_t i = 0; to && i < n; ++i) to[i] = T(0);
}

// body(row) for the sequences that go on, ended(row) for the others.
template <class F, class G>
void for_sequences(const RecurrentStep& step, std::int64_t cols, F body, G ended) {
  parallel_rows(step.h.size(0), cols, [&](std::int64_t row) { has_ended(step, row) ? ended(row) : body(row); });
}

template <class T, Cell kCell>
void forward_as(const RecurrentStep& step, View y) {
  const std::int64_t n = step.h.size(1);
  const auto go_on = [&](std::int64_t row) {
    T *a = row_of<T>(step.gates, row), *next = row_of<T>(step.h_next, row), *out = row_of<T>(y, row);
    const T *h = row_of<T>(step.h, row), *c = row_of<T>(step.c, row), *u = row_of<T>(step.hidden, row);
    T* c_next = row_of<T>(step.c_next, row);
    for_vectors<T>(n, [&](std::int64_t i, auto part) {
      Vec<Compute<T>> result;
      if constexpr (kCell == Cell::lstm) {
        const auto in = vsigmoid(part.load(a + i)), forget = vsigmoid(part.load(a + n + i)),
                   candidate = vtanh(part.load(a + 2 * n + i)), out_gate = vsigmoid(part.load(a + 3 * n + i));
        const auto state = forget * part.load(c + i) + in * candidate;
        part.store(a + i, in);
        part.store(a + n + i, forget);
        part.store(a + 2 * n + i, candidate);
        part.store(a + 3 * n + i, out_gate);
        part.store(c_next + i, state);
        result = out_gate * vtanh(state);
      } else if constexpr (kCell == Cell::gru) {
        const auto reset = vsigmoid(part.load(a + i) + part.load(u + i)),
                   keep = vsigmoid(part.load(a + n + i) + part.load(u + n + i)),
                   candidate = vtanh(part.load(a + 2 * n + i) + reset * part.load(u + 2 * n + i));
        part.store(a + i, reset);
        part.store(a + n + i, keep);
        part.store(a + 2 * n + i, candidate);
        result = candidate + keep * (part.load(h + i) - candidate);
      } else {
        const auto x = part.load(a + i);
        if constexpr (kCell == Cell::tanh) {
          result = vtanh(x);
        } else {
          result = x < 0 ? Vec<Compute<T>>{} : x;
        }
      }
      part.store(next + i, result);
      if (out) part.store(out + i, result);
    });
  };
  for_sequences(step, n * kGates<kCell>, go_on, [&](std::int64_t row) {
    copy_row<T>(row_of<T>(step.h, row), row_of<T>(step.h_next, row), n);
    copy_row<T>(row_of<T>(step.c, row), row_of<T>(step.c_next, row), n);
    clear_row(row_of<T>(y, row), n);
  });
}

template <class T, Cell kCell>
void backward_as(const RecurrentStep& step, const RecurrentSlopes& d) {
  const std::int64_t n = step.h.size(1), gates = n * kGates<kCell>;
  const auto go_on = [&](std::int64_t row) {
    const T *a = row_of<T>(step.gates, row), *u = row_of<T>(step.hidden, row), *h = row_of<T>(step.h, row),
            *c = row_of<T>(step.c, row), *c_next = row_of<T>(step.c_next, row), *h_next = row_of<T>(step.h_next, row),
            *dh = row_of<T>(d.dh, row), *dy = row_of<T>(d.dy, row);
    T *dc = row_of<T>(d.dc, row), *da = row_of<T>(d.dgates, row), *du = row_of<T>(d.dhidden, row),
      *carried = row_of<T>(d.carried, row);
    for_vectors<T>(n, [&](std::int64_t i, auto part) {
      auto slope = part.load(dh + i);
      if (dy) slope += part.load(dy + i);
      if constexpr (kCell == Cell::lstm) {
        const auto in = part.load(a + i), forget = part.load(a + n + i), candidate = part.load(a + 2 * n + i),
                   out_gate = part.load(a + 3 * n + i), bent = vtanh(part.load(c_next + i));
        const auto of_state = part.load(dc + i) + slope * out_gate * (1 - bent * bent);
        part.store(da + i, of_state * candidate * in * (1 - in));
        part.store(da + n + i, of_state * part.load(c + i) * forget * (1 - forget));
        part.store(da + 2 * n + i, of_state * in * (1 - candidate * candidate));
        part.store(da + 3 * n + i, slope * bent * out_gate * (1 - out_gate));
        part.store(dc + i, of_state * forget);
        part.store(carried + i, Vec<Compute<T>>{});
      } else if constexpr (kCell == Cell::gru) {
        const auto reset = part.load(a + i), keep = part.load(a + n + i), candidate = part.load(a + 2 * n + i);
        const auto of_candidate = slope * (1 - keep) * (1 - candidate * candidate);
        const auto of_reset = of_candidate * part.load(u + 2 * n + i) * reset * (1 - reset);
        const auto of_keep = slope * (part.load(h + i) - candidate) * keep * (1 - keep);
        part.store(da + i, of_reset);
        part.store(du + i, of_reset);
        part.store(da + n + i, of_keep);
        part.store(du + n + i, of_keep);
        part.store(da + 2 * n + i, of_candidate);
        part.store(du + 2 * n + i, of_candidate * reset);
        part.store(carried + i, slope * keep);
      } else {
        const auto y = part.load(h_next + i);
        if constexpr (kCell == Cell::tanh) {
          part.store(da + i, slope * (1 - y * y));
        } else {
          part.store(da + i, y > 0 ? slope : Vec<Compute<T>>{});
        }
        part.store(carried + i, Vec<Compute<T>>{});
      }
    });
  };
  for_sequences(step, gates, go_on, [&](std::int64_t row) {
    clear_row(row_of<T>(d.dgates, row), gates);
    clear_row(row_of<T>(d.dhidden, row), gates);
    copy_row<T>(row_of<T>(d.dh, row), row_of<T>(d.carried, row), n);
  });
}

void forward(const RecurrentStep& step, View y, Cell cell) {
  visit_float(step.h.dtype, [&]<class T>() { visit_cell(cell, [&]<Cell kCell>() { forward_as<T, kCell>(step, y); }); });
}

void backward(const RecurrentStep& step, const RecurrentSlopes& slopes, Cell cell) {
  visit_float(step.h.dtype,
              [&]<class T>() { visit_cell(cell, [&]<Cell kCell>() { backward_as<T, kCell>(step, slopes); }); });
}

}  // namespace
constinit const RecurrentKernels recurrent_layer = {forward, backward};
}  // namespace tilestack::TILESTACK_ISA
