"""Recurrent layers. Weights have torch's names and layouts: gates in the order i f g o (LSTM) and r z n (GRU)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import tilestack as ts
from tilestack._core import Tensor, recurrent_layer
from tilestack.nn import functional as F
from tilestack.nn import init
from tilestack.nn.module import Module
from tilestack.nn.parameter import Parameter
from tilestack.nn.utils.rnn import PackedSequence, pack_padded_sequence, packed_lengths, padded

_GATES = {"lstm": 4, "gru": 3, "tanh": 1, "relu": 1}


class _Recurrent(Module):
    mode = ""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        *,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        if proj_size and (self.mode != "lstm" or not 0 < proj_size < hidden_size):
            raise ValueError(
                f"{name}: proj_size must be 0, or for LSTM less than hidden_size {hidden_size}, got {proj_size}"
            )
        if min(input_size, hidden_size, num_layers) < 1:
            raise ValueError(
                f"{name}: input_size, hidden_size and num_layers must be positive, "
                f"got {input_size}, {hidden_size} and {num_layers}"
            )
        if not 0 <= dropout <= 1:
            raise ValueError(f"{name}: dropout must be from 0 to 1, got {dropout}")
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout, self.bidirectional = bias, batch_first, dropout, bidirectional
        self.proj_size = proj_size
        width = proj_size or hidden_size
        rows = _GATES[self.mode] * hidden_size
        directions = 2 if bidirectional else 1
        for layer, suffix in self._parts():
            columns = input_size if layer == 0 else directions * width
            shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, columns), "weight_hh": (rows, width)}
            if bias:
                shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
            if proj_size:
                shapes |= {"weight_hr": (proj_size, hidden_size)}
            for key, shape in shapes.items():
                setattr(self, f"{key}_{suffix}", Parameter(ts.empty(shape, device=device, dtype=dtype)))
        self.reset_parameters()

    def flatten_parameters(self) -> None:
        """Nothing to do: it is there for code that comes from torch."""

    def _parts(self) -> Iterator[tuple[int, str]]:
        """The layer and the names' end of each part, in the order of states."""
        for layer in range(self.num_layers):
            yield layer, f"l{layer}"
            if self.bidirectional:
                yield layer, f"l{layer}_reverse"

    def reset_parameters(self) -> None:
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def _run(
        self, x: Tensor | PackedSequence, states: list[Tensor | None], lengths: Tensor | None
    ) -> tuple[Any, list[Tensor]]:
        """states and results: h and, for LSTM, c, of (layers * directions, batch, hidden; for h proj_size, if it is
        not 0)."""
        if isinstance(x, PackedSequence):
            return self._run_packed(x, states)
        return self._run_padded(x, states, lengths, self.batch_first)

    def _run_packed(self, packed: PackedSequence, states: list[Tensor | None]) -> tuple[PackedSequence, list[Tensor]]:
        order, back = packed.sorted_indices, packed.unsorted_indices
        if order is not None:
            states = [None if state is None else state.index_select(1, order) for state in states]
        sizes = packed_lengths(packed)
        lengths = ts.tensor(sizes, dtype=ts.int64, device=packed.data.device)
        y, ends = self._run_padded(padded(packed), states, lengths, False)
        data = pack_padded_sequence(y, sizes).data
        if back is not None:
            ends = [end.index_select(1, back) for end in ends]
        return packed._replace(data=data), ends

    def _run_padded(
        self, x: Tensor, states: list[Tensor | None], lengths: Tensor | None, batch_first: bool
    ) -> tuple[Tensor, list[Tensor]]:
        name = type(self).__name__
        single = x.dim() == 2
        if x.dim() not in (2, 3) or x.shape[-1] != self.input_size:
            raise ValueError(
                f"{name}: input must have shape (steps, batch, {self.input_size}), (batch, steps, {self.input_size}) "
                f"with batch_first, or (steps, {self.input_size}), got {tuple(x.shape)}"
            )
        if single:
            x = x.unsqueeze(1)
        elif batch_first:
            x = x.transpose(0, 1)
        count, batch = len(list(self._parts())), x.shape[1]
        given = []
        for state, size in zip(states, (self.proj_size or self.hidden_size, self.hidden_size), strict=False):
            wanted = (count, batch, size)
            if state is None:
                state = ts.zeros(wanted, dtype=x.dtype, device=x.device)
            elif single:
                state = state.unsqueeze(1)
            if tuple(state.shape) != wanted:
                raise ValueError(f"{name}: states must have shape {wanted}, got {tuple(state.shape)}")
            given.append(state)
        last: list[list[Tensor]] = [[] for _ in given]
        outputs: list[Tensor] = []
        for i, (layer, suffix) in enumerate(self._parts()):
            reverse = suffix.endswith("reverse")
            if not reverse and layer > 0:
                x = outputs[0] if len(outputs) == 1 else ts.cat(outputs, -1)
                x = F.dropout(x, self.dropout, self.training) if self.dropout else x
            if not reverse:
                outputs = []
            keys = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            weights: list[Any] = [getattr(self, f"{key}_{suffix}", None) for key in keys]
            states_here = [state[i] for state in given]
            c0 = states_here[1] if len(given) == 2 else None
            options: dict[str, Any] = {"lengths": lengths, "mode": self.mode, "reverse": reverse}
            projection = getattr(self, f"weight_hr_{suffix}", None)
            if projection is None:
                results = recurrent_layer(x, states_here[0], c0, *weights, **options)
            else:
                results = _projected_layer(x, states_here[0], c0, projection, weights, options)
            outputs.append(results[0])
            for kept, state in zip(last, results[1:], strict=True):
                kept.append(state)
        y = outputs[0] if len(outputs) == 1 else ts.cat(outputs, -1)
        ends = [ts.stack(kept) for kept in last]
        if single:
            return y.squeeze(1), [end.squeeze(1) for end in ends]
        return (y.transpose(0, 1) if batch_first else y), ends

    def extra_repr(self) -> str:
        parts = [f"{self.input_size}, {self.hidden_size}"]
        defaults = {"proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0}
        defaults["bidirectional"] = False
        parts += [f"{key}={getattr(self, key)}" for key, value in defaults.items() if getattr(self, key) != value]
        return ", ".join(parts)


def _projected_layer(
    x: Tensor, h0: Tensor, c0: Any, projection: Tensor, weights: list[Any], options: dict[str, Any]
) -> list[Tensor]:
    """An LSTM layer whose states h are W r, of the layer's own r (Sak et al., 2014).

    The gates see w_hh W r, so that r has the recurrence of a plain layer with weights w_hh W. Only h0 has no r: it
    enters as more columns of the input, which are 0 but at the first step.
    """
    w_ih, w_hh, *biases = weights
    steps, lengths = ts.arange(x.shape[0], device=x.device).reshape(-1, 1, 1), options["lengths"]
    begin = 0
    if options["reverse"]:
        begin = x.shape[0] - 1 if lengths is None else lengths.reshape(1, -1, 1) - 1
    first = (steps == begin).to(x.dtype)
    x = ts.cat([x, first * h0], -1)
    r0 = ts.zeros_like(c0)
    y, end, c = recurrent_layer(x, r0, c0, ts.cat([w_ih, w_hh], 1), w_hh @ projection, *biases, **options)
    return [F.linear(y, projection), F.linear(end, projection), c]


class LSTM(_Recurrent):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997), num_layers of them, in one or both directions.

    forward(x, (h0, c0), lengths): x (steps, batch, input_size), (batch, steps, input_size) with batch_first, or (steps,
    input_size); states (layers * directions, batch, hidden_size), zeros if left out; lengths (batch) int64: the steps of
    each sequence, after which outputs are 0 and states stay as they were at its end. Returns the last layer's outputs
    (steps, batch, directions * hidden_size) and (h_n, c_n). dropout acts between layers. x may be a PackedSequence of
    nn.utils.rnn; the outputs are one then. proj_size: outputs and h are projected to this size, less than hidden_size.
    """

    mode = "lstm"

    def forward(
        self, x: Tensor | PackedSequence, hx: tuple[Tensor, Tensor] | None = None, lengths: Tensor | None = None
    ) -> tuple[Any, tuple[Tensor, Tensor]]:
        y, ends = self._run(x, list(hx) if hx is not None else [None, None], lengths)
        return y, (ends[0], ends[1])


class GRU(_Recurrent):
    """Gated recurrent units (Cho et al., 2014). forward(x, h0, lengths) returns outputs and h_n; shapes as of LSTM."""

    mode = "gru"

    def forward(
        self, x: Tensor | PackedSequence, hx: Tensor | None = None, lengths: Tensor | None = None
    ) -> tuple[Any, Tensor]:
        y, ends = self._run(x, [hx], lengths)
        return y, ends[0]


class RNN(_Recurrent):
    """h' = f(w_ih x + b_ih + w_hh h + b_hh). nonlinearity: "tanh" or "relu". forward as of GRU."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        *args: Any,
        **kwargs: Any,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f'RNN: nonlinearity must be "tanh" or "relu", got {nonlinearity!r}')
        self.mode = nonlinearity
        super().__init__(input_size, hidden_size, num_layers, *args, **kwargs)

    def forward(
        self, x: Tensor | PackedSequence, hx: Tensor | None = None, lengths: Tensor | None = None
    ) -> tuple[Any, Tensor]:
        y, ends = self._run(x, [hx], lengths)
        return y, ends[0]


class _RecurrentCell(Module):
    mode = ""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, *, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        rows = _GATES[self.mode] * hidden_size
        self.weight_ih = Parameter(ts.empty((rows, input_size), device=device, dtype=dtype))
        self.weight_hh = Parameter(ts.empty((rows, hidden_size), device=device, dtype=dtype))
        self.bias_ih = Parameter(ts.empty((rows,), device=device, dtype=dtype)) if bias else None
        self.bias_hh = Parameter(ts.empty((rows,), device=device, dtype=dtype)) if bias else None
        bound = 1 / math.sqrt(hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def _step(self, x: Tensor, states: list[Tensor | None]) -> list[Tensor]:
        single = x.dim() == 1
        rows = x.unsqueeze(0) if single else x
        if rows.dim() != 2 or rows.shape[1] != self.input_size:
            raise ValueError(
                f"{type(self).__name__}: input must have shape (batch, {self.input_size}) or ({self.input_size}), "
                f"got {tuple(x.shape)}"
            )
        shape = (rows.shape[0], self.hidden_size)
        given = [
            ts.zeros(shape, dtype=x.dtype, device=x.device) if s is None else s.unsqueeze(0) if single else s
            for s in states
        ]
        weights: tuple[Any, ...] = (self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        c0 = given[1] if len(given) == 2 else None
        results = recurrent_layer(rows.unsqueeze(0), given[0], c0, *weights, mode=self.mode)[1:]
        return [result.squeeze(0) for result in results] if single else list(results)

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias_ih is not None else ", bias=False")


class LSTMCell(_RecurrentCell):
    """One step of an LSTM: forward(x (batch, input_size), (h, c)) returns the next (h, c), of (batch, hidden_size)."""

    mode = "lstm"

    def forward(self, x: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        h, c = self._step(x, list(hx) if hx is not None else [None, None])
        return h, c


class GRUCell(_RecurrentCell):
    """One step of a GRU: forward(x (batch, input_size), h) returns the next h, of (batch, hidden_size)."""

    mode = "gru"

    def forward(self, x: Tensor, hx: Tensor | None = None) -> Tensor:
        return self._step(x, [hx])[0]


class RNNCell(_RecurrentCell):
    """One step of an RNN: forward(x (batch, input_size), h) returns the next h. nonlinearity: "tanh" or "relu"."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh", **kwargs: Any
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f'RNNCell: nonlinearity must be "tanh" or "relu", got {nonlinearity!r}')
        self.mode = nonlinearity
        super().__init__(input_size, hidden_size, bias, **kwargs)

    def forward(self, x: Tensor, hx: Tensor | None = None) -> Tensor:
        return self._step(x, [hx])[0]
