from __future__ import annotations

import gzip
import io
import lzma
import zlib

import numpy as np
import pytest

from tilestack.data.mnist import CLOTHES, DIGITS, SAMPLE, load_mnist, read_idx
from tilestack.vision import prepare_digit, random_affine, read_image, read_png, to_gray, write_png


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes() + array.astype(np.uint8).tobytes()


def write_set(folder, labels=(5, 0, 4, 1, 9, 2, 1, 3, 1, 4, 0), pack=gzip.compress, suffix=".gz"):
    labels = np.array(labels)
    images = np.zeros((len(labels), 28, 28)) + labels[:, None, None]
    for part in ("train", "t10k"):
        (folder / f"{part}-images-idx3-ubyte{suffix}").write_bytes(pack(idx(images)))
        (folder / f"{part}-labels-idx1-ubyte{suffix}").write_bytes(pack(idx(labels)))


def test_the_sample():
    data = load_mnist()
    assert data.name == "mnist-sample"
    assert data.classes == DIGITS
    assert data.train_images.shape == (4000, 28, 28)
    assert data.test_images.shape == (1000, 28, 28)
    assert data.train_images.dtype == data.train_labels.dtype == np.uint8
    assert np.bincount(data.train_labels).tolist() == [400] * 10
    assert np.bincount(data.test_labels).tolist() == [100] * 10
    seen = {image.tobytes() for image in data.train_images}
    assert not any(image.tobytes() in seen for image in data.test_images)
    assert "BSD" in (SAMPLE / "SOURCE.txt").read_text("utf-8")


@pytest.mark.parametrize(("pack", "suffix"), [(gzip.compress, ".gz"), (lzma.compress, ".xz"), (bytes, "")])
def test_a_folder_of_idx_files(tmp_path, pack, suffix):
    write_set(tmp_path, pack=pack, suffix=suffix)
    data = load_mnist(tmp_path)
    assert data.name == "mnist"
    assert data.train_labels.tolist()[:3] == [5, 0, 4]
    assert (data.test_images[:, 3, 3] == data.test_labels).all()
    write_set(tmp_path, (9, 0, 0, 3, 0, 2, 7, 2, 5, 5), pack, suffix)
    assert (load_mnist(tmp_path).name, load_mnist(tmp_path).classes) == ("fashion-mnist", CLOTHES)
    write_set(tmp_path, (1, 2, 3), pack, suffix)
    assert load_mnist(tmp_path).name == "digits"


def test_missing_files(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no such folder: .*gone"):
        load_mnist(tmp_path / "gone")
    with pytest.raises(FileNotFoundError, match="train-images-idx3-ubyte nor"):
        load_mnist(tmp_path)
    write_set(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(FileNotFoundError, match="neither t10k-labels-idx1-ubyte nor"):
        load_mnist(tmp_path)


DAMAGED = {
    "truncated": (lambda data: data[:-1], "truncated"),
    "too long": (lambda data: data + b"\0", "too long"),
    "no header": (lambda data: data[:9], "truncated"),
    "empty": (lambda data: b"", "not an IDX file"),
    "magic": (lambda data: b"\x89PNG" + data[4:], "not an IDX file"),
    "floats": (lambda data: b"\0\0\x0d\1" + data[4:], "not an IDX file"),
    "other shape": (lambda data: idx(np.zeros((11, 27, 28))), r"must have shape \(n, 28, 28\)"),
    "other number": (lambda data: idx(np.zeros((12, 28, 28))), "12 images need as many labels"),
    "broken gzip": (lambda data: gzip.compress(data)[:-20], "damaged gzip"),
    "flipped gzip": (lambda data: gzip.compress(data)[:-8] + bytes(8), "damaged gzip"),
    "broken xz": (lambda data: lzma.compress(data)[:-20], "damaged xz"),
    "huge": (lambda data: b"\0\0\x08\3" + b"\xff" * 12, "truncated"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damaged_files(tmp_path, case):
    damage, reason = DAMAGED[case]
    write_set(tmp_path, pack=bytes, suffix="")
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=reason) as error:
        load_mnist(tmp_path)
    assert tmp_path.name in str(error.value)


def test_bad_labels(tmp_path):
    write_set(tmp_path, (1, 10))
    with pytest.raises(ValueError, match="labels must be 0 to 9, got 10"):
        load_mnist(tmp_path)
    write_set(tmp_path, ())
    with pytest.raises(ValueError, match="no samples"):
        load_mnist(tmp_path)


def test_read_idx_of_any_rank(tmp_path):
    for shape in ((3,), (2, 3), (2, 3, 4), (0, 5)):
        array = np.arange(np.prod(shape)).reshape(shape)
        (tmp_path / "x").write_bytes(idx(array))
        assert np.array_equal(read_idx(tmp_path / "x"), array)


@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 7, 1), (28, 28, 3), (9, 4, 4)])
def test_png_round_trip(shape):
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    assert np.array_equal(read_png(write_png(image)), image)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_png_files_of_pillow(mode):
    image_module = pytest.importorskip("PIL.Image")
    ramp = np.add.outer(np.arange(33) * 5, np.arange(50) * 3)[:, :, None] * [1, 2, 3]  # smooth: all filters are used
    picture = image_module.fromarray((ramp % 256).astype(np.uint8))
    picture = picture.quantize(17) if mode == "P" else picture.convert("L" if mode == "I;16" else mode)
    if mode == "I;16":
        picture = image_module.fromarray((ramp[:, :, 0] * 77 % 65536).astype(np.uint16))
    file = io.BytesIO()
    picture.save(file, "PNG")
    wanted = (
        np.asarray(picture) >> 8 if mode == "I;16" else np.asarray(picture.convert("RGB") if mode == "P" else picture)
    )
    wanted = wanted.astype(np.uint8) * (255 if mode == "1" else 1)
    assert np.array_equal(read_png(file.getvalue()), np.atleast_3d(wanted))


def test_damaged_png_files():
    whole = write_png(np.random.default_rng(0).integers(0, 256, (9, 9, 3), dtype=np.uint8))
    for size in range(len(whole)):
        with pytest.raises(ValueError, match="PNG"):
            read_png(whole[:size])
    rng = np.random.default_rng(0)
    for _ in range(300):
        changed = bytearray(whole)
        changed[rng.integers(len(whole))] ^= 1 << rng.integers(8)
        with pytest.raises(ValueError, match="PNG"):  # every bit is under a checksum, a length or the signature
            read_png(bytes(changed))


def test_a_png_that_claims_to_be_huge():
    header = (2**31 - 1).to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    chunk = b"IHDR" + header
    data = b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    for kind in (b"IDAT", b"IEND"):
        data += (0).to_bytes(4, "big") + kind + zlib.crc32(kind).to_bytes(4, "big")
    with pytest.raises(ValueError, match="2147483647 x 2147483647"):
        read_png(data)


@pytest.mark.parametrize("with_pillow", [True, False])
def test_read_image_names_what_is_wrong(tmp_path, monkeypatch, with_pillow):
    if with_pillow:
        pytest.importorskip("PIL")
    else:
        monkeypatch.setattr("tilestack.vision.images.find_spec", lambda name: None)
    path = tmp_path / "digit.png"
    with pytest.raises(FileNotFoundError):
        read_image(path)
    for content in (b"", b"a text, not a picture\n", write_png(np.zeros((9, 9)))[:40]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"digit\.png: "):
            read_image(path)
    path.write_bytes(write_png(np.full((4, 5, 4), 7)))
    assert read_image(path).tolist() == np.full((4, 5, 4), 7).tolist()


def test_gray():
    image = np.array([[[255, 0, 0, 255], [9, 9, 9, 0]]], np.uint8)
    assert np.allclose(to_gray(image), [[76.245, 255]])
    assert to_gray(np.array([[[5, 255], [5, 0]]], np.uint8)).tolist() == [[5, 255]]


@pytest.mark.parametrize("light", [True, False])
def test_a_digit_of_any_size_and_place_becomes_the_same(light):
    for original in load_mnist().test_images[:30]:
        assert np.array_equal(prepare_digit(original), original)
        large = np.pad(np.kron(original, np.ones((6, 6))), ((40, 10), (5, 90))) * 0.8 + 20
        made = prepare_digit(255 - large if light else large)
        assert np.abs(made.astype(float) - original).mean() < 30
        mass = made.sum()
        assert abs((np.arange(28) * made.sum(0)).sum() / mass - 14) < 0.75
        assert abs((np.arange(28) * made.sum(1)).sum() / mass - 14) < 0.75


def test_no_digit():
    with pytest.raises(ValueError, match="no digit in the image"):
        prepare_digit(np.full((50, 40), 200))


def test_random_affine():
    images = load_mnist().train_images[:20]
    still = random_affine(images, np.random.default_rng(0), 0, 0, 0)
    assert np.abs(still - images).max() < 1e-2
    first, again = (random_affine(images, np.random.default_rng(1)) for _ in range(2))
    assert np.array_equal(first, again)
    assert first.dtype == np.float32
    assert first.shape == images.shape
    assert 0 <= first.min() <= first.max() <= 255
    assert np.abs(first.sum((1, 2)) / images.sum((1, 2)) - 1).max() < 0.35
    empty = random_affine(images[:0], np.random.default_rng(1))
    assert empty.shape == (0, 28, 28)
