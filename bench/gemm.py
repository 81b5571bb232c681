"""float32 matrix products: GFLOP/s beside numpy (OpenBLAS) and torch (MKL), and as a fraction of the FMA peak."""

from __future__ import annotations

import numpy as np

import tilestack as ts
from bench.harness import Run, torch_or_none, use_threads

# form, M, K, N: NN is A B, NT is A B^T (a linear layer), TN is A^T B (its weight gradient)
SHAPES = [
    *[("NN", n, n, n) for n in (64, 128, 256, 512, 1024, 2048)],
    ("NT", 1024, 1024, 1024),
    ("TN", 1024, 1024, 1024),
    *[("NT", m, 1024, 1024) for m in (1, 4, 16, 64)],
    ("NT", 64, 784, 512),
    ("TN", 512, 64, 784),
    ("NT", 512, 512, 10),
    ("TN", 10, 2048, 512),
    ("NT", 2048, 768, 3072),
]


def run(run: Run) -> None:
    torch = torch_or_none()
    rng = np.random.default_rng(0)
    for threads in run.threads:
        use_threads(threads)
        for form, m, k, n in SHAPES:
            a = rng.standard_normal((k, m) if form == "TN" else (m, k), dtype=np.float32)
            b = rng.standard_normal((n, k) if form == "NT" else (k, n), dtype=np.float32)
            a, b = a.T if form == "TN" else a, b.T if form == "NT" else b
            ours = ts.from_numpy(a), ts.from_numpy(b)
            contenders = {"tilestack": lambda x=ours: ts.matmul(*x), "numpy": lambda x=(a, b): x[0] @ x[1]}
            if torch:
                theirs = torch.from_numpy(a), torch.from_numpy(b)
                contenders["torch"] = lambda x=theirs: x[0] @ x[1]
            rates = {name: 2e-9 * m * k * n / t for name, t in run.time(contenders, seconds=0.5).items()}
            row = {"threads": threads, "form": form, "MxKxN": f"{m}x{k}x{n}", **rates}
            if run.peak:
                row["of_peak"] = rates["tilestack"] / (threads * run.peak["fma_gflops"])
            row["of_best_peer"] = rates["tilestack"] / max(r for name, r in rates.items() if name != "tilestack")
            run.add(row)
