"""The CUDA device: memory, streams, copies, exchange with others, graphs, and whole training steps. Skipped without a
GPU; `python3 dev.py emulate` runs it on an emulated one."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import tilestack as ts
from tilestack import nn

F = nn.functional

EMULATED = "emulated" in os.environ.get("TILESTACK_CUDA_MODULE", "")
needs_gpu = pytest.mark.skipif(not ts.cuda.is_available(), reason=f"no GPU: {ts.cuda.why_not()}")


def on_gpu(values, **options) -> ts.Tensor:
    return ts.tensor(np.asarray(values), device="cuda", **options)


def python(code: str, **variables: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, **variables}
    command = [sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)


class TestWithout:
    """What a machine without a GPU says."""

    def run(self, code: str) -> str:
        result = python(code, TILESTACK_CUDA_MODULE="/nowhere/_cuda.so")
        assert result.returncode == 0, result.stderr
        return result.stdout

    def test_says_why_in_one_line(self) -> None:
        out = self.run(
            "import tilestack as ts; print(ts.cuda.is_available(), ts.cuda.device_count(), ts.cuda.why_not())"
        )
        assert out.startswith("False 0 ")
        assert len(out.splitlines()) == 1

    def test_to_cuda_says_why(self) -> None:
        out = self.run(
            """
            import tilestack as ts
            for call in (lambda: ts.zeros(3).to("cuda"), lambda: ts.zeros(3, device="cuda"), ts.cuda.synchronize):
                try:
                    call()
                except RuntimeError as error:
                    print(error)
            """
        )
        lines = out.splitlines()
        assert len(lines) == 3
        assert all(line.startswith("cuda: not available: ") for line in lines)

    def test_importing_loads_nothing(self) -> None:
        out = self.run(
            "import tilestack as ts; ts.ones(3).sum().item(); print('_cuda' in open('/proc/self/maps').read())"
        )
        assert out.strip() == "False"


@needs_gpu
class TestMemory:
    def test_copies_there_and_back(self) -> None:
        for dtype in ("float32", "float64", "float16", "int64", "int8", "bool"):
            values = (np.random.default_rng(0).standard_normal((5, 7)) * 3).astype(dtype)
            there = ts.from_numpy(values).to("cuda")
            assert there.device == "cuda:0"
            assert there.device.type == "cuda"
            np.testing.assert_array_equal(there.cpu().numpy(), values)
            np.testing.assert_array_equal(there.t().cpu().numpy(), values.T)
            np.testing.assert_array_equal(there[1:4, ::2].cpu().numpy(), values[1:4, ::2])

    def test_gradient_comes_back_to_the_host(self) -> None:
        x = ts.ones(3, requires_grad=True)
        (x.to("cuda") * 2).sum().backward()
        assert x.grad.device == "cpu"
        assert x.grad.tolist() == [2, 2, 2]

    def test_mixing_devices_is_an_error(self) -> None:
        with pytest.raises(ValueError, match=r"add: inputs are on different devices, cuda:0 and cpu"):
            on_gpu([1.0]) + ts.ones(1)

    def test_no_such_gpu(self) -> None:
        with pytest.raises(ValueError, match=r"there is no GPU cuda:77"):
            ts.zeros(1, device="cuda:77")

    def test_numpy_says_what_to_do(self) -> None:
        with pytest.raises(TypeError, match=r"use x\.cpu\(\)\.numpy\(\)"):
            on_gpu([1.0]).numpy()

    def test_printing_and_item(self) -> None:
        x = on_gpu([1.5])
        assert x.item() == 1.5
        assert float(x) == 1.5
        assert "1.5" in repr(x)
        assert "cuda:0" in repr(x)

    def test_freed_memory_is_used_again(self) -> None:
        x = ts.empty(1000, device="cuda")
        address = x.data_ptr()
        del x
        before = ts.cuda.memory_stats()
        y = ts.empty(1000, device="cuda")
        after = ts.cuda.memory_stats()
        assert y.data_ptr() == address
        assert after["driver_allocations"] == before["driver_allocations"]
        assert after["allocated_bytes"] > before["allocated_bytes"]

    def test_statistics(self) -> None:
        gc.collect()
        before = ts.cuda.memory_allocated()
        x = ts.empty(1 << 20, device="cuda")
        assert ts.cuda.memory_allocated() >= before + (4 << 20)
        ts.cuda.reset_peak_memory_stats()
        del x
        assert ts.cuda.memory_allocated() == before
        assert ts.cuda.memory_stats()["peak_bytes"] >= before + (4 << 20)
        held = ts.cuda.memory_reserved()
        ts.cuda.empty_cache()
        assert ts.cuda.memory_reserved() <= held - (4 << 20)

    def test_out_of_memory_says_the_sizes(self) -> None:
        with pytest.raises(
            ts.cuda.OutOfMemoryError, match=r"asked for \d+ bytes, \d+ in use by tensors, \d+ held, \d+"
        ):
            ts.empty(1 << 50, dtype=ts.uint8, device="cuda")
        assert issubclass(ts.cuda.OutOfMemoryError, MemoryError)
        assert on_gpu([1.0]).item() == 1  # nothing is lost

    def test_pinned_memory(self) -> None:
        x = ts.arange(1000).float().pin_memory()
        assert x.device == "cpu"
        y = x.to("cuda")
        assert (y.cpu() == x).all()

    def test_alignment(self) -> None:
        assert all(ts.empty(n, device="cuda").data_ptr() % 512 == 0 for n in (1, 3, 1000, 5000, 1 << 18))


@needs_gpu
class TestStreams:
    def test_work_on_another_stream(self) -> None:
        stream = ts.cuda.Stream()
        x = on_gpu(np.arange(1000.0))
        stream.wait_stream(ts.cuda.current_stream())
        with ts.cuda.stream(stream):
            assert ts.cuda.current_stream().handle == stream.handle
            y = x * 2
        assert ts.cuda.current_stream().handle != stream.handle
        event = ts.cuda.Event()
        event.record(stream)
        event.synchronize()
        assert event.query()
        ts.cuda.current_stream().wait_stream(stream)
        assert (y.cpu() == x.cpu() * 2).all()

    def test_memory_of_another_stream_waits_for_its_use(self) -> None:
        stream = ts.cuda.Stream()
        x = on_gpu(np.ones(1000))
        stream.wait_stream(ts.cuda.current_stream())
        with ts.cuda.stream(stream):
            y = x + 1
        x.record_stream(stream)
        address = x.data_ptr()
        del x
        # Handed out again only when the other stream's work is done.
        z = ts.zeros(1000, dtype=ts.float64, device="cuda")
        assert z.data_ptr() != address or stream.query()
        stream.synchronize()
        assert (y.cpu() == 2).all()

    def test_timing(self) -> None:
        start, end = ts.cuda.Event(enable_timing=True), ts.cuda.Event(enable_timing=True)
        stream = ts.cuda.current_stream()
        start.record(stream)
        ts.zeros(1 << 16, device="cuda") + 1
        end.record(stream)
        end.synchronize()
        assert start.elapsed_time(end) >= 0

    def test_synchronize(self) -> None:
        x = on_gpu([1.0]) + 1
        ts.cuda.synchronize()
        assert ts.cuda.current_stream().query()
        assert x.item() == 2


@needs_gpu
class TestExchange:
    def test_dlpack_round_trip(self) -> None:
        x = on_gpu(np.arange(12.0).reshape(3, 4)).t()
        y = ts.from_dlpack(x.__dlpack__(stream=1))
        assert y.device == x.device
        assert y.data_ptr() == x.data_ptr()
        assert y.stride() == x.stride()
        assert x.__dlpack_device__() == (2, 0)

    def test_dlpack_orders_the_streams(self) -> None:
        class Producer:
            def __init__(self, x: ts.Tensor) -> None:
                self.x, self.streams = x, []

            def __dlpack__(self, *, stream=None, **options):
                self.streams.append(stream)
                return self.x.__dlpack__(stream=stream, **options)

            def __dlpack_device__(self):
                return self.x.__dlpack_device__()

        producer = Producer(on_gpu([1.0, 2.0]))
        side = ts.cuda.Stream()
        side.wait_stream(ts.cuda.current_stream())
        with ts.cuda.stream(side):
            y = ts.from_dlpack(producer) + 1
        assert producer.streams == [side.handle]
        side.synchronize()
        assert y.tolist() == [2, 3]
        ts.from_dlpack(producer)
        assert producer.streams[-1] == 1

    def test_cuda_array_interface_round_trip(self) -> None:
        x = on_gpu(np.arange(6.0, dtype=np.float32).reshape(2, 3))[:, ::2]
        interface = x.__cuda_array_interface__
        assert interface["version"] == 3
        assert interface["shape"] == (2, 2)
        assert interface["strides"] == (12, 8)
        assert interface["typestr"] == "<f4"

        class Other:
            __cuda_array_interface__ = interface

        y = ts.as_tensor(Other())
        assert y.data_ptr() == x.data_ptr()
        assert y.tolist() == x.tolist()
        assert not hasattr(ts.ones(3), "__cuda_array_interface__")


@needs_gpu
class TestIndexErrors:
    """A kernel can't raise: the next wait does, names the op, and nothing else is harmed."""

    def test_embedding(self) -> None:
        weight = on_gpu(np.ones((5, 2)))
        y = F.embedding(on_gpu([0, 7]), weight)
        with pytest.raises(IndexError, match=r"embedding: index 7 is out of range for size 5"):
            y.cpu()
        assert F.embedding(on_gpu([4]), weight).tolist() == [[1, 1]]

    def test_cross_entropy(self) -> None:
        loss = F.cross_entropy(on_gpu(np.zeros((2, 3))), on_gpu([0, 3]))
        with pytest.raises(IndexError, match=r"cross_entropy: index 3 is out of range for size 3"):
            loss.item()


def network() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64, 10),
    )


def data(batch: int = 16) -> tuple[ts.Tensor, ts.Tensor]:
    rng = np.random.default_rng(0)
    return ts.from_numpy(rng.standard_normal((batch, 1, 8, 8)).astype("f4")), ts.from_numpy(rng.integers(0, 10, batch))


def losses(device: str, make_optimizer, steps: int = 5) -> tuple[list[float], dict]:
    ts.manual_seed(0)
    model = network().to(device)
    optimizer = make_optimizer(model.parameters())
    x, target = (t.to(device) for t in data())
    found = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), target)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        found.append(loss.item())
    return found, {name: value.cpu().numpy() for name, value in model.state_dict().items()}


OPTIMIZERS = {
    "sgd": lambda p: ts.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam": lambda p: ts.optim.Adam(p, lr=0.01),
    "adamw": lambda p: ts.optim.AdamW(p, lr=0.01, amsgrad=True),
    "rmsprop": lambda p: ts.optim.RMSprop(p, lr=0.01, momentum=0.5, centered=True),
    "nadam": lambda p: ts.optim.NAdam(p, lr=0.01, weight_decay=0.01),
    "radam": lambda p: ts.optim.RAdam(p, lr=0.01, betas=(0.8, 0.9)),
    "adagrad": lambda p: ts.optim.Adagrad(p, lr=0.01, lr_decay=0.1, initial_accumulator_value=0.1),
    "lion": lambda p: ts.optim.Lion(p, lr=0.001, weight_decay=0.1),
    "lamb": lambda p: ts.optim.LAMB(p, lr=0.01),
    "adafactor": lambda p: ts.optim.Adafactor(p, lr=0.01),
    "muon": lambda p: ts.optim.Muon([x for x in p if x.dim() == 2], lr=0.01),
}
GRAPHED = [name for name in OPTIMIZERS if name != "adafactor"]


@needs_gpu
class TestTraining:
    @pytest.mark.parametrize("name", OPTIMIZERS)
    def test_steps_are_the_same_as_on_the_cpu(self, name: str) -> None:
        want, want_state = losses("cpu", OPTIMIZERS[name])
        got, got_state = losses("cuda", OPTIMIZERS[name])
        np.testing.assert_allclose(got, want, rtol=1e-4)
        for key, value in want_state.items():
            np.testing.assert_allclose(got_state[key], value, rtol=1e-3, atol=1e-4, err_msg=key)

    def test_the_same_bits_again(self) -> None:
        (first, one), (second, two) = losses("cuda", OPTIMIZERS["adam"]), losses("cuda", OPTIMIZERS["adam"])
        assert first == second
        assert all((one[key] == two[key]).all() for key in one)

    def test_state_dict_moves(self) -> None:
        model = network().to("cuda")
        optimizer = ts.optim.Adam(model.parameters())
        x, target = (t.to("cuda") for t in data())
        F.cross_entropy(model(x), target).backward()
        optimizer.step()
        copy = network()
        copy.load_state_dict(model.state_dict())
        assert all(value.device == "cpu" for value in copy.state_dict().values())
        other = ts.optim.Adam(copy.parameters())
        other.load_state_dict(optimizer.state_dict())
        assert all(state["exp_avg"].device == "cpu" for state in other.state.values())

    def test_dropout_draws_what_the_cpu_draws(self) -> None:
        x = ts.ones(1000)
        ts.manual_seed(3)
        want = F.dropout(x, 0.5)
        ts.manual_seed(3)
        assert (F.dropout(x.to("cuda"), 0.5).cpu() == want).all()


@needs_gpu
class TestGraph:
    def test_replays_read_the_same_memory(self) -> None:
        x = on_gpu(np.arange(4.0))
        graph = ts.cuda.graph(lambda: F.relu(x - 1) * 2)
        for shift in (0, 5, -3):
            x.copy_(on_gpu(np.arange(4.0) + shift))
            graph()
            ts.cuda.synchronize()
            assert graph.results.tolist() == [2 * max(i + shift - 1, 0) for i in range(4)]

    @pytest.mark.parametrize("name", GRAPHED)
    @pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
    def test_training_steps_are_those_of_eager(self, name: str, dtype: str) -> None:
        def run(graphed: bool) -> tuple[list[float], dict]:
            ts.manual_seed(0)
            model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 4)).to("cuda")
            model.to(getattr(ts, dtype))
            optimizer = OPTIMIZERS[name](model.parameters())
            scheduler = ts.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
            rng = np.random.default_rng(0)
            batches = [
                (on_gpu(rng.standard_normal((6, 8)).astype("f4")).to(getattr(ts, dtype)), on_gpu(rng.integers(0, 4, 6)))
                for _ in range(8)
            ]
            x, target = batches[0][0].clone(), batches[0][1].clone()

            def step() -> ts.Tensor:
                model.zero_grad()  # the optimizer may have some of the parameters only
                loss = F.cross_entropy(model(x), target)
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 0.5)
                optimizer.step()
                return loss.detach()

            found = []
            step()
            step()
            call = ts.cuda.graph(step, warmup=0) if graphed else step
            for batch in batches:
                x.copy_(batch[0])
                target.copy_(batch[1])
                found.append(call().item())
                scheduler.step()
            return found, {key: value.tolist() for key, value in model.state_dict().items()}

        assert run(True) == run(False)

    def test_adafactor_is_refused(self) -> None:
        w = nn.Parameter(on_gpu(np.ones((2, 2))))
        w.grad = on_gpu(np.ones((2, 2)))
        optimizer = ts.optim.Adafactor([w])
        with pytest.raises(RuntimeError, match="Adafactor: a step can't be captured"):
            ts.cuda.graph(optimizer.step)

    def test_waiting_in_a_capture_is_an_error(self) -> None:
        x = on_gpu([1.0])
        with pytest.raises(RuntimeError, match=r"cuda"):
            ts.cuda.graph(lambda: (x + 1).item())
        assert (x + 1).item() == 2
        assert ts.cuda.graph(lambda: x + 1)().tolist() == [2]

    def test_memory_is_given_back(self) -> None:
        x = on_gpu(np.ones(1000))
        ts.cuda.synchronize()
        for _ in range(3):
            ts.cuda.graph(lambda: (x + 1) * 2)()
        ts.cuda.synchronize()
        gc.collect()
        before = ts.cuda.memory_stats()
        for _ in range(5):
            ts.cuda.graph(lambda: (x + 1) * 2)()
            gc.collect()
        assert ts.cuda.memory_stats()["allocated_bytes"] == before["allocated_bytes"]
        assert ts.cuda.memory_stats()["reserved_bytes"] == before["reserved_bytes"]


@needs_gpu
class TestProcesses:
    @pytest.mark.skipif(not EMULATED, reason="needs two GPUs")
    def test_two_gpus(self) -> None:
        result = python(
            """
            import tilestack as ts
            assert ts.cuda.device_count() == 2
            x = ts.arange(10).to("cuda:1")
            assert x.device == "cuda:1" and (x + 1).device == "cuda:1"
            y = x.to("cuda:0")
            assert (y + 1).tolist() == list(range(1, 11))
            with ts.cuda.device(1):
                assert ts.zeros(1, device="cuda").device == "cuda:1"
            assert ts.zeros(1, device="cuda").device == "cuda:0"
            try:
                x + y
            except ValueError as error:
                assert "different devices" in str(error)
            assert ts.cuda.memory_allocated("cuda:1") > 0
            """,
            TILESTACK_EMULATOR_DEVICES="2",
        )
        assert result.returncode == 0, result.stderr

    def test_a_forked_child_gets_an_error(self) -> None:
        result = python(
            """
            import os, tilestack as ts
            ts.zeros(1, device="cuda").item()
            child = os.fork()
            if child == 0:
                try:
                    ts.zeros(1, device="cuda").item()
                except RuntimeError as error:
                    os._exit(0 if "fork" in str(error) else 2)
                os._exit(1)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            """
        )
        assert result.returncode == 0, result.stderr
