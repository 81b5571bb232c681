"""Memory shared with numpy and through DLPack."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import tilestack as ts
from harness import ALL, to_array, to_tensor

NUMPY_DTYPES = [name for name in ALL if name != "bfloat16"]


class Buffer(np.ndarray):
    """An array that can be watched."""


def watched(n: int) -> tuple[Buffer, weakref.ref]:
    array = np.arange(n, dtype=np.float32).view(Buffer)
    return array, weakref.ref(array)


@pytest.mark.parametrize("dtype", NUMPY_DTYPES)
def test_numpy_both_ways_shares_memory(dtype: str) -> None:
    array = np.zeros((2, 3), dtype)
    x = ts.from_numpy(array)
    back = x.numpy()
    array[0, 1] = 1
    assert x[0, 1].item() == 1
    x[1, 2] = 1
    assert array[1, 2] == 1
    assert back.dtype == array.dtype
    assert np.shares_memory(back, array)
    assert x.data_ptr() == array.ctypes.data


def test_strided_arrays() -> None:
    base = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    for array in (base.T, base[:, ::2], base[..., 1], base[1:, :, ::3], np.broadcast_to(base[0, 0], (7, 5))):
        x = ts.from_numpy(array)
        assert x.data_ptr() == array.ctypes.data
        np.testing.assert_array_equal(x.numpy(), array)
        np.testing.assert_array_equal((x * 2).numpy(), array * 2)
        assert x.numpy().strides == array.strides


def test_negative_strides() -> None:
    base = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    for array in (base[::-1], base[:, ::-2], base[::-1, :, ::-1].T):
        x = ts.from_numpy(array)
        np.testing.assert_array_equal(x.numpy(), array)
        np.testing.assert_array_equal((x * 2).numpy(), array * 2)
        np.testing.assert_array_equal(x.sum(0).numpy(), array.sum(0))
        np.testing.assert_array_equal(x.reshape(-1).numpy(), array.reshape(-1))
        np.testing.assert_array_equal(x[1:, :1].contiguous().numpy(), array[1:, :1])


def test_read_only_arrays_stay_so() -> None:
    array = np.arange(4.0)
    array.flags.writeable = False
    x = ts.from_numpy(array)
    assert not x.numpy().flags.writeable
    assert (x + 1).numpy().flags.writeable
    for write in (lambda: x.__setitem__(0, 5), lambda: x[1:].__setitem__(0, 5), lambda: x.add_(1), lambda: x.zero_()):
        with pytest.raises((RuntimeError, ValueError), match="read"):
            write()
    np.testing.assert_array_equal(array, np.arange(4.0))


def test_lifetime() -> None:
    array, alive = watched(5)
    x = ts.from_numpy(array)
    del array
    gc.collect()
    assert alive() is not None
    view = x[2:]
    del x
    gc.collect()
    assert view.tolist() == [2, 3, 4]
    out = view.numpy()
    del view
    gc.collect()
    assert out.tolist() == [2, 3, 4]
    del out
    gc.collect()
    assert alive() is None


def test_numpy_outlives_the_tensor() -> None:
    a = ts.arange(1000).numpy()
    gc.collect()
    ts.empty_cache()
    assert ts.zeros(1000, dtype=ts.int64).sum().item() == 0
    np.testing.assert_array_equal(a, np.arange(1000))


def test_numpy_asks_the_tensor() -> None:
    x = ts.tensor([1.0, 2.0])
    assert np.shares_memory(np.asarray(x), x.numpy())
    assert np.asarray(x, dtype=np.float64).dtype == np.float64
    assert not np.shares_memory(np.array(x), x.numpy())
    np.testing.assert_array_equal(np.stack([x, x]), [[1, 2], [1, 2]])
    assert np.asarray(ts.tensor([1.5], dtype=ts.bfloat16)).tolist() == [1.5]


def test_refusals() -> None:
    with pytest.raises(RuntimeError, match="detach"):
        ts.ones(2, requires_grad=True).numpy()
    with pytest.raises(TypeError, match="bfloat16"):
        ts.ones(2, dtype=ts.bfloat16).numpy()
    for array in (
        np.array(["a"]),
        np.array([object()]),
        np.zeros(2, np.complex64),
        np.zeros(2, ">f4"),
        np.zeros(2, np.uint16),
    ):
        with pytest.raises(TypeError, match="from_numpy"):
            ts.from_numpy(array)
    with pytest.raises(TypeError, match="from_numpy"):
        ts.from_numpy([1, 2])
    with pytest.raises(ValueError, match="aligned"):
        ts.from_numpy(np.frombuffer(b"\0" * 9, np.float32, 2, 1))
    with pytest.raises(ValueError, match="8"):
        ts.from_numpy(np.zeros((1,) * 9))


class Legacy:
    """Gives a capsule of before DLPack 1.0, as objects did that know no max_version."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __dlpack__(self, stream=None):
        return self.array.__dlpack__()

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


@pytest.mark.parametrize("dtype", NUMPY_DTYPES)
@pytest.mark.parametrize("source", [lambda a: a, Legacy], ids=["versioned", "legacy"])
def test_dlpack_in(dtype: str, source) -> None:
    array = np.array([[0, 1, 0], [1, 0, 1]], dtype)
    x = ts.from_dlpack(source(array.T))
    assert x.shape == (3, 2)
    assert x.data_ptr() == array.ctypes.data
    np.testing.assert_array_equal(x.numpy(), array.T)
    assert np.shares_memory(x.numpy(), array)


@pytest.mark.parametrize("dtype", NUMPY_DTYPES)
def test_dlpack_out(dtype: str) -> None:
    x = ts.from_numpy(np.array([[0, 1, 0], [1, 0, 1]], dtype)).T
    array = np.from_dlpack(x)
    np.testing.assert_array_equal(array, x.numpy())
    assert np.shares_memory(array, x.numpy())
    assert x.__dlpack_device__() == (1, 0)


@pytest.mark.parametrize("dtype", ALL)
@pytest.mark.parametrize("max_version", [None, (0, 8), (1, 0), (1, 1), (2, 0)])
def test_dlpack_round_trip(dtype: str, max_version) -> None:
    x = to_tensor(np.array([0, 1, 1]), dtype)
    versioned = max_version is not None and max_version >= (1, 0)
    capsule = x.__dlpack__(max_version=max_version)
    assert ('"dltensor_versioned"' in repr(capsule)) == versioned

    class Once:
        def __dlpack__(self, **_):
            return capsule

        def __dlpack_device__(self):
            return (1, 0)

    y = ts.from_dlpack(Once())
    assert (y.dtype, y.data_ptr()) == (x.dtype, x.data_ptr())
    np.testing.assert_array_equal(to_array(y), to_array(x))
    with pytest.raises((ValueError, RuntimeError, TypeError), match="from_dlpack"):
        ts.from_dlpack(Once())  # a capsule is consumed once


def test_dlpack_lifetime() -> None:
    array, alive = watched(3)
    x = ts.from_dlpack(Legacy(array))
    del array
    gc.collect()
    y = np.from_dlpack(x)
    del x
    gc.collect()
    assert y.tolist() == [0, 1, 2]
    del y
    gc.collect()
    assert alive() is None
    before = ts.memory_stats()["allocated_bytes"]
    ts.zeros(1000).__dlpack__(max_version=(1, 0))  # never consumed
    ts.zeros(1000).__dlpack__()
    gc.collect()
    assert ts.memory_stats()["allocated_bytes"] == before


def test_dlpack_read_only() -> None:
    array = np.arange(3.0)
    array.flags.writeable = False
    x = ts.from_numpy(array)
    assert not np.from_dlpack(x).flags.writeable
    y = ts.from_dlpack(x)
    with pytest.raises((RuntimeError, ValueError), match="read"):
        y[0] = 1
    with pytest.raises(BufferError, match="read"):
        x.__dlpack__()  # the legacy structure cannot say that it is read-only


def test_dlpack_arguments() -> None:
    x = ts.arange(3)
    assert np.shares_memory(np.from_dlpack(x, copy=False), x.numpy())
    assert not np.shares_memory(np.from_dlpack(x, copy=True), x.numpy())
    with pytest.raises(BufferError):
        x.__dlpack__(dl_device=(2, 0))
    with pytest.raises(RuntimeError, match="detach"):
        ts.ones(1, requires_grad=True).__dlpack__()
    with pytest.raises((TypeError, AttributeError), match="__dlpack__"):
        ts.from_dlpack([1, 2])


def test_from_buffer() -> None:
    data = bytearray(np.arange(6, dtype=np.float32).tobytes())
    x = ts.from_buffer(data, ts.float32, (2, 2), 8)
    assert x.tolist() == [[2, 3], [4, 5]]
    data[8:12] = np.float32(9).tobytes()
    assert x[0, 0].item() == 9
    assert ts.from_buffer(data, ts.float32).shape == (6,)
    with pytest.raises((RuntimeError, ValueError), match="read"):
        ts.from_buffer(bytes(data), ts.float32)[0] = 1
    for shape, offset in (((7,), 0), ((1,), 24), ((-1,), 0), ((2**62, 4), 0), ((1,), -4), ((1,), 25)):
        with pytest.raises(ValueError, match="from_buffer"):
            ts.from_buffer(data, ts.float32, shape, offset)
