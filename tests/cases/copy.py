import numpy as np

import tilestack as ts
from cases._elementwise import UNARY
from harness import ALL, FLOATS, Case, rounded


def convert(name):
    """To a dtype; values stay within what each can hold."""
    return Case(
        op=lambda x: x.to(getattr(ts, name)),
        reference=lambda x: rounded(np.trunc(x) if name not in (*FLOATS, "bool") else x, name),
        samples=UNARY,
        dtypes=ALL,
        low=0,
        high=100,
        grad=False,
        result_dtype=name,
        name=f"copy-to-{name}",
    )


cases = [
    *map(convert, ALL),
    Case(
        op=lambda x: x.to(ts.float64) * 2,
        reference=lambda x: x * 2,
        samples=UNARY,
        result_dtype="float64",
        name="copy-gradient",
    ),
    Case(
        op=lambda x, axes: x.permute(axes).contiguous(),
        reference=np.transpose,
        samples=[
            ((0, 3), {"axes": (1, 0)}),
            ((1, 7), {"axes": (1, 0)}),
            ((5, 3), {"axes": (1, 0)}),
            ((257, 131), {"axes": (1, 0)}),
            ((2, 3, 5, 7), {"axes": (0, 2, 3, 1)}),
            ((3, 16, 33, 35), {"axes": (0, 2, 3, 1)}),
            ((3, 33, 35, 16), {"axes": (0, 3, 1, 2)}),
            ((2, 3, 4, 5, 6), {"axes": (4, 2, 0, 1, 3)}),
        ],
        dtypes=ALL,
        grad=(0,),
        name="copy-transposed",
        bytes_moved=lambda x, axes: 2 * x.nbytes,
        bench=[
            ((4096, 4096), {"axes": (1, 0)}),
            ((32, 64, 56, 56), {"axes": (0, 2, 3, 1)}),
            ((32, 56, 56, 64), {"axes": (0, 3, 1, 2)}),
        ],
    ),
]
