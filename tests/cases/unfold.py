import numpy as np

import tilestack as ts
from harness import Case


def pair(value):
    return (value, value) if isinstance(value, int) else value


def windows(size, kernel, dilation, padding, stride):
    """Places in the padded image of position u of window i: (kernel, windows)."""
    count = (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
    return np.arange(kernel)[:, None] * dilation + np.arange(count) * stride


def places(height, width, kernel_size, dilation, padding, stride):
    steps = zip(pair(kernel_size), pair(dilation), pair(padding), pair(stride), strict=True)
    rows, cols = (windows(size, *step) for size, step in zip((height, width), steps, strict=True))
    return rows[:, None, :, None], cols[None, :, None, :]


def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    ph, pw = pair(padding)
    rows, cols = places(*x.shape[-2:], kernel_size, dilation, padding, stride)
    image = np.pad(x, [(0, 0)] * (x.ndim - 2) + [(ph, ph), (pw, pw)])
    seen = image[..., rows, cols]
    kh, kw, i, j = seen.shape[-4:]
    return seen.reshape(*x.shape[:-3], x.shape[-3] * kh * kw, i * j)


def fold(columns, output_size, kernel_size, dilation=1, padding=0, stride=1):
    height, width = pair(output_size)
    (kh, kw), (ph, pw) = pair(kernel_size), pair(padding)
    rows, cols = places(height, width, kernel_size, dilation, padding, stride)
    channels = columns.shape[-2] // (kh * kw)
    image = np.zeros((*columns.shape[:-2], channels, height + 2 * ph, width + 2 * pw))
    parts = columns.reshape(*columns.shape[:-2], channels, kh, kw, rows.shape[2], cols.shape[3])
    np.add.at(image, (..., rows, cols), parts)
    return image[..., ph : ph + height, pw : pw + width]


STEPS = {"kernel_size": (3, 2), "dilation": (2, 1), "padding": (1, 2), "stride": (1, 3)}

cases = [
    Case(
        op=ts.nn.functional.unfold,
        reference=unfold,
        samples=[
            ((1, 1, 1, 1), {"kernel_size": 1}),
            ((0, 3, 4, 4), {"kernel_size": 2}),
            ((2, 3, 7, 9), STEPS),
            ((3, 5, 5), {"kernel_size": 3, "padding": 1}),
            ((2, 8, 32, 31), {"kernel_size": 2, "stride": 2}),
        ],
        name="unfold",
        bytes_moved=lambda x, kernel_size, **_: (1 + kernel_size**2) * x.nbytes,
        bench=[((16, 64, 56, 56), {"kernel_size": 3, "padding": 1})],
    ),
    Case(
        op=ts.nn.functional.fold,
        reference=fold,
        samples=[
            ((1, 1, 1), {"output_size": 1, "kernel_size": 1}),
            ((0, 12, 9), {"output_size": 4, "kernel_size": 2}),
            ((2, 18, 20), {"output_size": (7, 9), **STEPS}),
            ((27, 25), {"output_size": 5, "kernel_size": 3, "padding": 1}),
            ((2, 32, 240), {"output_size": (32, 31), "kernel_size": 2, "stride": 2}),
        ],
        name="fold",
    ),
]
