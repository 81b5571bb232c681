"""Matrix products: GFLOP/s in float32 beside OpenBLAS (numpy), MKL (torch), onnxruntime and XLA (jax), in bfloat16 and
float16 beside torch."""

from __future__ import annotations

from typing import Any

import numpy as np

import tilestack as ts
from bench import peers
from bench.harness import Contenders, Run

# form, M, K, N: NN is A B, NT is A B^T (a linear layer), TN is A^T B (its weight gradient)
SHAPES = [
    *[("NN", n, n, n) for n in (64, 128, 256, 512, 1024, 2048)],
    *[(form, n, n, n) for form in ("NT", "TN") for n in (512, 1024)],
    *[("NT", m, 1024, 1024) for m in (1, 4, 16, 64)],
    ("NN", 4, 1024, 1024),
    *[("NT", m, 4096, 4096) for m in (1, 4, 16, 64)],
    ("NT", 64, 784, 512),
    ("TN", 512, 64, 784),
    ("NT", 64, 768, 3072),
    ("NT", 512, 512, 10),
    ("TN", 10, 2048, 512),
    ("NT", 2048, 768, 3072),
    ("TN", 3072, 8192, 768),
    ("NN", 96, 363, 3025),
    ("NN", 384, 2304, 169),
]
# of bfloat16 and float16
LOW_SHAPES = [
    *[("NN", n, n, n) for n in (256, 512, 1024)],
    ("NT", 2048, 768, 3072),
    ("TN", 768, 2048, 3072),
    *[("NT", m, 1024, 4096) for m in (1, 4, 8, 16, 64)],
]


def contenders_of(a: np.ndarray, b: np.ndarray, threads: int) -> Contenders:
    x, y = ts.from_numpy(a), ts.from_numpy(b)
    out: Contenders = {"tilestack": lambda: ts.matmul(x, y), "numpy": lambda: a @ b}
    if torch := peers.find("torch"):
        tx, ty = torch.from_numpy(a), torch.from_numpy(b)
        out["torch"] = lambda: tx @ ty
    if jax := peers.find("jax"):
        out["jax"] = jax_product(jax, a, b)
    if call := peers.onnx_product(a, b, threads):
        out["onnxruntime"] = call
    return out


def jax_product(jax: Any, a: np.ndarray, b: np.ndarray) -> Any:
    """jax arrays are contiguous, so that a transposed operand must be turned within the function."""
    turn_a, turn_b = (not x.flags.c_contiguous for x in (a, b))
    x, y = jax.numpy.asarray(a.T if turn_a else a), jax.numpy.asarray(b.T if turn_b else b)
    product = jax.jit(lambda x, y: (x.T if turn_a else x) @ (y.T if turn_b else y))
    return lambda: product(x, y).block_until_ready()


def low_contenders_of(dtype: str, a: np.ndarray, b: np.ndarray) -> Contenders:
    def product(lib: Any) -> Any:
        x, y = (lib.from_numpy(array).to(getattr(lib, dtype)) for array in (a, b))
        return lambda: x @ y

    torch = peers.find("torch")
    return {"tilestack": product(ts), **({"torch": product(torch)} if torch else {})}


def run(run: Run) -> None:
    for form, m, k, n in SHAPES[:4] if run.quick else SHAPES:
        compare(run, "float32", form, m, k, n)
    for dtype in ("bfloat16", "float16"):
        for form, m, k, n in LOW_SHAPES[:1] if run.quick else LOW_SHAPES:
            compare(run, dtype, form, m, k, n)


def compare(run: Run, dtype: str, form: str, m: int, k: int, n: int) -> None:
    name = f"{form} {m}x{k}x{n}" + ("" if dtype == "float32" else f" {dtype}")
    if not run.wants(name):
        return
    rng = np.random.default_rng(0)
    a = rng.standard_normal((k, m) if form == "TN" else (m, k), dtype=np.float32)
    b = rng.standard_normal((n, k) if form == "NT" else (k, n), dtype=np.float32)
    a, b = a.T if form == "TN" else a, b.T if form == "NT" else b
    contenders = contenders_of(a, b, run.threads) if dtype == "float32" else low_contenders_of(dtype, a, b)
    rates = {who: 2e-9 * m * k * n / t for who, t in run.time(contenders, seconds=0.5).items()}
    peak = float(run.peak.get("bfloat16_gflops", 0)) if dtype == "bfloat16" else run.fma()
    run.add_compared(
        {"work": name, "unit": "GFLOP/s", **({"of_peak": rates["tilestack"] / peak} if peak else {})}, rates
    )
