import tilestack as ts
from cases._pooling import ADAPTIVE_SAMPLES, adaptive, pair, pooled
from harness import Case


def reference(x, output_size):
    rows, cols = (adaptive(size, out) for size, out in zip(x.shape[-2:], pair(output_size), strict=True))
    return pooled(x, rows, cols, lambda window, _: window.max(-1))


case = Case(
    op=ts.nn.functional.adaptive_max_pool2d,
    reference=reference,
    samples=ADAPTIVE_SAMPLES,
    bytes_moved=lambda x, output_size: x.nbytes,
    bench=[((32, 512, 7, 7), {"output_size": 1})],
)
