"""The classes of ImageNet."""

from __future__ import annotations

import lzma
from pathlib import Path

FILE = Path(__file__).with_name("imagenet_names") / "names.txt.xz"


def imagenet_classes() -> list[str]:
    """Names of the 1,000 classes of ILSVRC 2012, in the order of a net's outputs; SOURCE.txt beside the file says whence."""
    return lzma.decompress(FILE.read_bytes()).decode().split("\n")
