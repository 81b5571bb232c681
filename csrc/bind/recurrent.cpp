#include "ops/recurrent_layer/recurrent_layer.h"

#include "bind/autocast.h"
#include "bind/bind.h"

namespace tilestack {
namespace {

Cell cell_of(const std::string& name) {
  if (name == "lstm") return Cell::lstm;
  if (name == "gru") return Cell::gru;
  if (name == "relu") return Cell::relu;
  check(name == "tanh", "recurrent_layer: mode must be lstm, gru, tanh or relu, got {}", name);
  return Cell::tanh;
}

}  // namespace

void bind_recurrent(Bindings& b) {
  b.function(
      "recurrent_layer",
      products_low([](const Tensor& x, const Tensor& h0, const Tensor& c0, const Tensor& w_ih, const Tensor& w_hh,
                      const Tensor& b_ih, const Tensor& b_hh, const Tensor& lengths, const std::string& mode,
                      bool reverse) {
        return recurrent_layer(x, h0, c0, {w_ih, w_hh, b_ih, b_hh}, lengths, cell_of(mode), reverse);
      }),
      "One layer of an LSTM (Hochreiter and Schmidhuber, 1997), GRU (Cho et al., 2014) or plain recurrent net, in one\n"
      "direction. nn.LSTM, nn.GRU and nn.RNN stack them.\n\n"
      "input: (steps, batch, features) float. h0, c0: (batch, hidden), c0 for lstm alone. weight_ih: (gates * hidden,\n"
      "features), weight_hh: (gates * hidden, hidden), biases: (gates * hidden) or None; gates in the order i f g o\n"
      "(lstm), r z n (gru). lengths: (batch) int64, the steps of each sequence; after them results are 0 and states\n"
      "stay. mode: lstm, gru, tanh or relu. reverse: from the last step to the first. Returns [output (steps, batch,\n"
      "hidden), h_n, and c_n for lstm].",
      py::arg("input").none(false), py::arg("h0").none(false), py::arg("c0"), py::arg("weight_ih").none(false),
      py::arg("weight_hh").none(false), py::arg("bias_ih") = py::none(), py::arg("bias_hh") = py::none(), py::kw_only(),
      py::arg("lengths") = py::none(), py::arg("mode") = "lstm", py::arg("reverse") = false);
}

}  // namespace tilestack
