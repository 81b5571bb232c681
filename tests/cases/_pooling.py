"""Windows of images for the references of the pooling ops."""

import numpy as np


def pair(size):
    return size if isinstance(size, tuple) else (size, size)


def sliding(size, kernel, stride, padding, dilation, ceil_mode):
    """Of each window along one dimension: the positions in the input that it covers, and how many of all its positions
    lie in the padded input."""
    extent = dilation * (kernel - 1) + 1
    room = size + 2 * padding - extent
    count = (-(-room // stride) if ceil_mode else room // stride) + 1
    if ceil_mode and (count - 1) * stride >= size + padding:
        count -= 1
    windows = []
    for o in range(count):
        places = [o * stride - padding + i * dilation for i in range(kernel)]
        windows.append(([p for p in places if 0 <= p < size], sum(p < size + padding for p in places)))
    return windows


def adaptive(size, out):
    if out is None:
        out = size
    return [(list(range(o * size // out, -(-(o + 1) * size // out))), 1) for o in range(out)]


def pooled(x, rows, cols, reduce):
    """reduce(elements along the last axis, positions in the padded window) for each window."""
    y = np.zeros((*x.shape[:-2], len(rows), len(cols)))
    for i, (down, height) in enumerate(rows):
        for j, (across, width) in enumerate(cols):
            window = x[..., down, :][..., across]
            y[..., i, j] = reduce(window.reshape(*x.shape[:-2], len(down) * len(across)), height * width)
    return y


ADAPTIVE_SAMPLES = [
    ((1, 1, 1, 1), {"output_size": 1}),
    ((0, 3, 4, 4), {"output_size": 2}),
    ((2, 35, 7, 7), {"output_size": 1}),
    ((3, 7, 5), {"output_size": (3, 2)}),
    ((2, 5, 7, 10), {"output_size": (3, None)}),
    ((2, 5, 3, 4), {"output_size": (6, 7)}),
    ((2, 17, 11, 13), {"output_size": (6, 6)}),
    ((4, 24, 40, 40), {"output_size": 7}),
]
