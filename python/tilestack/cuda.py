"""GPUs: whether they are there and why not, streams and events, memory, whole steps as graphs.

Nothing here loads the CUDA module before it is needed. Work on a GPU runs asynchronously: calls return when the work is
queued on the current stream, and reading a result (``item()``, ``numpy()``, ``cpu()``, printing) waits for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from tilestack import _core
from tilestack._core import CudaEvent as Event
from tilestack._core import CudaOutOfMemoryError as OutOfMemoryError
from tilestack._core import CudaStream as Stream
from tilestack._core import get_float32_matmul_precision, set_float32_matmul_precision

__all__ = [
    "Event",
    "Graph",
    "OutOfMemoryError",
    "Stream",
    "current_device",
    "current_stream",
    "device",
    "device_count",
    "empty_cache",
    "get_device_capability",
    "get_device_name",
    "get_device_properties",
    "get_float32_matmul_precision",
    "graph",
    "is_available",
    "max_memory_allocated",
    "memory_allocated",
    "memory_reserved",
    "memory_stats",
    "reset_peak_memory_stats",
    "set_device",
    "set_float32_matmul_precision",
    "stream",
    "synchronize",
    "why_not",
]

Device = Any  # a tilestack.device, "cuda:1", an index, or None for the current GPU


def is_available() -> bool:
    """True if this build has CUDA kernels and the machine a GPU with a driver that runs them."""
    return not why_not()


def why_not() -> str:
    """One line that says why is_available() is False; empty if it is True."""
    return str(_core._cuda_why_not())


def device_count() -> int:
    """How many GPUs there are; 0 where is_available() is False."""
    return int(_core._cuda_device_count()) if is_available() else 0


def current_device() -> int:
    """The index of the GPU that "cuda" stands for in this thread."""
    return int(_core._cuda_current_device())


def set_device(device: Device) -> None:
    """Makes a GPU the one that "cuda" stands for in this thread."""
    _core._cuda_set_device(_as_device(device).index)


@contextlib.contextmanager
def device(device: Device) -> Iterator[None]:
    """Within the block, "cuda" stands for this GPU."""
    before = current_device()
    set_device(device)
    try:
        yield
    finally:
        set_device(before)


def get_device_properties(device: Device = None) -> dict[str, Any]:
    """name, compute_capability, multiprocessors, memory_bytes of a GPU."""
    return dict(_core._cuda_properties(_as_device(device)))


def get_device_name(device: Device = None) -> str:
    """The GPU's name."""
    return str(get_device_properties(device)["name"])


def get_device_capability(device: Device = None) -> tuple[int, int]:
    """The GPU's compute capability, (9, 0) for an H100."""
    major, minor = get_device_properties(device)["compute_capability"]
    return major, minor


def synchronize(device: Device = None) -> None:
    """Waits until all work on a GPU is done, and raises what went wrong in it."""
    _core._cuda_synchronize(_as_device(device))


def current_stream(device: Device = None) -> Stream:
    """The stream on which this thread's work on a GPU is queued."""
    return _core._cuda_current_stream(_as_device(device))


@contextlib.contextmanager
def stream(stream: Stream | None) -> Iterator[None]:
    """Within the block, this thread's work on the stream's GPU is queued on it. None changes nothing.

    A tensor that was made on one stream and is used on another needs the latter to wait (``wait_stream``), and
    ``record_stream`` if it may be freed before that use is done.
    """
    if stream is None:
        yield
        return
    before = current_stream(stream.device)
    _core._cuda_set_stream(stream)
    try:
        yield
    finally:
        _core._cuda_set_stream(before)


def memory_stats(device: Device = None) -> dict[str, int]:
    """Memory of a GPU, in bytes: allocated_bytes (of tensors now), peak_bytes (the most that was), reserved_bytes (held
    from the driver, cached blocks included); and counts of allocations and of those that had to ask the driver."""
    return dict(_core._cuda_memory_stats(_as_device(device)))


def memory_allocated(device: Device = None) -> int:
    """Bytes of a GPU's memory that tensors take."""
    return memory_stats(device)["allocated_bytes"]


def max_memory_allocated(device: Device = None) -> int:
    """The most bytes of a GPU's memory that tensors took since the start, or reset_peak_memory_stats."""
    return memory_stats(device)["peak_bytes"]


def memory_reserved(device: Device = None) -> int:
    """Bytes of a GPU's memory that are held from the driver."""
    return memory_stats(device)["reserved_bytes"]


def reset_peak_memory_stats(device: Device = None) -> None:
    """Starts peak_bytes again from what is in use now."""
    _core._cuda_reset_peak_memory(_as_device(device))


def empty_cache() -> None:
    """Gives cached blocks back to the driver."""
    _core._cuda_empty_cache()


class Graph:
    """A function's GPU work, recorded once and launched as a whole: the host's cost is that of one launch.

    The recorded work reads and writes the same memory each time, so inputs are changed in place (``copy_``), and the
    tensors that the function returned hold the latest results. Random numbers go on from launch to launch, and an
    optimizer that steps within takes its learning rate and step count of the moment, so replays give what eager calls
    would.
    """

    def __init__(self, function: Callable[..., Any], *args: Any, warmup: int = 2) -> None:
        self._refreshers: list[Callable[[], None]] = []
        self._stream = Stream()
        outer = current_stream()
        self._stream.wait_stream(outer)
        with stream(self._stream):
            for _ in range(warmup):
                function(*args)
            _core._cuda_begin_capture()
            _capturing.append(self)
            try:
                self.results = function(*args)
            except BaseException:
                _core._cuda_abort_capture()
                raise
            finally:
                _capturing.pop()
            self._graph = _core._cuda_end_capture()
        outer.wait_stream(self._stream)

    def __call__(self) -> Any:
        """Launches it on the current stream; returns the tensors that the function returned when it was recorded."""
        if self._refreshers:
            self._graph.begin_refresh()
            try:
                for refresh in self._refreshers:
                    refresh()
            finally:
                self._graph.end_refresh()
        self._graph.launch()
        return self.results

    def add_refresher(self, refresh: Callable[[], None]) -> None:
        """For ops whose arguments change: called before each launch, it calls them again with the new ones."""
        self._refreshers.append(refresh)


_capturing: list[Graph] = []


def capturing() -> Graph | None:
    """The graph that is being recorded, if one is."""
    return _capturing[-1] if _capturing else None


def graph(function: Callable[..., Any], *args: Any, warmup: int = 2) -> Graph:
    """Records what ``function(*args)`` does on the GPU; call the result to do it again. See Graph.

    The function runs `warmup` times first, for real, so that memory and optimizer state exist. Within it nothing may
    wait for the GPU.
    """
    return Graph(function, *args, warmup=warmup)


def _as_device(device: Device) -> Any:
    if device is None:
        return None
    return _core.device(f"cuda:{device}" if isinstance(device, int) else str(device))
