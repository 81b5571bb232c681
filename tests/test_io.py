from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

import tilestack as ts
from tilestack import io

DTYPES = [ts.float64, ts.float32, ts.bfloat16, ts.float16, ts.int64, ts.int32, ts.int8, ts.uint8, ts.bool]
SHAPES = [(), (0,), (1,), (3, 5), (2, 0, 4), (7,), (2, 3, 4, 5)]


def sample(dtype: ts.dtype, shape: tuple[int, ...]) -> ts.Tensor:
    values = np.random.default_rng(0).integers(0, 2 if dtype == ts.bool else 100, shape)
    return ts.tensor(values.astype(np.float32)).to(dtype)


def bits(x: ts.Tensor) -> bytes:
    return x.contiguous().reshape(-1).view(ts.uint8).numpy().tobytes()


def same(a: ts.Tensor, b: ts.Tensor) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and bits(a) == bits(b)


@pytest.mark.parametrize("mmap", [True, False])
def test_round_trip_of_every_dtype_and_shape(tmp_path, mmap):
    tensors = {f"{dtype}.{i}": sample(dtype, shape) for dtype in DTYPES for i, shape in enumerate(SHAPES)}
    path = tmp_path / "all.safetensors"
    io.save_file(tensors, path, metadata={"by": "tilestack"})
    back = io.load_file(path, mmap=mmap)
    assert back.keys() == tensors.keys()
    assert all(same(back[name], x) for name, x in tensors.items())
    assert io.load_metadata(path) == {"format": "pt", "by": "tilestack"}


def test_names_and_views_survive(tmp_path):
    x = ts.tensor(np.arange(24.0).reshape(4, 6))
    path = tmp_path / "x.safetensors"
    io.save_file({"a.ü\n\"'": x.T[::2], "": x[1:3, ::2], "numpy": np.arange(6, dtype=np.int32)[::-1]}, path)
    back = io.load_file(path)
    assert np.array_equal(back["a.ü\n\"'"].numpy(), x.T[::2].numpy())
    assert np.array_equal(back[""].numpy(), x[1:3, ::2].numpy())
    assert np.array_equal(back["numpy"].numpy(), np.arange(6, dtype=np.int32)[::-1])


def test_the_safetensors_package_reads_what_we_write(tmp_path):
    from safetensors import safe_open
    from safetensors.numpy import load_file

    tensors = {str(dtype): sample(dtype, (5, 7)) for dtype in DTYPES if dtype != ts.bfloat16}
    path = tmp_path / "x.safetensors"
    io.save_file(tensors, path)
    for name, array in load_file(path).items():
        assert np.array_equal(array, tensors[name].numpy())
        assert array.dtype == tensors[name].numpy().dtype
    io.save_file({**tensors, "b": sample(ts.bfloat16, (5, 3))}, path)
    with safe_open(path, "np") as file:
        assert file.metadata() == {"format": "pt"}
        assert file.get_slice("b").get_dtype() == "BF16"
        assert file.get_slice("b").get_shape() == [5, 3]


def test_we_read_what_the_safetensors_package_writes(tmp_path):
    from safetensors.numpy import save_file

    tensors = {str(dtype): sample(dtype, (3, 5)) for dtype in DTYPES if dtype != ts.bfloat16}
    path = tmp_path / "x.safetensors"
    save_file({name: x.numpy() for name, x in tensors.items()}, path, {"note": "yes"})
    back = io.load_file(path)
    assert back.keys() == tensors.keys()
    assert all(same(back[name], x) for name, x in tensors.items())
    assert io.load_metadata(path) == {"note": "yes"}


def test_bfloat16_of_the_safetensors_package(tmp_path):
    import safetensors

    x, path = sample(ts.bfloat16, (3, 5)), tmp_path / "x.safetensors"
    raw = np.frombuffer(bits(x), np.uint8).copy()
    if hasattr(safetensors, "TensorSpec"):
        spec = safetensors.TensorSpec(dtype="bfloat16", shape=[3, 5], data_ptr=raw.ctypes.data, data_len=raw.nbytes)
    else:  # before 0.6
        spec = {"dtype": "bfloat16", "shape": [3, 5], "data": raw.tobytes()}
    safetensors.serialize_file({"x": spec}, path)
    assert same(io.load_file(path)["x"], x)


def test_saving_is_deterministic(tmp_path):
    tensors = {name: sample(ts.float32, (4,)) for name in "cab"}
    io.save_file(tensors, tmp_path / "1")
    io.save_file(dict(reversed(tensors.items())), tmp_path / "2")
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


def test_a_mapped_tensor_is_private_and_outlives_its_file(tmp_path):
    path = tmp_path / "x.safetensors"
    io.save_file({"x": ts.ones(1000)}, path)
    x = io.load_file(path)["x"]
    x.add_(1)
    assert io.load_file(path)["x"].sum().item() == 1000
    io.save_file({"x": ts.zeros(1000)}, path)
    path.unlink()
    assert x.sum().item() == 2000


def test_unaligned_tensors_are_read(tmp_path):
    header = (
        b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}}'
    )
    path = tmp_path / "x.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"\7" + np.array([1, 2], "<f4").tobytes())
    assert io.load_file(path)["b"].tolist() == [1, 2]


def test_shards(tmp_path):
    io.save_file({"a": ts.ones(2), "unused": ts.ones(1)}, tmp_path / "one.safetensors")
    io.save_file({"b": ts.zeros(3)}, tmp_path / "two.safetensors")
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}))
    back = io.load_file(index)
    assert {name: tuple(x.shape) for name, x in back.items()} == {"a": (2,), "b": (3,)}


@pytest.mark.parametrize(
    ("content", "error", "reason"),
    [
        ('{"weight_map": {"a": "../x.safetensors"}}', ValueError, "not in its folder"),
        ('{"weight_map": {"c": "one.safetensors"}}', ValueError, "'c' is not in one.safetensors"),
        ('{"weight_map": {"a": "gone.safetensors"}}', FileNotFoundError, "gone"),
        ('{"weight_map": {"a": 3}}', ValueError, "not in its folder"),
        ('{"weight_map": {"a": [3]}}', ValueError, "weight_map"),
        ("[]", ValueError, "weight_map"),
        ("{", ValueError, "weight_map"),
        ("[" * 100_000, ValueError, "weight_map"),
    ],
)
def test_bad_indexes(tmp_path, content, error, reason):
    io.save_file({"a": ts.ones(2)}, tmp_path / "one.safetensors")
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(content)
    with pytest.raises(error, match=reason):
        io.load_file(index)


def entry(dtype="F32", shape=(2,), offsets=(0, 8)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def file_of(header, data=b"\0" * 8) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


HOSTILE = {
    "empty": (b"", "too few"),
    "seven bytes": (b"\0" * 7, "too few"),
    "no header": (b"\0" * 8, "not a JSON object"),
    "long header": ((100_000_001).to_bytes(8, "little") + b"{}", "100,000,001 bytes long"),
    "huge header": (b"\xff" * 16, "bytes long"),
    "header past the end": ((50).to_bytes(8, "little") + b"{}", "truncated"),
    "bad json": (file_of(b'{"a":'), "bad JSON"),
    "not utf-8": (file_of(b'{"\xff\xfe": 1}'), "bad JSON"),
    "deep json": (file_of(b'{"a":' + b"[" * 200_000), "bad JSON"),
    "list": (file_of(b"[]"), "not a JSON object"),
    "leading space": (file_of(b' {"a":1}'), "not a JSON object"),
    "endless number": (file_of(b'{"a":' + b"9" * 5000 + b"}"), "bad JSON"),
    "duplicate name": (
        file_of(b'{"a":%b,"a":%b}' % ((json.dumps(entry()).encode(),) * 2)),
        "duplicate key 'a'",
    ),
    "metadata of numbers": (file_of({"__metadata__": {"a": 1}}, b""), "__metadata__"),
    "entry of another kind": (file_of({"a": 3}), "must have dtype"),
    "entry with more": (file_of({"a": {**entry(), "x": 1}}), "must have dtype"),
    "unknown dtype": (file_of({"a": entry("F8_E5M2", (8,))}), "F8_E5M2"),
    "dtype of another kind": (file_of({"a": entry(["F32"])}), "dtype"),
    "negative size": (file_of({"a": entry(shape=(-2,))}), "list of sizes"),
    "size true": (file_of({"a": entry(shape=(True, 2))}), "list of sizes"),
    "size 2.0": (file_of({"a": entry(shape=(2.0,))}), "list of sizes"),
    "overflowing shape": (file_of({"a": entry(shape=(2**62, 2**62))}), "needs"),
    "overflow to the right size": (file_of({"a": entry(shape=(2**32, 2**32, 2**1, 2**0))}), "needs"),
    "nine dimensions": (file_of({"a": entry(shape=(1,) * 8 + (2,))}), "at most 8"),
    "wrong size": (file_of({"a": entry(shape=(3,))}), "needs 12 bytes"),
    "offsets backwards": (file_of({"a": entry(offsets=(8, 0))}), "data_offsets"),
    "three offsets": (file_of({"a": entry(offsets=(0, 4, 8))}), "data_offsets"),
    "out of range": (file_of({"a": entry(offsets=(8, 16))}), "truncated"),
    "overlap": (file_of({"a": entry(), "b": entry(offsets=(4, 12))}, b"\0" * 12), "overlaps"),
    "same place": (file_of({"a": entry(), "b": entry()}), "overlaps"),
    "hole": (file_of({"a": entry(offsets=(4, 12))}, b"\0" * 12), "hole of 4 bytes"),
    "more data": (file_of({"a": entry()}, b"\0" * 9), "belong to none"),
    "less data": (file_of({"a": entry()}, b"\0" * 7), "truncated"),
    "bool of 2": (file_of({"a": entry("BOOL", (8,))}, b"\1\0\2\0\0\0\0\0"), "holds the byte 2"),
}


@pytest.mark.parametrize("mmap", [True, False])
@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_files(tmp_path, case, mmap):
    content, reason = HOSTILE[case]
    path = tmp_path / "bad.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=reason) as error:
        io.load_file(path, mmap=mmap)
    assert str(path) in str(error.value)
    assert len(str(error.value)) < 400 + len(str(path))


def test_every_truncation_and_many_flips_are_refused_or_read(tmp_path):
    path = tmp_path / "x.safetensors"
    io.save_file({"a": sample(ts.float32, (3,)), "b": sample(ts.bool, (5,))}, path)
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match="not a valid safetensors file"):
            io.load_file(path)
    rng = np.random.default_rng(0)
    for _ in range(500):
        changed = bytearray(whole)
        changed[rng.integers(len(whole))] = rng.integers(256)
        path.write_bytes(changed)
        try:
            io.load_file(path)
        except ValueError as error:
            assert str(path) in str(error)  # noqa: PT017


def test_bad_tensors_are_refused_before_anything_is_written(tmp_path):
    path = tmp_path / "x.safetensors"
    for bad, error in (
        ({"a": 3}, TypeError),
        ({"__metadata__": ts.ones(1)}, ValueError),
        ({1: ts.ones(1)}, ValueError),
    ):
        with pytest.raises(error, match="save_file"):
            io.save_file(bad, path)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        io.load_file(path)
    with pytest.raises(OSError, match="directory"):
        io.load_file(tmp_path)


def test_npz_round_trip(tmp_path):
    path = tmp_path / "x.npz"
    tensors = {str(dtype): sample(dtype, (3, 4)) for dtype in DTYPES if dtype != ts.bfloat16}
    for compress in (False, True):
        io.save_npz({**tensors, "array": np.arange(3.0)}, path, compress)
        back = io.load_npz(path)
        assert all(same(back[name], x) for name, x in tensors.items())
        assert back["array"].tolist() == [0, 1, 2]
    with pytest.raises(TypeError, match="bfloat16"):
        io.save_npz({"x": sample(ts.bfloat16, (2,))}, path)
    assert io.load_npz(path)["array"].tolist() == [0, 1, 2]


def test_bad_npz(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, x=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match=r"x\.npz"):
        io.load_npz(path)
    np.savez_compressed(path, x=np.arange(1000))
    whole = path.read_bytes()
    for content in (b"", b"PK", b"no archive at all", whole[:-40], whole[:200] + bytes(60) + whole[260:]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"x\.npz"):
            io.load_npz(path)
    np.save(path.with_suffix(".npy"), np.arange(3))
    with pytest.raises(ValueError, match=r"x\.npy"):
        io.load_npz(path.with_suffix(".npy"))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", b"\x93NUMPY\1\0\x10\0{'descr': bad")
    with pytest.raises(ValueError, match=r"x\.npz"):
        io.load_npz(path)


def test_atomic_write_replaces_whole_and_keeps_the_mode(tmp_path):
    path = tmp_path / "x"
    io.atomic_write_text(path, "one")
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask
    path.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to("x")
    io.atomic_write_text(link, "two")
    assert link.is_symlink()
    assert path.read_text() == "two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def write_and_fail(path):
    with io.atomic_write(path) as file:
        file.write(b"half")
        raise KeyboardInterrupt


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "x"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        write_and_fail(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_errors_of_other_files_keep_their_name(tmp_path):
    with pytest.raises(FileNotFoundError) as error, io.atomic_write(tmp_path / "x"):
        (tmp_path / "other").read_bytes()
    assert error.value.filename == str(tmp_path / "other")


def test_full_device_is_named():
    with pytest.raises(OSError, match="/dev/full") as error:
        io.save_file({"x": ts.ones(100_000)}, "/dev/full")
    assert error.value.errno == errno.ENOSPC
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


LIMITED = """
import resource, sys
import tilestack as ts
path = sys.argv[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    ts.save_file({"x": ts.ones(100_000)}, path)
except OSError as error:
    print(error)
"""


def test_a_disk_that_fills_up_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.safetensors"
    io.save_file({"x": ts.ones(3)}, path)
    said = subprocess.run([sys.executable, "-c", LIMITED, path], capture_output=True, text=True, check=True).stdout
    assert str(path) in said
    assert "cannot write" in said
    assert io.load_file(path)["x"].tolist() == [1, 1, 1]
    assert list(tmp_path.iterdir()) == [path]


READ_ONLY = """
import os, sys
import tilestack as ts
import tilestack.io
if os.getuid() == 0:
    os.setuid(65534)
try:
    ts.save_file({"x": ts.ones(3)}, sys.argv[1])
except OSError as error:
    print(type(error).__name__, error)
"""


def test_a_read_only_folder_leaves_the_old_file():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "x.safetensors"
        io.save_file({"x": ts.zeros(2)}, path)
        folder.chmod(0o555)
        run = subprocess.run([sys.executable, "-c", READ_ONLY, path], capture_output=True, text=True, check=True)
        assert run.stdout.startswith("PermissionError")
        assert str(path) in run.stdout
        assert io.load_file(path)["x"].tolist() == [0, 0]
        assert list(folder.iterdir()) == [path]
        folder.chmod(0o755)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="gone"):
        io.save_file({"x": ts.ones(1)}, tmp_path / "gone" / "x")
