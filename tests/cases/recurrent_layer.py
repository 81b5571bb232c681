import numpy as np

import tilestack as ts
from harness import Case


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def step(mode, a, u, h, c):
    """The state after one step, from the input's and the state's parts of the gates."""
    if mode == "lstm":
        i, f, g, o = np.split(a + u, 4, -1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(c), c
    if mode == "gru":
        (ar, az, an), (ur, uz, un) = np.split(a, 3, -1), np.split(u, 3, -1)
        z, n = sigmoid(az + uz), np.tanh(an + sigmoid(ar + ur) * un)
        return (1 - z) * n + z * h, c
    return (np.tanh(a + u) if mode == "tanh" else np.maximum(a + u, 0)), c


def reference(x, h, c, w_ih, w_hh, b_ih, b_hh, mode="lstm", reverse=False, lengths=None):
    outputs = np.zeros((*x.shape[:2], h.shape[1]))
    b_ih, b_hh = (np.zeros(len(w_ih)) if b is None else b for b in (b_ih, b_hh))
    for t in range(len(x))[:: -1 if reverse else 1]:
        goes_on = (np.full(x.shape[1], len(x)) if lengths is None else np.array(lengths))[:, None] > t
        h_next, c_next = step(mode, x[t] @ w_ih.T + b_ih, h @ w_hh.T + b_hh, h, c)
        h = np.where(goes_on, h_next, h)
        c = c if c is None else np.where(goes_on, c_next, c)
        outputs[t] = np.where(goes_on, h, 0)
    return np.concatenate([part.ravel() for part in (outputs, h, c) if part is not None])


def layer(x, h, c, w_ih, w_hh, b_ih, b_hh, mode="lstm", reverse=False, lengths=None):
    lengths = None if lengths is None else ts.tensor(lengths, device=x.device)
    results = ts.recurrent_layer(x, h, c, w_ih, w_hh, b_ih, b_hh, mode=mode, reverse=reverse, lengths=lengths)
    return ts.cat([part.flatten() for part in results])


def sample(mode, steps, batch, features, size, bias=True, **params):
    rows = {"lstm": 4, "gru": 3}.get(mode, 1) * size
    state, biases = (batch, size), [(rows,) if bias else None] * 2
    c = state if mode == "lstm" else None
    return ((steps, batch, features), state, c, (rows, features), (rows, size), *biases, {"mode": mode, **params})


case = Case(
    op=layer,
    reference=reference,
    samples=[
        sample("lstm", 1, 1, 1, 1),
        sample("lstm", 3, 2, 5, 4),
        sample("lstm", 4, 3, 3, 17, bias=False, reverse=True),
        sample("lstm", 4, 3, 3, 33, lengths=[4, 1, 2]),
        sample("lstm", 4, 3, 3, 5, reverse=True, lengths=[0, 4, 2]),
        sample("lstm", 0, 3, 2, 4),
        sample("lstm", 3, 0, 2, 4),
        sample("lstm", 2, 150, 4, 65),
        sample("gru", 3, 2, 5, 4),
        sample("gru", 2, 190, 4, 65),
        sample("gru", 4, 3, 3, 17, bias=False, reverse=True),
        sample("gru", 4, 3, 3, 33, lengths=[4, 1, 2]),
        sample("gru", 4, 3, 3, 5, reverse=True, lengths=[0, 4, 2]),
        sample("tanh", 3, 2, 5, 18),
        sample("tanh", 4, 3, 3, 5, reverse=True, lengths=[1, 4, 2]),
        sample("relu", 3, 2, 5, 4),
        sample("relu", 4, 3, 3, 17, bias=False, lengths=[4, 1, 2]),
    ],
    low=-0.5,
    high=0.5,
    tolerance={"float64": (1e-12, 1e-13), "bfloat16": (3e-2, 3e-2), "float16": (4e-3, 4e-3)},
    flops=lambda x, h, c, w_ih, w_hh, b_ih, b_hh, **params: 2 * x.shape[0] * x.shape[1] * (w_ih.size + w_hh.size),
    bench=[sample("lstm", 64, 32, 256, 256), sample("gru", 64, 32, 256, 256)],
)
