"""Attention of float32, causal and not, forward and backward: GFLOP/s, where causal halves the operations."""

from __future__ import annotations

from bench.harness import Run
from bench.work import Work, compare

# batch, heads, tokens, head size
SHAPES = [
    (12, 4, 64, 32),
    (8, 12, 256, 64),
    (8, 6, 256, 64),
    (8, 12, 1024, 64),
    (2, 8, 1024, 128),
    (1, 4, 4096, 64),
]


def work(shape: tuple[int, int, int, int], causal: bool) -> Work:
    batch, heads, tokens, size = shape
    flops = 4 * batch * heads * tokens * tokens * size // (2 if causal else 1)
    return Work(
        f"{batch}x{heads}x{tokens}x{size}{', causal' if causal else ''}",
        lambda lib, q, k, v: lib.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=causal),
        [shape] * 3,
        flops=(flops, 2.5 * flops),
    )


def run(run: Run) -> None:
    compare(run, [work(shape, causal) for shape in SHAPES for causal in (True, False)])
