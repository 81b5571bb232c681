import numpy as np

import tilestack as ts
from cases._softmax import BENCH, SAMPLES, log_softmax, read_and_written
from harness import Case

case = Case(
    op=ts.nn.functional.softmax,
    reference=lambda x, dim: np.exp(log_softmax(x, dim)),
    samples=SAMPLES,
    bytes_moved=read_and_written,
    bench=BENCH,
)
