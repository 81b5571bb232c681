"""io.load_torch: both formats of torch.save, and what is refused. Beside torch itself with -m peers."""

from __future__ import annotations

import contextlib
import os
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

import tilestack as ts
from tilestack import io
from torch_writer import Storage, Tensor, pickled, tensor, torch_sequence, torch_zip

FORMATS = {"zip": torch_zip, "sequence": torch_sequence}


@pytest.fixture(params=FORMATS)
def write(request: Any, tmp_path: Any) -> Any:
    def to_file(value: Any) -> Any:
        path = tmp_path / "weights.pth"
        path.write_bytes(FORMATS[request.param](value))
        return path

    return to_file


NUMBERS = np.arange(6).reshape(2, 3)


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [
        ("DoubleStorage", ts.float64),
        ("FloatStorage", ts.float32),
        ("HalfStorage", ts.float16),
        ("LongStorage", ts.int64),
        ("IntStorage", ts.int32),
        ("ShortStorage", ts.int32),
        ("CharStorage", ts.int8),
        ("ByteStorage", ts.uint8),
        ("BoolStorage", ts.bool),
    ],
)
def test_dtypes(write: Any, kind: str, dtype: Any) -> None:
    values = NUMBERS % 2 if kind == "BoolStorage" else NUMBERS
    found = io.load_torch(write({"x": tensor(values, kind)}))["x"]
    assert found.dtype == dtype
    np.testing.assert_array_equal(found.numpy(), values)


def test_bfloat16(write: Any) -> None:
    bits = np.array([0x3F80, 0xC000, 0x3E00, 0x0000], np.uint16)  # 1, -2, 0.125, 0
    values = {"x": tensor(bits, "BFloat16Storage"), "t": Tensor(Storage("BFloat16Storage", bits), (2, 2), (1, 2))}
    found = io.load_torch(write(values))
    assert found["x"].dtype == found["t"].dtype == ts.bfloat16
    assert found["x"].tolist() == [1, -2, 0.125, 0]
    assert found["t"].tolist() == [[1, 0.125], [-2, 0]]


def test_views_of_one_storage(write: Any) -> None:
    storage = Storage("FloatStorage", np.arange(12))
    views = {
        "whole": Tensor(storage, (3, 4), (4, 1)),
        "turned": Tensor(storage, (4, 3), (1, 4)),
        "part": Tensor(storage, (2, 2), (4, 1), 5),
        "rows": Tensor(storage, (2, 4), (4, 1), 4),
        "one": Tensor(storage, (), (), 7),
        "spread": Tensor(storage, (3, 2), (0, 1), 2),
        "empty": Tensor(storage, (0, 4), (4, 1), 12),
    }
    found = io.load_torch(write(views))
    whole = np.arange(12, dtype=np.float32).reshape(3, 4)
    wanted = {"whole": whole, "turned": whole.T, "part": whole[1:, 1:3], "rows": whole[1:], "one": whole[1, 3]}
    wanted |= {"spread": np.broadcast_to(whole[0, 2:], (3, 2)), "empty": whole[:0]}
    for name, array in wanted.items():
        np.testing.assert_array_equal(found[name].numpy(), array, err_msg=name)
    with ts.no_grad():
        found["whole"][2, 3] = -1
    assert found["rows"][1, 3].item() == -1
    assert found["turned"][3, 2].item() == 11


def test_other_values(write: Any) -> None:
    value = OrderedDict(a=1, b=[2.5, "text", None, True], c=(1, {2: 3}))
    found = io.load_torch(write(value))
    assert found == value
    assert isinstance(found, OrderedDict)


class Runs:
    """A pickle of it would run a command."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("was-executed",)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"x": Runs()}, "posix.mkdir|nt.mkdir"),
        ({"x": np.float32(1)}, r"numpy\._?core\.multiarray\.scalar"),
        ({"x": {1, 2}}, "builtins.set|__builtin__.set"),
        ({"x": tensor(NUMBERS, "ComplexFloatStorage")}, "torch.ComplexFloatStorage"),
        ({"x": Tensor(Storage("FloatStorage", NUMBERS), (7,), (1,))}, "beyond its storage"),
        ({"x": Tensor(Storage("FloatStorage", NUMBERS), (2, 3), (3, 1), 1)}, "beyond its storage"),
        ({"x": Tensor(Storage("FloatStorage", NUMBERS), (1 << 40,), (0,))}, "beyond its storage"),
        ({"x": Tensor(Storage("FloatStorage", NUMBERS), (2, -3), (3, 1))}, "shape"),
        ({"x": Tensor(Storage("FloatStorage", NUMBERS), (2, 3), (-3, 1))}, "strides"),
        ({"x": Tensor(Storage("FloatStorage", NUMBERS), (2, 3), (3,))}, "strides"),
        ({"x": Tensor(Storage("FloatStorage", NUMBERS), (1,) * 9, (1,) * 9)}, "9 dimensions"),
        ({"x": Tensor("storage", (1,), (1,))}, "a tensor of shape"),
    ],
)
def test_refused(write: Any, tmp_path: Any, monkeypatch: Any, value: Any, reason: str) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(value)
    with pytest.raises(ValueError, match=reason) as error:
        io.load_torch(path)
    assert str(path) in str(error.value)
    assert not (tmp_path / "was-executed").exists()


WHOLE = {"x": tensor(NUMBERS, "FloatStorage")}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"just a text\n", "neither a zip archive nor a pickle"),
        (torch_zip(WHOLE)[:-30], "damaged or half-downloaded"),
        (torch_zip(WHOLE)[:200], "damaged or half-downloaded"),
        (torch_sequence(WHOLE)[:-4], "truncated: storage 0 must have 24 bytes, it has 20"),
        (torch_sequence(WHOLE)[:120], "damaged or half-downloaded"),
        (torch_sequence(WHOLE, little_endian=False), "big-endian"),
        (torch_zip(WHOLE, **{"data/0": b"x" * 100}), "storage 0 must have 24 bytes"),
        (torch_zip({"x": tensor(NUMBERS, "BoolStorage")}, **{"data/0": bytes([0, 1, 2] * 2)}), "holds the byte 2"),
        (torch_zip(WHOLE, **{"constants.pkl": b""}), "TorchScript"),
        (torch_zip(WHOLE, "some/where"), "has no data.pkl"),
        (pickled(WHOLE)[0], "a pickle, but not of torch.save"),
        (b"x" * 257 + b"ustar" + b"x" * 300, "tar archive"),
    ],
)
def test_other_files(tmp_path: Any, content: bytes, reason: str) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=reason) as error:
        io.load_torch(path)
    assert str(path) in str(error.value)


def test_every_cut_of_a_file_is_an_error(tmp_path: Any) -> None:
    path = tmp_path / "weights.pth"
    for whole in (torch_zip(WHOLE), torch_sequence(WHOLE)):
        for size in range(1, len(whole), 7):
            path.write_bytes(whole[:size])
            with pytest.raises(ValueError, match="weights.pth"):
                io.load_torch(path)


def test_random_bytes_in_a_pickle_are_errors_or_values(tmp_path: Any) -> None:
    """Nothing else is raised, whatever the pickle says."""
    path, whole = tmp_path / "weights.pth", bytearray(torch_sequence(WHOLE))
    rng = np.random.default_rng(0)
    for _ in range(300):
        spoilt = whole.copy()
        for place in rng.integers(18, len(whole) - 24, 3):
            spoilt[place] = rng.integers(256)
        path.write_bytes(spoilt)
        with contextlib.suppress(ValueError):
            io.load_torch(path)


def test_missing() -> None:
    with pytest.raises(FileNotFoundError):
        io.load_torch("no/such/file.pth")


@pytest.mark.peers
@pytest.mark.parametrize("zipped", [True, False])
def test_what_torch_saves(tmp_path: Any, zipped: bool) -> None:
    torch = pytest.importorskip("torch")
    base = torch.randn(4, 6)
    dtypes = (
        torch.float64,
        torch.float16,
        torch.bfloat16,
        torch.int64,
        torch.int32,
        torch.int8,
        torch.uint8,
        torch.bool,
    )
    values = {str(dtype): (base * 3).abs().to(dtype) for dtype in dtypes}
    values |= {"turned": base.t(), "part": base[1:3, 2:], "same": base, "spread": base[:1].expand(5, 6)}
    values |= {"number": torch.tensor(3), "empty": torch.zeros(0, 3), "parameter": torch.nn.Parameter(torch.ones(2))}
    torch.save(values, tmp_path / "x.pt", _use_new_zipfile_serialization=zipped)
    found = io.load_torch(tmp_path / "x.pt")
    assert list(found) == list(values)
    for name, x in values.items():
        np.testing.assert_array_equal(found[name].double().numpy(), x.detach().double().numpy(), err_msg=name)
    state = torch.nn.BatchNorm2d(3).state_dict()
    torch.save(state, tmp_path / "x.pt", _use_new_zipfile_serialization=zipped)
    assert list(io.load_torch(tmp_path / "x.pt")) == list(state)
    torch.save(torch.nn.Linear(2, 2), tmp_path / "x.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(ValueError, match="torch.nn.modules.linear.Linear"):
        io.load_torch(tmp_path / "x.pt")
