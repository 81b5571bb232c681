"""Rebuild the names of ImageNet's classes that the wheel carries.

    pip download --no-deps timm==1.0.31 && python tools/make_imagenet_names.py timm-1.0.31-py3-none-any.whl

A class is called by the first word of its WordNet synset, and by something more where another class has that word, too.
"""

from __future__ import annotations

import lzma
import sys
import zipfile
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "python" / "tilestack" / "vision" / "imagenet_names" / "names.txt.xz"
TOLD_APART = {134: "crane (bird)", 517: "crane (machine)", 638: "maillot (tights)", 639: "maillot (swimsuit)"}


def read_wheel(path: str) -> list[str]:
    with zipfile.ZipFile(path) as wheel:
        synsets, table = (
            wheel.read(f"timm/data/_info/{name}.txt").decode()
            for name in ("imagenet_synsets", "imagenet_synset_to_lemma")
        )
    words = dict(line.split("\t") for line in table.splitlines())
    return [words[synset].split(",")[0] for synset in synsets.split()]


def main() -> None:
    names = [TOLD_APART.get(i, name) for i, name in enumerate(read_wheel(sys.argv[1]))]
    if len(set(names)) != 1000:
        raise SystemExit(f"wanted 1,000 different names, got {len(set(names))}")
    FILE.write_bytes(lzma.compress("\n".join(names).encode(), preset=9 | lzma.PRESET_EXTREME))
    print(f"{FILE}: {FILE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
