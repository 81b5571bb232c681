#include "ops/recurrent_layer/recurrent_layer.h"

#include "core/op.h"
#include "ops/add/add.h"
#include "ops/copy/copy.h"
#include "ops/linear/linear.h"

namespace tilestack {
namespace {

const char* name_of(Cell cell) { return cell == Cell::lstm ? "lstm" : cell == Cell::gru ? "gru" : "rnn"; }

void check_layer(const Tensor& x, const Tensor& h0, const Tensor& c0, const RecurrentWeights& w, const Tensor& lengths,
                 Cell cell) {
  const char* op = name_of(cell);
  check_float(op, x);
  check(x.dim() == 3, "{}: input must have shape (steps, batch, features), got {}", op, x.shape());
  check(w.w_hh.dim() == 2 && w.w_hh.size(0) == gates_of(cell) * w.w_hh.size(1),
        "{}: weight_hh must have shape ({} * hidden, hidden), got {}", op, gates_of(cell), w.w_hh.shape());
  const std::int64_t size = w.w_hh.size(1), rows = w.w_hh.size(0);
  check(w.w_ih.shape() == Dims{rows, x.size(2)}, "{}: weight_ih must have shape {} for input {}, got {}", op,
        Dims{rows, x.size(2)}, x.shape(), w.w_ih.shape());
  check(w.b_ih.defined() == w.b_hh.defined(), "{}: wanted both biases or none", op);
  for (const Tensor& b : {w.b_ih, w.b_hh})
    check(!b.defined() || b.shape() == Dims{rows}, "{}: biases must have shape ({},), got {}", op, rows,
          b.defined() ? b.shape() : Dims{});
  check(c0.defined() == (cell == Cell::lstm), "{}: a cell state is for lstm alone", op);
  for (const Tensor& state : {h0, c0})
    check(!state.defined() || state.shape() == Dims{x.size(1), size}, "{}: states must have shape {}, got {}", op,
          Dims{x.size(1), size}, state.defined() ? state.shape() : Dims{});
  check(!lengths.defined() || (lengths.shape() == Dims{x.size(1)} && lengths.dtype() == DType::int64),
        "{}: lengths must be int64 of shape ({},), got {} {}", op, x.size(1),
        lengths.defined() ? lengths.dtype() : DType::int64, lengths.defined() ? lengths.shape() : Dims{});
  check_same_dtype(op, {x, h0, c0, w.w_ih, w.w_hh, w.b_ih, w.b_hh});
  check_same_device(op, {x, h0, c0, w.w_ih, w.w_hh, w.b_ih, w.b_hh, lengths});
}

// Part i of a contiguous tensor's first dimension; undefined for an undefined one.
View part(const Tensor& x, std::int64_t i) {
  if (!x.defined()) return {};
  const View& whole = x.view();
  View y = matrix_view(x, 2);
  y.shape[0] = whole.shape[1];
  y.pointer = static_cast<char*>(whole.pointer) + i * whole.shape[1] * whole.shape[2] * size_of(whole.dtype);
  return y;
}

// Parts [first, first + n) as rows.
View rows_of(const Tensor& x, std::int64_t first, std::int64_t n) {
  View y = part(x, first);
  y.shape[0] *= n;
  return y;
}

Tensor copied(const Tensor& x, const Tensor& like) {
  const Tensor y = zeros(like.shape(), like.dtype(), like.device());
  if (x.defined()) copy_into(y, x);
  return y;
}

// What a layer keeps: states before and after each step, and what the steps leave for backward. In reverse the state
// before step t stands after the one that it leaves.
struct Course {
  std::int64_t steps;
  bool reverse;
  Tensor gates, hidden, h, c, lengths;

  std::int64_t before(std::int64_t t) const { return reverse ? t + 1 : t; }
  std::int64_t after(std::int64_t t) const { return reverse ? t : t + 1; }
  std::int64_t time(std::int64_t turn) const { return reverse ? steps - 1 - turn : turn; }
  std::int64_t first() const { return reverse ? steps : 0; }
  std::int64_t last() const { return reverse ? 0 : steps; }
  RecurrentStep step(std::int64_t t) const {
    return {part(gates, t),    part(hidden, t),   part(h, before(t)),     part(c, before(t)),
            part(h, after(t)), part(c, after(t)), optional_view(lengths), t};
  }
};

}  // namespace

std::vector<Tensor> recurrent_layer(const Tensor& x, const Tensor& h0, const Tensor& c0,
                                    const RecurrentWeights& weights, const Tensor& lengths, Cell cell, bool reverse) {
  check_layer(x, h0, c0, weights, lengths, cell);
  const std::int64_t steps = x.size(0), batch = x.size(1), size = weights.w_hh.size(1), rows = weights.w_hh.size(0);
  const auto make = [&](const Dims& shape) { return empty(shape, x.dtype(), x.device()); };
  const Tensor in = as_contiguous(x), w_ih = as_contiguous(weights.w_ih), w_hh = as_contiguous(weights.w_hh);
  const bool gru = cell == Cell::gru;
  Course course{steps,
                reverse,
                make({steps, batch, rows}),
                gru ? make({steps, batch, rows}) : Tensor(),
                make({steps + 1, batch, size}),
                c0.defined() ? make({steps + 1, batch, size}) : Tensor(),
                lengths.defined() ? as_contiguous(lengths) : lengths};
  const auto state_at = [&](const Tensor& states, std::int64_t i) {
    return view_of(states, {batch, size}, {size, 1}, i * batch * size);
  };
  copy_into(state_at(course.h, course.first()), h0);
  if (c0.defined()) copy_into(state_at(course.c, course.first()), c0);

  // The input's part of all steps is one product. But for gru, both biases belong to it.
  Tensor bias = weights.b_ih.defined() ? as_contiguous(weights.b_ih) : Tensor();
  const Tensor b_hh = weights.b_hh.defined() ? as_contiguous(weights.b_hh) : Tensor();
  if (bias.defined() && !gru) {
    const NoGrad off;
    bias = add(bias, b_hh);
  }
  const LinearKernels& product = linear_on(x.device());
  product.forward(rows_of(in, 0, steps), w_ih, optional_view(bias), {}, rows_of(course.gates, 0, steps), {},
                  Activation::none);
  const Tensor y = lengths.defined()
                       ? make({steps, batch, size})
                       : view_of(course.h, {steps, batch, size}, {batch * size, size, 1}, reverse ? 0 : batch * size);
  for (std::int64_t turn = 0; turn < steps; ++turn) {
    const std::int64_t t = course.time(turn);
    const RecurrentStep step = course.step(t);
    if (gru) {
      product.forward(step.h, w_hh, optional_view(b_hh), {}, step.hidden, {}, Activation::none);
    } else {
      product.forward(step.h, w_hh, {}, step.gates, step.gates, {}, Activation::none);
    }
    recurrent_layer_on(x.device()).forward(step, lengths.defined() ? part(y, t) : View{}, cell);
  }
  std::vector<Tensor> results = {y, state_at(course.h, course.last())};
  if (c0.defined()) results.push_back(state_at(course.c, course.last()));

  const std::vector<Tensor> inputs = {x, h0, c0, weights.w_ih, weights.w_hh, weights.b_ih, weights.b_hh};
  return record_many(
      name_of(cell), std::move(results), inputs,
      [inputs, course, in = Saved(in), w_ih = Saved(w_ih), w_hh = Saved(w_hh), states = Saved(course.h), cell, batch,
       size](const Gradients& dys) -> Gradients {
        const bool gru = cell == Cell::gru;
        const std::int64_t steps = course.steps;
        const Tensor like = view_of(*states, {batch, size}, {size, 1});
        const Tensor dh = copied(dys[1], like), carried = empty(like.shape(), like.dtype(), like.device());
        const Tensor dc = course.c.defined() ? copied(dys[2], like) : Tensor();
        const Tensor dy = dys[0].defined() ? as_contiguous(dys[0]) : Tensor();
        const Tensor dgates = empty_like(course.gates), dhidden = gru ? empty_like(course.hidden) : dgates;
        View back = *w_hh;  // (H, gates H)
        std::swap(back.shape[0], back.shape[1]);
        std::swap(back.strides[0], back.strides[1]);
        const LinearKernels& product = linear_on(like.device());
        for (std::int64_t turn = steps - 1; turn >= 0; --turn) {
          const std::int64_t t = course.time(turn);
          recurrent_layer_on(like.device())
              .backward(course.step(t),
                        {dh, part(dy, t), optional_view(dc), part(dgates, t), gru ? part(dhidden, t) : View{}, carried},
                        cell);
          product.forward(part(dhidden, t), back, {}, carried, dh, {}, Activation::none);
        }
        const auto wanted = [&](int i) {
          return inputs[i].requires_grad() ? empty(inputs[i].shape(), inputs[i].dtype(), inputs[i].device()) : Tensor();
        };
        const Tensor dx = wanted(0), dw_ih = wanted(3), dw_hh = wanted(4), db_ih = wanted(5), db_hh = wanted(6);
        product.backward(rows_of(*in, 0, steps), *w_ih, {}, rows_of(dgates, 0, steps),
                         dx.defined() ? rows_of(dx, 0, steps) : View{}, optional_view(dw_ih), optional_view(db_ih),
                         Activation::none);
        product.backward(rows_of(*states, course.reverse ? 1 : 0, steps), *w_hh, {}, rows_of(dhidden, 0, steps), {},
                         optional_view(dw_hh), optional_view(db_hh), Activation::none);
        return {dx,
                inputs[1].requires_grad() ? dh : Tensor(),
                inputs[2].requires_grad() ? dc : Tensor(),
                dw_ih,
                dw_hh,
                db_ih,
                db_hh};
      });
}

}  // namespace tilestack
