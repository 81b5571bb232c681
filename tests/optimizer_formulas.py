"""Every optimizer's formula in numpy: f(w, g, state, step, **options), and options to try it with."""

from __future__ import annotations

import numpy as np

from tilestack import optim


def sgd(w, g, s, t, lr, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False, maximize=False):
    g = (-g if maximize else g) + weight_decay * w
    if momentum:
        s["v"] = g if t == 1 else momentum * s["v"] + (1 - dampening) * g
        g = g + momentum * s["v"] if nesterov else s["v"]
    return w - lr * g


def adam(
    w, g, s, t, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, amsgrad=False, maximize=False, decoupled=False
):
    g = -g if maximize else g
    if decoupled:
        w = w * (1 - lr * weight_decay)
    else:
        g = g + weight_decay * w
    s["m"] = betas[0] * s.get("m", 0) + (1 - betas[0]) * g
    s["v"] = betas[1] * s.get("v", 0) + (1 - betas[1]) * g * g
    s["most"] = np.maximum(s.get("most", 0), s["v"])
    root = np.sqrt((s["most"] if amsgrad else s["v"]) / (1 - betas[1] ** t)) + eps
    return w - lr / (1 - betas[0] ** t) * s["m"] / root


def rmsprop(w, g, s, t, lr, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False):
    g = g + weight_decay * w
    s["v"] = alpha * s.get("v", 0) + (1 - alpha) * g * g
    s["mean"] = alpha * s.get("mean", 0) + (1 - alpha) * g
    step = g / (np.sqrt(s["v"] - s["mean"] ** 2 if centered else s["v"]) + eps)
    s["b"] = momentum * s.get("b", 0) + step
    return w - lr * s["b"]


def nadam(
    w,
    g,
    s,
    t,
    lr=2e-3,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0.0,
    momentum_decay=4e-3,
    decoupled_weight_decay=False,
    maximize=False,
):
    g = -g if maximize else g
    if decoupled_weight_decay:
        w = w * (1 - lr * weight_decay)
    else:
        g = g + weight_decay * w
    mu, mu_next = (betas[0] * (1 - 0.5 * 0.96 ** (i * momentum_decay)) for i in (t, t + 1))
    s["product"] = product = s.get("product", 1) * mu
    s["m"] = betas[0] * s.get("m", 0) + (1 - betas[0]) * g
    s["v"] = betas[1] * s.get("v", 0) + (1 - betas[1]) * g * g
    root = np.sqrt(s["v"] / (1 - betas[1] ** t)) + eps
    return w - lr * ((1 - mu) / (1 - product) * g + mu_next / (1 - product * mu_next) * s["m"]) / root


def radam(
    w, g, s, t, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, decoupled_weight_decay=False, maximize=False
):
    g = -g if maximize else g
    if decoupled_weight_decay:
        w = w * (1 - lr * weight_decay)
    else:
        g = g + weight_decay * w
    s["m"] = betas[0] * s.get("m", 0) + (1 - betas[0]) * g
    s["v"] = betas[1] * s.get("v", 0) + (1 - betas[1]) * g * g
    power, longest = betas[1] ** t, 2 / (1 - betas[1]) - 1
    length = longest - 2 * t * power / (1 - power)
    step = lr * s["m"] / (1 - betas[0] ** t)
    if length > 5:
        rect = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
        step = step * np.sqrt(rect * (1 - power)) / (np.sqrt(s["v"]) + eps)
    return w - step


def adagrad(
    w, g, s, t, lr=1e-2, lr_decay=0.0, weight_decay=0.0, initial_accumulator_value=0.0, eps=1e-10, maximize=False
):
    g = (-g if maximize else g) + weight_decay * w
    s["sum"] = s.get("sum", initial_accumulator_value) + g * g
    return w - lr / (1 + (t - 1) * lr_decay) * g / (np.sqrt(s["sum"]) + eps)


def lion(w, g, s, t, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0, maximize=False):
    g = -g if maximize else g
    m = s.get("m", 0)
    s["m"] = betas[1] * m + (1 - betas[1]) * g
    return w * (1 - lr * weight_decay) - lr * np.sign(betas[0] * m + (1 - betas[0]) * g)


def lamb(w, g, s, t, lr=1e-3, betas=(0.9, 0.999), eps=1e-6, weight_decay=1e-2, maximize=False):
    g = -g if maximize else g
    s["m"] = betas[0] * s.get("m", 0) + (1 - betas[0]) * g
    s["v"] = betas[1] * s.get("v", 0) + (1 - betas[1]) * g * g
    d = s["m"] / (1 - betas[0] ** t) / (np.sqrt(s["v"] / (1 - betas[1] ** t)) + eps) + weight_decay * w
    sizes = np.sqrt((w * w).sum()), np.sqrt((d * d).sum())
    return w - lr * (sizes[0] / sizes[1] if min(sizes) > 0 else 1) * d


def adafactor(
    w, g, s, t, lr=1e-2, beta2_decay=-0.8, eps=(None, 1e-3), d=1.0, weight_decay=0.0, maximize=False, epsilon=None
):
    g = -g if maximize else g
    eps1 = epsilon if eps[0] is None else eps[0]
    rate = min(lr, t**-0.5) * max(eps[1], np.sqrt((w * w).mean())) if w.size else 0
    w = w * (1 - lr * weight_decay)

    def move(name, new):
        s[name] = s.get(name, 0) + t**beta2_decay * (new - s.get(name, 0))
        return s[name]

    if g.ndim < 2:
        v = move("v", g * g)
    else:
        rows, columns = move("r", (g * g).mean(-1, keepdims=True)), move("c", (g * g).mean(-2, keepdims=True))
        v = rows * columns / np.maximum(rows.mean(-2, keepdims=True), eps1)
    u = g / np.sqrt(np.maximum(v, eps1**2))
    return w - rate * u / max(1, np.sqrt((u * u).mean()) / d) if w.size else w


def orthogonal(x, coefficients=(3.4445, -4.775, 2.0315), eps=1e-7, steps=5):
    a, b, c = coefficients
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    x = x / max(np.sqrt((x * x).sum()), eps)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x


def muon(w, g, s, t, lr=1e-3, weight_decay=0.1, momentum=0.95, nesterov=True, ns_steps=5, adjust_lr_fn=None):
    s["b"] = s.get("b", 0) + (1 - momentum) * (g - s.get("b", 0))
    mixed = g + momentum * (s["b"] - g) if nesterov else s["b"]
    rows, columns = w.shape
    factor = 0.2 * np.sqrt(max(rows, columns)) if adjust_lr_fn else np.sqrt(max(1, rows / columns))
    return w * (1 - lr * weight_decay) - lr * factor * orthogonal(mixed, steps=ns_steps)


CASES = [
    (optim.SGD, sgd, {"lr": 0.1}),
    (optim.SGD, sgd, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}),
    (optim.SGD, sgd, {"lr": 0.1, "momentum": 0.9, "dampening": 0.3}),
    (optim.SGD, sgd, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "maximize": True}),
    (optim.Adam, adam, {"lr": 0.01}),
    (optim.Adam, adam, {"lr": 0.01, "betas": (0.8, 0.9), "weight_decay": 0.1, "eps": 1e-6}),
    (optim.Adam, adam, {"lr": 0.01, "amsgrad": True, "maximize": True}),
    (optim.AdamW, adam, {"lr": 0.01, "weight_decay": 0.1}),
    (optim.AdamW, adam, {"lr": 0.01, "amsgrad": True}),
    (optim.RMSprop, rmsprop, {"lr": 0.01}),
    (optim.RMSprop, rmsprop, {"lr": 0.01, "momentum": 0.9, "weight_decay": 0.1}),
    (optim.RMSprop, rmsprop, {"lr": 0.01, "centered": True, "alpha": 0.9}),
    (optim.RMSprop, rmsprop, {"lr": 0.01, "centered": True, "momentum": 0.5}),
    (optim.NAdam, nadam, {}),
    (optim.NAdam, nadam, {"lr": 0.01, "weight_decay": 0.1, "momentum_decay": 0.1, "maximize": True}),
    (optim.NAdam, nadam, {"lr": 0.01, "betas": (0.8, 0.9), "weight_decay": 0.1, "decoupled_weight_decay": True}),
    (optim.RAdam, radam, {}),
    (optim.RAdam, radam, {"lr": 0.01, "weight_decay": 0.1, "maximize": True}),
    (optim.RAdam, radam, {"lr": 0.01, "betas": (0.8, 0.9), "weight_decay": 0.1, "decoupled_weight_decay": True}),
    (optim.Adagrad, adagrad, {}),
    (optim.Adagrad, adagrad, {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.1, "maximize": True}),
    (optim.Adagrad, adagrad, {"lr": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-5}),
    (optim.Lion, lion, {}),
    (optim.Lion, lion, {"lr": 0.01, "betas": (0.8, 0.95), "weight_decay": 0.1, "maximize": True}),
    (optim.LAMB, lamb, {}),
    (optim.LAMB, lamb, {"lr": 0.1, "betas": (0.8, 0.95), "weight_decay": 0.0, "maximize": True}),
    (optim.Adafactor, adafactor, {}),
    (optim.Adafactor, adafactor, {"lr": 0.1, "weight_decay": 0.1, "d": 2.0, "maximize": True}),
    (optim.Adafactor, adafactor, {"lr": 0.1, "eps": (1e-3, 0.1), "beta2_decay": -0.5}),
]
