"""What the cases of optimizers share. They step copies, since an op under test leaves its inputs alone."""

import tilestack as ts

SHAPES = [(), (1,), (0, 3), (7,), (3, 33), (70_001,)]


def state(*xs):
    """Copies in the dtype of state: float32, or float64 for float64."""
    return [x.clone().to(ts.float64 if x.dtype == ts.float64 else ts.float32) for x in xs]
