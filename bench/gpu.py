"""Benchmarks on a GPU, beside torch: python -m bench.gpu PART --out DIR.

Times are medians of CUDA events around several calls, contenders in turn; inputs are random normal numbers and rotate
among enough copies to be out of the L2 cache. Rates are also given as fractions of what the machine did in the same
run: a device copy for bytes, torch's largest bf16 product for multiply-adds.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import tilestack as ts
from bench import peers
from bench.harness import machine

F = ts.nn.functional
L2_BYTES = 128 << 20  # more than any GPU's, so that rotating buffers come from memory
Call = Callable[[int], Any]  # gets the number of the round, to choose its buffers by


class GpuRun:
    """Collects rows, and what they are measured against."""

    def __init__(self, name: str, quick: bool) -> None:
        self.name, self.quick = name, quick
        self.torch = peers.find("torch")
        if self.torch and not self.torch.cuda.is_available():
            self.torch = None
        self.rows: list[dict[str, Any]] = []
        self.copy_rate = self._copy_rate()

    def _copy_rate(self) -> float:
        """Bytes read and written a second by a device copy."""
        n = (1 << 16) if self.quick else (1 << 28)
        x, y = ts.empty(n, device="cuda"), ts.empty(n, device="cuda")
        return 2 * x.nbytes / self.time({"tilestack": lambda i: y.copy_(x)})["tilestack"]

    def time(self, contenders: dict[str, Call], rounds: int = 11) -> dict[str, float]:
        """Median seconds of a call."""
        rounds = 2 if self.quick else rounds
        calls = {name: self._calls(name, call) for name, call in contenders.items()}
        samples: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(rounds):
            for name, call in contenders.items():
                samples[name].append(self._measure(name, call, calls[name]) / calls[name])
        return {name: statistics.median(times) for name, times in samples.items()}

    def _calls(self, name: str, call: Call) -> int:
        """As many calls as take about 20 ms, at least 3."""
        if self.quick:
            call(0)
            return 1
        for i in range(3):
            call(i)
        once = self._measure(name, call, 3) / 3
        return max(3, min(1000, int(0.02 / max(once, 1e-7))))

    def _measure(self, name: str, call: Call, calls: int) -> float:
        if name.startswith("torch"):
            start, end = (self.torch.cuda.Event(enable_timing=True) for _ in range(2))
            start.record()
            for i in range(calls):
                call(i)
            end.record()
            end.synchronize()
        else:
            start, end = ts.cuda.Event(enable_timing=True), ts.cuda.Event(enable_timing=True)
            stream = ts.cuda.current_stream()
            start.record(stream)
            for i in range(calls):
                call(i)
            end.record(stream)
            end.synchronize()
        return start.elapsed_time(end) * 1e-3

    def add(self, row: dict[str, Any]) -> None:
        self.rows.append(row)
        print("  ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items()), flush=True)

    def compare(
        self, what: dict[str, Any], contenders: dict[str, Call], *, flops: float = 0, nbytes: float = 0
    ) -> None:
        """One row: time of each contender, rates of ours, ratio to the fastest peer."""
        contenders = {name: call for name, call in contenders.items() if self.torch or not name.startswith("torch")}
        times = self.time(contenders)
        row = {**what, **{f"{name}_us": t * 1e6 for name, t in times.items()}}
        ours = times["tilestack"]
        if flops:
            row["tflops"] = flops / ours * 1e-12
        if nbytes:
            row["gb_s"] = nbytes / ours * 1e-9
            row["of_copy"] = nbytes / ours / self.copy_rate
        peers = [t for name, t in times.items() if name.startswith("torch")]
        if peers:
            row["vs_peer"] = min(peers) / ours
        self.add(row)

    def save(self, folder: Path) -> None:
        gpu = ts.cuda.get_device_properties()
        peers = {"torch": self.torch.__version__} if self.torch else {}
        head = {"gpu": gpu, "copy_gb_s": self.copy_rate * 1e-9, "machine": machine(), "peers": peers}
        (folder / f"gpu-{self.name}.json").write_text(json.dumps({**head, "rows": self.rows}, indent=1) + "\n")


def pair(run: GpuRun, shape: tuple[int, ...], dtype: str, scale: float = 1.0) -> tuple[Any, Any]:
    """The same random normal values for both libraries."""
    x = ts.randn(*shape).mul(scale).to(getattr(ts, dtype)).to("cuda")
    if not run.torch:
        return x, None
    return x, run.torch.from_dlpack(x).clone()


def copies(run: GpuRun, shape: tuple[int, ...], dtype: str, nbytes: int) -> list[tuple[Any, Any]]:
    """Enough pairs to be out of cache."""
    count = 1 if run.quick else max(1, min(8, math.ceil(L2_BYTES / max(nbytes, 1))))
    return [pair(run, shape, dtype) for _ in range(count)]


def gemm(run: GpuRun) -> None:
    """C = A B^T and its two gradients' forms, at square sizes and at those of GPT-2 (124M) training."""
    squares = [(n, n, n) for n in ((64, 128) if run.quick else (1024, 2048, 4096, 8192, 16384))]
    gpt2 = [] if run.quick else [(8192, n, k) for n, k in ((2304, 768), (768, 768), (3072, 768), (768, 3072))]
    for dtype in ("bfloat16", "float16", "float32"):
        for m, n, k in squares + gpt2:
            if dtype == "float32" and m * n * k > 8192**3:
                continue
            for form in ("NT", "NN", "TN") if (m, n, k) in gpt2 or n == 4096 or run.quick else ("NT",):
                a_shape, b_shape = (k, m) if form == "TN" else (m, k), (n, k) if form == "NT" else (k, n)
                nbytes = (m * k + n * k) * (4 if dtype == "float32" else 2)
                inputs = list(
                    zip(copies(run, a_shape, dtype, nbytes), copies(run, b_shape, dtype, nbytes), strict=True)
                )

                def product(which: int, form: str = form, inputs: Any = inputs) -> Call:
                    def call(i: int) -> Any:
                        a, b = (side[which] for side in inputs[i % len(inputs)])
                        return (a.t() if form == "TN" else a) @ (b.t() if form == "NT" else b)

                    return call

                what = {"dtype": dtype, "form": form, "MxNxK": f"{m}x{n}x{k}"}
                run.compare(what, {"tilestack": product(0), "torch": product(1)}, flops=2.0 * m * n * k)


# batch, in, size, out, kernel, stride, groups: layers of ResNet-50, AlexNet, MobileNet
CONVOLUTIONS = [
    (64, 3, 224, 64, 7, 2, 1), (64, 64, 56, 64, 3, 1, 1), (64, 256, 56, 128, 1, 1, 1), (64, 128, 56, 128, 3, 2, 1),
    (64, 512, 7, 512, 3, 1, 1), (128, 3, 224, 64, 11, 4, 1), (128, 64, 27, 192, 5, 1, 1), (64, 96, 56, 96, 3, 1, 96),
]  # fmt: skip


def conv(run: GpuRun) -> None:
    """conv2d forward, and forward with both gradients, channels-last, bf16 and float32."""
    for dtype in ("bfloat16", "float32"):
        for batch, c_in, size, c_out, kernel, stride, groups in CONVOLUTIONS:
            if run.quick:
                batch, size, c_in, c_out, groups = 1, 12, min(c_in, 8), 8, min(groups, 8)
            (x, tx), (w, tw) = (
                pair(run, (batch, c_in, size, size), dtype),
                pair(run, (c_out, c_in // groups, kernel, kernel), dtype, 0.05),
            )
            if tx is not None:
                tx = tx.contiguous(memory_format=run.torch.channels_last).requires_grad_()
                tw = tw.contiguous(memory_format=run.torch.channels_last).requires_grad_()
            x, w = x.requires_grad_(), w.requires_grad_()
            options = {"stride": stride, "padding": kernel // 2, "groups": groups}
            out = (size + 2 * (kernel // 2) - kernel) // stride + 1
            flops = 2.0 * batch * out * out * c_out * (c_in // groups) * kernel * kernel
            name = f"{c_in}@{size} -> {c_out}, {kernel}x{kernel}/{stride}" + (
                f", {groups} groups" if groups > 1 else ""
            )

            def forward(library: Any, a: Any, b: Any, options: Any = options) -> Call:
                def call(i: int) -> Any:
                    with library.no_grad():
                        return library.nn.functional.conv2d(a, b, **options)

                return call

            def both(library: Any, a: Any, b: Any, options: Any = options) -> Call:
                dy = library.ones_like(library.nn.functional.conv2d(a, b, **options).detach())

                def call(i: int) -> Any:
                    a.grad = b.grad = None
                    library.nn.functional.conv2d(a, b, **options).backward(dy)

                return call

            for what, make, factor in (("forward", forward, 1), ("forward and gradients", both, 3)):
                contenders = {"tilestack": make(ts, x, w)}
                if run.torch:
                    contenders["torch"] = make(run.torch, tx, tw)
                row = {"dtype": dtype, "layer": name, "batch": batch, "pass": what}
                run.compare(row, contenders, flops=factor * flops)


def memory(run: GpuRun) -> None:
    """Memory-bound kernels as fractions of the copy bandwidth."""
    for dtype in ("float32", "bfloat16"):
        memory_of(run, dtype)


def memory_of(run: GpuRun, dtype: str) -> None:
    rows, cols = (64, 96) if run.quick else (16384, 4096)
    classes = 128 if run.quick else 50304
    torch = run.torch
    item = 4 if dtype == "float32" else 2
    size = rows * cols * item
    xs = copies(run, (rows, cols), dtype, size)
    (w, tw), (b, tb) = pair(run, (cols,), dtype), pair(run, (cols,), dtype)
    logits = [pair(run, (max(rows // 8, 8), classes), dtype)]
    target = ts.randint(0, classes, (max(rows // 8, 8),)).to("cuda")
    ttarget = torch.from_dlpack(target) if torch else None

    def bench(name: str, nbytes: float, ours: Any, theirs: Any, inputs: Any) -> None:
        def ours_call(i: int) -> Any:
            return ours(inputs[i % len(inputs)][0])

        def theirs_call(i: int) -> Any:
            return theirs(inputs[i % len(inputs)][1])

        shape = tuple(inputs[0][0].shape)
        row = {"dtype": dtype, "op": name, "shape": f"{shape}"}
        run.compare(row, {"tilestack": ours_call, "torch": theirs_call}, nbytes=nbytes)

    tf = torch.nn.functional if torch else None
    with ts.no_grad():
        bench("relu", 2 * size, ts.relu, lambda x: torch.relu(x), xs)
        bench("gelu", 2 * size, F.gelu, lambda x: tf.gelu(x), xs)
        bench("add", 3 * size, lambda x: x + x, lambda x: x + x, xs)
        bench("add bias", 2 * size, lambda x: x + b, lambda x: x + tb, xs)
        bench("transpose", 2 * size, lambda x: x.t().contiguous(), lambda x: x.t().contiguous(), xs)
        bench("sum", size, lambda x: x.sum(), lambda x: x.sum(), xs)
        bench("sum of rows", size, lambda x: x.sum(1), lambda x: x.sum(1), xs)
        bench("sum of columns", size, lambda x: x.sum(0), lambda x: x.sum(0), xs)
        bench("softmax", 2 * size, lambda x: F.softmax(x, -1), lambda x: tf.softmax(x, -1), xs)
        bench(
            "layer_norm", 2 * size, lambda x: F.layer_norm(x, (cols,), w, b),
            lambda x: tf.layer_norm(x, (cols,), tw, tb), xs,
        )  # fmt: skip
        bench("rms_norm", 2 * size, lambda x: ts.rms_norm(x, (cols,), w), lambda x: tf.rms_norm(x, (cols,), tw), xs)
        bench("dropout", 2 * size, lambda x: F.dropout(x, 0.1), lambda x: tf.dropout(x, 0.1), xs)
        bench(
            "cross_entropy", logits[0][0].nbytes, lambda x: F.cross_entropy(x, target),
            lambda x: tf.cross_entropy(x, ttarget), logits,
        )  # fmt: skip


def optimizer(run: GpuRun) -> None:
    """One step over the parameters of GPT-2 (124M)."""
    width, layers = (32, 1) if run.quick else (768, 12)
    shapes = [(50304 if not run.quick else 64, width), (1024 if not run.quick else 16, width)]
    for _ in range(layers):
        shapes += [(width,), (width,), (3 * width, width), (3 * width,), (width, width), (width,)]
        shapes += [(width,), (width,), (4 * width, width), (4 * width,), (width, 4 * width), (width,)]
    count = sum(math.prod(shape) for shape in shapes)
    for name, options, reads in (
        ("AdamW", {"lr": 1e-3}, 7),
        ("SGD", {"lr": 1e-3, "momentum": 0.9}, 5),
    ):
        ours = [ts.randn(*shape).to("cuda").requires_grad_() for shape in shapes]
        for p in ours:
            p.grad = p.detach().clone()
        contenders: dict[str, Call] = {}
        opt = getattr(ts.optim, name)(ours, **options)
        contenders["tilestack"] = lambda i, opt=opt: opt.step()
        if run.torch:
            theirs = [run.torch.from_dlpack(p.detach()).clone().requires_grad_() for p in ours]
            for p in theirs:
                p.grad = p.detach().clone()
            peer = getattr(run.torch.optim, name)(theirs, fused=True, **options)
            contenders["torch fused"] = lambda i, opt=peer: opt.step()
        run.compare({"optimizer": name, "parameters": count}, contenders, nbytes=4.0 * reads * count)


def mlp(nn: Any) -> Any:
    return nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))


def lenet(nn: Any) -> Any:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


def alexnet(nn: Any) -> Any:
    return nn.Sequential(
        nn.Conv2d(3, 64, 11, stride=4, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(), nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Flatten(),
        nn.Dropout(), nn.Linear(256 * 36, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(),
        nn.Linear(4096, 1000),
    )  # fmt: skip


NETS = {
    "MLP 784-512-512-10, batch 64": (mlp, (64, 784), 10, "float32"),
    "MLP 784-512-512-10, batch 4096": (mlp, (4096, 784), 10, "float32"),
    "LeNet-5, batch 128": (lenet, (128, 1, 28, 28), 10, "float32"),
    "AlexNet, batch 128, bf16": (alexnet, (128, 3, 224, 224), 1000, "bfloat16"),
}


def train(run: GpuRun) -> None:
    """Whole training steps with AdamW: eager and as a graph, beside torch eager, compiled and as a graph."""
    rng = np.random.default_rng(0)
    for name, (make, shape, classes, dtype) in NETS.items():
        if run.quick:
            if make is alexnet:
                continue
            shape = (4, *shape[1:])
        x = rng.standard_normal(shape, dtype=np.float32)
        y = rng.integers(0, classes, shape[0])

        def step_of(library: Any, x: Any = x, y: Any = y, make: Any = make, dtype: str = dtype) -> Callable[[], Any]:
            model = make(library.nn).to("cuda").to(getattr(library, dtype))
            options = {"capturable": True, "fused": True} if library is not ts else {}
            opt = library.optim.AdamW(model.parameters(), lr=1e-4, **options)
            images = library.from_numpy(x).to("cuda").to(getattr(library, dtype))
            labels = library.from_numpy(y).to("cuda")
            if library is not ts and images.ndim == 4:
                images = images.contiguous(memory_format=library.channels_last)
                model = model.to(memory_format=library.channels_last)

            def step() -> Any:
                opt.zero_grad()
                loss = library.nn.functional.cross_entropy(model(images), labels)
                loss.backward()
                opt.step()
                return loss

            return step

        eager = step_of(ts)
        graph = ts.cuda.graph(step_of(ts))
        contenders: dict[str, Call] = {"tilestack": lambda i, f=graph: f(), "tilestack eager": lambda i, f=eager: f()}
        if run.torch:
            peer = step_of(run.torch)
            contenders["torch eager"] = lambda i, f=peer: f()
            contenders["torch graph"] = _torch_graph(run.torch, step_of(run.torch))
            if not run.quick:
                compiled = run.torch.compile(step_of(run.torch))
                contenders["torch compiled"] = lambda i, f=compiled: f()
        run.compare({"net": name}, contenders)


def _torch_graph(torch: Any, step: Callable[[], Any]) -> Call:
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return lambda i: graph.replay()


PARTS: dict[str, Callable[[GpuRun], None]] = {
    "gemm": gemm,
    "conv": conv,
    "memory": memory,
    "optimizer": optimizer,
    "train": train,
}


def table(folder: Path) -> None:
    """Geometric means and the worst of each part, from the files."""
    for part in PARTS:
        path = folder / f"gpu-{part}.json"
        if not path.exists():
            continue
        content = json.loads(path.read_text())
        rows = content["rows"]
        line = [f"{part:10}", f"{len(rows)} rows"]
        for key in ("vs_peer", "of_copy"):
            values = [row[key] for row in rows if key in row]
            if values:
                mean = math.exp(sum(map(math.log, values)) / len(values))
                line.append(f"{key}: geometric mean {mean:.2f}, least {min(values):.2f}")
        rates = [row["tflops"] for row in rows if "tflops" in row]
        if rates:
            line.append(f"most {max(rates):.0f} TFLOP/s")
        print("  ".join(line))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.gpu", description=__doc__)
    parser.add_argument("part", choices=(*PARTS, "table"))
    parser.add_argument("--out", type=Path, default=Path("bench/results"))
    parser.add_argument("--quick", action="store_true", help="tiny shapes: a smoke test, not a measurement")
    args = parser.parse_args()
    if args.part == "table":
        return table(args.out)
    run = GpuRun(args.part, args.quick)
    print(f"{args.part}: {ts.cuda.get_device_name()}, copy {run.copy_rate * 1e-9:.0f} GB/s")
    PARTS[args.part](run)
    run.save(args.out)
    return None


if __name__ == "__main__":
    main()
