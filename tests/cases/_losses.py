"""What the cases of losses share."""

import numpy as np

REDUCTIONS = {"mean": np.mean, "sum": np.sum, "none": lambda losses: losses}


def pointwise(loss):
    return lambda x, t, reduction: (
        np.sum(loss(x, t)) / x.size if reduction == "mean" else REDUCTIONS[reduction](loss(x, t))
    )


def same_shapes():
    shapes = [(), (1,), (0,), (7,), (3, 33), (2, 3, 5, 7), (70_001,)]
    return [(shape, shape) for shape in shapes]


PARAMS = [{"reduction": r} for r in REDUCTIONS]


def classes(shape, n, ignored=None, dtype=np.int64):
    def make(rng):
        t = rng.integers(0, n, shape)
        if ignored is not None:
            t = np.where(rng.random(shape) < 0.3, ignored, t)
        return np.asarray(t, dtype)

    return make


def class_loss(log_p, t, w, ignore_index, reduction, smoothing=0.0):
    """Of log-probabilities (N, C, ...) and classes or probabilities."""
    axis = 0 if log_p.ndim == 1 else 1
    n = log_p.shape[axis]
    log_p = np.moveaxis(log_p, axis, -1)
    w = np.ones(n) if w is None else w
    if t.dtype.kind == "f":
        q, counted, weight = np.moveaxis(t, axis, -1), np.ones(log_p.shape[:-1], bool), np.ones(log_p.shape[:-1])
    else:
        counted = t != ignore_index
        safe = np.where(counted, t, 0)
        q, weight = np.eye(n)[safe], np.where(counted, w[safe], 0)
    q = (1 - smoothing) * q + smoothing / n
    losses = np.where(counted, -np.sum(w * q * log_p, -1), 0)
    if reduction == "none":
        return losses
    return np.sum(losses) / np.sum(weight) if reduction == "mean" else np.sum(losses)
