"""CIFAR-10's files, and `tilestack train cifar`, with pictures that are made up."""

from __future__ import annotations

import io
import pickle
import re
import tarfile
from pathlib import Path

import numpy as np
import pytest

import tilestack as ts
from test_cli import Page, command
from tilestack import models
from tilestack.data.cifar import CLASSES, load_cifar
from tilestack.vision import write_png
from tilestack.vision.augment import random_shift_and_mirror

NAMES = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
SIZE = 40  # pictures of a batch


def batch(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Colours that tell the class, under noise: (n, 32, 32, 3) uint8 and (n) uint8."""
    rng = np.random.default_rng(number)
    labels = np.arange(SIZE) % 10
    colours = np.random.default_rng(99).integers(40, 200, (10, 1, 1, 3))
    return (colours[labels] + rng.integers(0, 50, (SIZE, 32, 32, 3))).astype(np.uint8), labels.astype(np.uint8)


def planes(images: np.ndarray) -> np.ndarray:
    return images.transpose(0, 3, 1, 2).reshape(len(images), -1)


def python_batch(number: int) -> bytes:
    images, labels = batch(number)
    return pickle.dumps({b"data": planes(images), b"labels": labels.tolist(), b"batch_label": b"x"}, protocol=2)


def binary_batch(number: int) -> bytes:
    images, labels = batch(number)
    return np.concatenate([labels[:, None], planes(images)], 1).tobytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the binary archive comes out, in a folder of its own."""
    inside = tmp_path_factory.mktemp("cifar") / "cifar-10-batches-bin"
    inside.mkdir()
    for i, name in enumerate(NAMES):
        (inside / f"{name}.bin").write_bytes(binary_batch(i))
    (inside / "readme.html").write_text("about it")
    return inside.parent


def archive(path: Path, make, suffix: str = "") -> Path:
    with tarfile.open(path, "w:gz") as file:
        for i, name in enumerate(NAMES):
            content = make(i)
            member = tarfile.TarInfo(f"cifar-10/{name}{suffix}")
            member.size = len(content)
            file.addfile(member, io.BytesIO(content))
    return path


def test_all_versions_are_the_same(folder: Path, tmp_path: Path) -> None:
    loose = tmp_path / "loose"
    loose.mkdir()
    for i, name in enumerate(NAMES):
        (loose / name).write_bytes(python_batch(i))
    tar = archive(tmp_path / "cifar-10-python.tar.gz", python_batch)
    binary = archive(tmp_path / "cifar-10-binary.tar.gz", binary_batch, ".bin")
    for path in (folder, folder / "cifar-10-batches-bin", loose, tar, binary):
        data = load_cifar(path)
        assert data.classes == CLASSES
        assert data.train_images.shape == (5 * SIZE, 32, 32, 3)
        for i, start in enumerate(range(0, 5 * SIZE, SIZE)):
            np.testing.assert_array_equal(data.train_images[start : start + SIZE], batch(i)[0])
        np.testing.assert_array_equal(data.test_images, batch(5)[0])
        np.testing.assert_array_equal(data.test_labels, batch(5)[1])


def jpegs(path: Path, count: int = 40) -> Path:
    """An .npz of pictures in files, here PNG."""
    images, labels = batch(0)
    files = [write_png(image) for image in images[:count]]
    offsets = np.cumsum([0, *map(len, files)]).astype(np.uint32)
    np.savez(path, jpg=np.frombuffer(b"".join(files), np.uint8), offsets=offsets, labels=labels[:count])
    return path


def test_pictures_in_an_npz_are_split(tmp_path: Path) -> None:
    images, labels = batch(0)
    order = np.argsort(labels, kind="stable")
    files = [write_png(images[i]) for i in order for _ in range(5)]  # 20 of each class
    offsets = np.cumsum([0, *map(len, files)])
    wanted = np.repeat(labels[order], 5)
    np.savez(tmp_path / "x.npz", jpg=np.frombuffer(b"".join(files), np.uint8), offsets=offsets, labels=wanted)
    data = load_cifar(tmp_path / "x.npz")
    assert np.bincount(data.train_labels).tolist() == [18] * 10
    assert np.bincount(data.test_labels).tolist() == [2] * 10
    np.testing.assert_array_equal(data.train_images[0], images[order[0]])


class Call:
    def __reduce__(self):
        return print, ("this must not run",)


@pytest.mark.parametrize(
    ("name", "content", "error", "words"),
    [
        ("data_batch_3", None, FileNotFoundError, "has neither data_batch_3 nor data_batch_3.bin"),
        ("data_batch_3", python_batch(0)[:-200], ValueError, "data_batch_3: not a batch of CIFAR-10, or damaged"),
        ("data_batch_3", b"a text", ValueError, "data_batch_3: not a batch of CIFAR-10, or damaged"),
        ("data_batch_3", pickle.dumps({b"data": [1], b"labels": [2]}), ValueError, "wanted 1 rows of 3072 bytes"),
        ("data_batch_3", pickle.dumps([1]), ValueError, "not a batch of CIFAR-10"),
        ("data_batch_3", pickle.dumps(Call()), ValueError, "it holds a builtins.print"),
        ("test_batch.bin", binary_batch(0)[:-1], ValueError, "test_batch.bin: truncated"),
        ("test_batch.bin", b"\xff" * 3073, ValueError, "wanted labels from 0 to 9, got 255"),
        ("test_batch.bin", b"", ValueError, "wanted labels from 0 to 9, got 0, of 0"),
    ],
)
def test_damaged_batches(name: str, content: bytes | None, error, words: str, tmp_path: Path, capsys) -> None:
    for i, each in enumerate(NAMES):
        (tmp_path / each).write_bytes(python_batch(i))
    (tmp_path / name).unlink(missing_ok=True)
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(error, match=re.escape(words)):
        load_cifar(tmp_path)
    assert capsys.readouterr().out == ""


def test_damaged_npz(tmp_path: Path) -> None:
    whole = dict(np.load(jpegs(tmp_path / "whole.npz")))
    for changes, words in (
        ({"labels": whole["labels"][:-1]}, "39 labels, up to 9, do not fit 41 offsets"),
        ({"labels": whole["labels"] + 1}, "40 labels, up to 10"),
        ({"jpg": np.zeros_like(whole["jpg"])}, "picture 0: not a"),
    ):
        np.savez(tmp_path / "x.npz", **{**whole, **changes})
        with pytest.raises(ValueError, match=words):
            load_cifar(tmp_path / "x.npz")
    np.savez(tmp_path / "x.npz", images=np.zeros(3))
    with pytest.raises(ValueError, match=r"wanted an .npz with jpg, offsets and labels"):
        load_cifar(tmp_path / "x.npz")
    (tmp_path / "x.npz").write_bytes((tmp_path / "whole.npz").read_bytes()[:5000])
    with pytest.raises(ValueError, match=r"wanted an .npz with jpg, offsets and labels"):
        load_cifar(tmp_path / "x.npz")


@pytest.mark.parametrize("model", ["alexnet", "lenet", "mlp"])
def test_train_predict_and_inspect(model: str, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    run = command("train", "cifar", "--data", folder, "--model", model, "--epochs", 6, "--batch-size", 20, "--out", out)
    assert run.returncode == 0, run.stderr
    right = re.search(r"(\d+) of 40 held-back images are right", run.stdout)
    assert right
    assert int(right.group(1)) >= 12  # 4 by chance
    page = Page()
    page.feed((out / "report.html").read_text("utf-8"))
    assert page.open == []
    for title in ("on CIFAR-10", "Confusion matrix", "First-layer filters", "shifts by up to 4 pixels"):
        assert title in page.text
    (tmp_path / "photo.png").write_bytes(write_png(np.kron(batch(5)[0][0], np.ones((3, 3, 1), np.uint8))))
    predicted = command("predict", tmp_path / "photo.png", "--model", out)
    assert predicted.returncode == 0, predicted.stderr
    assert re.search(rf"photo.png: ({'|'.join(CLASSES)}) \(", predicted.stdout)
    seen = command("inspect", out, "--data", folder, "--html", tmp_path / "page.html")
    assert seen.returncode == 0, seen.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--data"),
        (["--data", "nowhere"], "no such file or folder: nowhere"),
        (["--data", "{empty}"], "has neither data_batch_1 nor data_batch_1.bin"),
        (["--data", "{text}"], "neither an archive of CIFAR-10 nor an .npz"),
    ],
)
def test_wrong_input(arguments: list[str], words: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.tar.gz").write_text("a text")
    filled = [word.format(empty=tmp_path / "empty", text=tmp_path / "text.tar.gz") for word in arguments]
    run = command("train", "cifar", *filled, "--out", tmp_path / "out")
    assert run.returncode == 2
    assert words in run.stderr
    assert "Traceback" not in run.stderr


def test_shifts_and_mirrors() -> None:
    images = np.random.default_rng(0).integers(0, 256, (60, 8, 9, 3), dtype=np.uint8)
    out = random_shift_and_mirror(images, np.random.default_rng(1), shift=2)
    assert out.shape == images.shape
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="reflect")
    mirrored = 0
    for image, moved in zip(padded, out, strict=True):
        plain = [image[i : i + 8, j : j + 9] for i in range(5) for j in range(5)]
        assert sum((moved == one).all() for one in plain) + sum((moved == one[:, ::-1]).all() for one in plain) == 1
        mirrored += any((moved == one[:, ::-1]).all() for one in plain)
    assert 10 < mirrored < 50
    np.testing.assert_array_equal(random_shift_and_mirror(images, np.random.default_rng(1), 2)[:5], out[:5])


def test_the_nets_take_32_pixels() -> None:
    ts.manual_seed(0)
    x = ts.randn(2, 3, 32, 32)
    assert models.CifarAlexNet(7)(x).shape == (2, 7)
    lenet = models.LeNet(7, 3, 32)
    assert lenet(x).shape == (2, 7)
    assert lenet.state_dict()["features.0.weight"].shape == (6, 3, 5, 5)
    with pytest.raises(ValueError, match="size must be 28 or 32, got 30"):
        models.LeNet(size=30)
