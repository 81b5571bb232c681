import numpy as np

import tilestack as ts
from harness import Case


def batch_norm(x, w, b, mean, var, training, momentum=0.1, eps=1e-5):
    """The result and the running statistics after it."""
    mean, var = None if mean is None else mean.clone(), None if var is None else var.clone()
    y = ts.nn.functional.batch_norm(x, mean, var, w, b, training, momentum, eps)
    return (y,) if mean is None else (y, mean, var)


def reference(x, w, b, mean, var, training, momentum=0.1, eps=1e-5):
    axes = (0, *range(2, x.ndim))
    n = x.size // max(1, x.shape[1])
    per_channel = (1, -1, *(1,) * (x.ndim - 2))
    center, spread = mean, var
    if training and n > 0:
        center, spread = x.mean(axes), x.var(axes)
        if mean is not None:
            mean = (1 - momentum) * mean + momentum * center
            var = (1 - momentum) * var + momentum * spread * n / (n - 1)
    if n == 0:
        center, spread = np.zeros(x.shape[1]), np.zeros(x.shape[1])
    h = (x - center.reshape(per_channel)) / np.sqrt(spread.reshape(per_channel) + eps)
    h = h if w is None else h * w.reshape(per_channel)
    h = h if b is None else h + b.reshape(per_channel)
    return (h,) if mean is None else (h, mean, var)


def positive(channels):
    return lambda rng: rng.uniform(0.5, 2, channels)


def sample(shape, **params):
    channels = shape[1:2]
    return (shape, channels, channels, channels, positive(channels), params)


case = Case(
    op=batch_norm,
    reference=reference,
    samples=[
        sample((2, 1), training=True, eps=0.5),  # a small eps leaves but a rounding error of dx
        sample((1, 1), training=False),
        sample((0, 5), training=True),
        sample((7, 5), training=True),
        sample((7, 5), training=False),
        sample((3, 6, 5), training=True),
        sample((3, 6, 5), training=False),
        sample((2, 67, 3, 5), training=True, momentum=0.5),
        sample((2, 67, 3, 5), training=False),
        sample((2, 3, 2, 3, 2), training=True),
        ((4, 3, 2, 2), None, None, None, None, {"training": True}),
        ((4, 3, 2, 2), (3,), None, None, None, {"training": True, "eps": 1e-3}),
        sample((3, 5, 7, 9), training=True),
        sample((3, 5, 7, 9), training=False),
        sample((2, 3, 50, 47), training=True),
        sample((8, 6, 28, 28), training=True),
        sample((4, 64, 24, 24), training=True),
        sample((700, 300), training=True),
    ],
    params={"training": True},
    grad=(0, 1, 2),
    bytes_moved=lambda x, w, b, mean, var, training: 2 * x.nbytes,
    bench=[sample((32, 64, 56, 56), training=True)],
)
