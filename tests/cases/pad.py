import numpy as np

import tilestack as ts
from harness import FLOATS, INTS, Case

MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def reference(x, pad, mode="constant", value=0):
    widths = [(0, 0)] * (x.ndim - len(pad) // 2) + [(pad[i], pad[i + 1]) for i in range(len(pad) - 2, -1, -2)]
    x = x[tuple(slice(max(0, -a), size - max(0, -b)) for (a, b), size in zip(widths, x.shape, strict=True))]
    widths = [(max(0, a), max(0, b)) for a, b in widths]
    return np.pad(x, widths, MODES[mode], **({"constant_values": value} if mode == "constant" else {}))


case = Case(
    op=ts.nn.functional.pad,
    reference=reference,
    samples=[
        ((1,), {"pad": (0, 0)}),
        ((1,), {"pad": (2, 1), "value": 3}),
        ((0, 3), {"pad": (1, 1)}),
        ((2, 5), {"pad": (1, 2, 3, 0), "value": 2}),
        ((2, 5), {"pad": (-1, 2, 0, -1)}),
        ((2, 3, 4, 5), {"pad": (1, 1, 2, 2)}),
        ((2, 3, 4, 5), {"pad": (1, 3, 2, 0), "mode": "reflect"}),
        ((2, 3, 4, 5), {"pad": (1, 7, 2, 0), "mode": "replicate"}),
        ((2, 3, 4, 5), {"pad": (1, 5, 4, 0), "mode": "circular"}),
        ((2, 1), {"pad": (3, 3), "mode": "replicate"}),
        ((2, 3, 4, 5), {"pad": (-1, 2, 3, -2), "mode": "replicate"}),
        ((2, 3, 4, 5), {"pad": (-1, 2, 1, -2), "mode": "circular"}),
        ((8, 3, 64, 64), {"pad": (4, 4, 4, 4)}),
    ],
    dtypes=(*FLOATS, *INTS),
    bytes_moved=lambda x, pad: 2 * x.nbytes,
    bench=[((128, 3, 32, 32), {"pad": (4, 4, 4, 4)})],
)
