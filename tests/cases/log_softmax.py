import tilestack as ts
from cases._softmax import BENCH, SAMPLES, log_softmax, read_and_written
from harness import Case

case = Case(
    op=ts.nn.functional.log_softmax,
    reference=log_softmax,
    samples=SAMPLES,
    # dx = dy - exp(y) sum(dy) from the rounded y
    tolerance={"bfloat16": (2**-7, 0.02), "float16": (2**-10, 0.003)},
    bytes_moved=read_and_written,
    bench=BENCH,
)
