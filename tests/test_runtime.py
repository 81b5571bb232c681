"""Threads, processes, instruction sets, memory and import."""

from __future__ import annotations

import gc
import multiprocessing
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import tilestack as ts

LINUX = sys.platform.startswith("linux")
POSIX = hasattr(os, "fork")
SANITIZED = "asan" in os.environ.get("LD_PRELOAD", "")


def python(code: str, **environment: str) -> str:
    """What another interpreter prints that runs the code, or the file of this name. It must end well."""
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("OMP_", "TILESTACK_"))}
    keep["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)
    command = [sys.executable, code] if code.endswith(".py") else [sys.executable, "-c", code]
    done = subprocess.run(command, env={**keep, **environment}, timeout=60, capture_output=True, text=True)
    assert done.returncode == 0, f"exit status {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout.strip()


def work(seed: int = 0) -> np.ndarray:
    """A training step of several chunks."""
    rng = np.random.default_rng(seed)
    x = ts.tensor(rng.standard_normal((300, 256)).astype(np.float32))
    w = ts.tensor(rng.standard_normal((256, 128)).astype(np.float32), requires_grad=True)
    y = ts.relu(x @ w)
    ts.log_softmax(y, -1).mean().backward()
    return w.grad.numpy()


WORK = """
import numpy as np, os, sys, tilestack as ts
def work():
    x = ts.tensor(np.linspace(-1, 1, 300 * 256, dtype=np.float32).reshape(300, 256))
    w = ts.tensor(np.linspace(1, -1, 256 * 128, dtype=np.float32).reshape(256, 128), requires_grad=True)
    ts.log_softmax(ts.relu(x @ w), -1).mean().backward()
    return w.grad.numpy().tobytes()
"""


@pytest.mark.skipif(not POSIX, reason="needs fork")
def test_fork_with_a_running_pool() -> None:
    code = """
ts.set_num_threads(2)
want = work()
for i in range(20):
    pid = os.fork()
    if pid == 0:
        os._exit(0 if work() == want and work() == want else 1)
    assert work() == want
    assert os.waitpid(pid, 0)[1] == 0
print("done")
"""
    assert python(WORK + code, PYTHONWARNINGS="ignore") == "done"


@pytest.mark.skipif(not POSIX, reason="needs fork")
def test_fork_while_another_thread_works() -> None:
    code = """
import threading
ts.set_num_threads(2)
want, stop = work(), threading.Event()
def loop():
    while not stop.is_set():
        assert work() == want
threads = [threading.Thread(target=loop) for _ in range(2)]
for t in threads: t.start()
for i in range(20):
    pid = os.fork()
    if pid == 0:
        os._exit(0 if work() == want else 1)
    assert os.waitpid(pid, 0)[1] == 0
stop.set()
for t in threads: t.join()
print("done")
"""
    assert python(WORK + code, PYTHONWARNINGS="ignore") == "done"


@pytest.mark.skipif(not POSIX, reason="needs fork")
def test_grandchild() -> None:
    code = """
want = work()
pid = os.fork()
if pid == 0:
    work()
    inner = os.fork()
    if inner == 0:
        os._exit(0 if work() == want else 1)
    os._exit(os.waitpid(inner, 0)[1])
assert os.waitpid(pid, 0)[1] == 0
print("done")
"""
    assert python(WORK + code, PYTHONWARNINGS="ignore") == "done"


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_multiprocessing(method: str, tmp_path) -> None:
    main = f"""
if __name__ == "__main__":
    import multiprocessing
    want = work()
    with multiprocessing.get_context({method!r}).Pool(2) as pool:
        assert pool.starmap(work, [()] * 4) == [want] * 4
    print("done")
"""
    script = tmp_path / "script.py"
    script.write_text(WORK + main)
    assert python(str(script), PYTHONWARNINGS="ignore") == "done"


def test_several_python_threads_get_the_same_bits() -> None:
    wants = [work(seed) for seed in range(4)]
    errors: list[int] = []

    def loop(seed: int) -> None:
        for _ in range(10):
            if work(seed).tobytes() != wants[seed].tobytes():
                errors.append(seed)

    threads = [threading.Thread(target=loop, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads), "deadlock"
    assert not errors


def test_tensors_shared_between_threads() -> None:
    """Handles and gradients of one tensor from several threads: counts stay right and every contribution arrives."""
    gc.collect()
    before = ts.memory_stats()["allocated_bytes"]
    w = ts.ones(1000, requires_grad=True)

    def loop() -> None:
        for _ in range(200):
            (w * 2).sum().item()  # noqa: F821 (deleted below)
            w[10:20].clone()  # noqa: F821

    threads = [threading.Thread(target=loop) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    del w
    gc.collect()
    assert ts.memory_stats()["allocated_bytes"] == before


def test_interpreter_lock_is_released() -> None:
    x = ts.ones(1200, 1200)
    y = x @ x
    ticks, stop = 0, threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not stop.is_set():
            time.sleep(0.0005)
            ticks += 1

    thread = threading.Thread(target=tick)
    thread.start()
    before, start = ticks, time.perf_counter()
    # One call at a time, so that the lock changes hands only if a call lets go of it.
    seen = []
    while time.perf_counter() - start < 0.5:
        at = ticks
        y = x @ x
        seen.append(ticks - at)
    stop.set()
    thread.join()
    assert y[0, 0].item() == 1200
    assert max(seen) >= 3, f"another thread ran {seen} times during each product; {ticks - before} times in all"


def test_set_num_threads() -> None:
    before = ts.get_num_threads()
    try:
        for n in (1, 2, 5, 1):
            ts.set_num_threads(n)
            assert ts.get_num_threads() == n
            work()
        for n in (0, -1):
            with pytest.raises(ValueError, match="set_num_threads"):
                ts.set_num_threads(n)
        with pytest.raises(TypeError):
            ts.set_num_threads(1.5)
        assert ts.get_num_threads() == 1
    finally:
        ts.set_num_threads(before)


def test_set_num_threads_while_others_work() -> None:
    want, before, stop = work(), ts.get_num_threads(), threading.Event()
    errors = []

    def loop() -> None:
        while not stop.is_set():
            if work().tobytes() != want.tobytes():
                errors.append(1)

    thread = threading.Thread(target=loop)
    thread.start()
    for n in (1, 2, 3) * 10:
        ts.set_num_threads(n)
    stop.set()
    thread.join(60)
    ts.set_num_threads(before)
    assert not thread.is_alive()
    assert not errors


THREADS = "import tilestack as ts; print(ts.get_num_threads())"


def test_omp_num_threads() -> None:
    free = int(python(THREADS))
    assert 1 <= free <= (os.cpu_count() or 1)
    assert python(THREADS, OMP_NUM_THREADS="1") == "1"
    for ignored in ("", "many", "0", "-3"):
        assert int(python(THREADS, OMP_NUM_THREADS=ignored)) == free


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs sched_setaffinity")
def test_affinity() -> None:
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    assert python(code + THREADS) == "1"
    assert python(code + "import tilestack as ts; print(ts.available_cpus())") == "1"


def test_threadpoolctl() -> None:
    threadpoolctl = pytest.importorskip("threadpoolctl")
    before = ts.get_num_threads()
    found = [info for info in threadpoolctl.threadpool_info() if info["user_api"] == "tilestack"]
    assert len(found) == 1
    assert found[0]["num_threads"] == before
    with threadpoolctl.threadpool_limits(1, user_api="tilestack"):
        assert ts.get_num_threads() == 1
    assert ts.get_num_threads() == before


@pytest.mark.parametrize("imports", ["tilestack, threadpoolctl", "threadpoolctl, tilestack"])
def test_threadpoolctl_in_either_order(imports: str) -> None:
    pytest.importorskip("threadpoolctl")
    code = f"import {imports}; print([i['user_api'] for i in threadpoolctl.threadpool_info()].count('tilestack'))"
    assert python(code) == "1"


@pytest.mark.parametrize("name", ts._core.isas())
def test_isa_from_the_environment(name: str) -> None:
    assert python("import tilestack as ts; print(ts._core.isa())", TILESTACK_ISA=name) == name


def test_wrong_isa() -> None:
    code = """
try:
    import tilestack
except Exception as error:
    print(type(error).__name__, error)
"""
    said = python(code, TILESTACK_ISA="sse9")
    assert "sse9" in said
    assert ts._core.isas()[0] in said, "names the choices"
    with pytest.raises(ValueError, match="sse9"):
        ts._core.set_isa("sse9")
    assert ts._core.isa() in ts._core.isas()


def test_best_isa_is_the_default() -> None:
    assert python("import tilestack as ts; print(ts._core.isa())") == ts._core.isas()[-1]


def test_alignment() -> None:
    for n in (1, 3, 17, 1000, 100_000, 1_000_000):
        for dtype in (ts.uint8, ts.float32):
            assert ts.empty(n, dtype=dtype).data_ptr() % 64 == 0


def test_memory_stats() -> None:
    gc.collect()
    before = ts.memory_stats()
    ts.reset_peak_memory()
    x = ts.empty(1_000_000)
    held = ts.memory_stats()["allocated_bytes"] - before["allocated_bytes"]
    assert 4_000_000 <= held <= 4_600_000, "at most an eighth more than asked for"
    y = x + 1
    del y
    assert ts.memory_stats()["peak_bytes"] >= before["allocated_bytes"] + 2 * held
    del x
    after = ts.memory_stats()
    assert after["allocated_bytes"] == before["allocated_bytes"]
    assert after["reserved_bytes"] >= after["allocated_bytes"]
    ts.empty_cache()
    assert ts.memory_stats()["reserved_bytes"] <= after["reserved_bytes"] - 2 * held
    ts.reset_peak_memory()
    assert ts.memory_stats()["peak_bytes"] == ts.memory_stats()["allocated_bytes"]


def test_freed_memory_is_used_again() -> None:
    x = ts.empty(300_000)
    address = x.data_ptr()
    del x
    count = ts.memory_stats()["system_allocations"]
    assert ts.empty(300_000).data_ptr() == address
    assert ts.memory_stats()["system_allocations"] == count


def test_memory_freed_by_another_thread() -> None:
    before = ts.memory_stats()["allocated_bytes"]
    box = [[ts.ones(1000) for _ in range(100)]]
    thread = threading.Thread(target=box.clear)
    thread.start()
    thread.join()
    assert ts.memory_stats()["allocated_bytes"] == before


def step(w: ts.Tensor, rows: int) -> None:
    x = ts.ones(rows, w.shape[0])
    loss = ts.relu(x @ w).softmax(-1).sum()
    loss.backward()
    with ts.no_grad():
        w -= 0.01 * w.grad
    w.grad = None


@pytest.mark.skipif(SANITIZED, reason="AddressSanitizer keeps freed memory")
@pytest.mark.parametrize("variable", [False, True], ids=["one shape", "variable shapes"])
def test_memory_does_not_grow(variable: bool) -> None:
    w = ts.ones(32, 16, requires_grad=True)
    rng = np.random.default_rng(0)
    rows = rng.integers(1, 500, 1000) if variable else [100] * 1000
    for n in (*rows[:200], max(rows)):
        step(w, int(n))
    gc.collect()
    before, resident = ts.memory_stats(), resident_bytes()
    for n in rows:
        step(w, int(n))
    gc.collect()
    after = ts.memory_stats()
    assert after["allocated_bytes"] == before["allocated_bytes"]
    # Sizes not met in the warm-up may still take a block each.
    assert after["reserved_bytes"] <= before["reserved_bytes"] * (1.5 if variable else 1)
    assert resident_bytes() - resident < 4 << 20


def resident_bytes() -> int:
    if not LINUX:
        return 0
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_too_much_memory_is_an_error() -> None:
    with pytest.raises(MemoryError, match=r"[0-9]"):
        ts.empty(1 << 45)
    with pytest.raises((MemoryError, ValueError)):
        ts.empty(1 << 40, 1 << 40)
    assert ts.ones(2).sum().item() == 2


@pytest.mark.skipif(SANITIZED, reason="sanitizers cost time")
def test_import_is_light() -> None:
    """Nothing heavy comes with the package, and it takes a small part of a second, numpy's own time aside."""
    code = """
import numpy, sys, time
start = time.perf_counter()
import tilestack
print(time.perf_counter() - start, *sorted({m.split(".")[0] for m in sys.modules}))
"""
    seconds, *modules = min((python(code).split() for _ in range(3)), key=lambda said: float(said[0]))
    heavy = {
        "tqdm",
        "safetensors",
        "matplotlib",
        "PIL",
        "torch",
        "scipy",
        "multiprocessing",
        "concurrent",
        "asyncio",
        "unittest",
    }
    assert not heavy & set(modules)
    assert float(seconds) < 0.3


def test_ends_quietly_with_work_in_other_threads() -> None:
    code = """
import threading, time, tilestack as ts
def loop():
    while True: ts.ones(200, 200) @ ts.ones(200, 200)
for _ in range(2): threading.Thread(target=loop, daemon=True).start()
time.sleep(0.2)
kept = ts.ones(10, requires_grad=True) * 2
print("done")
"""
    assert python(code) == "done"
