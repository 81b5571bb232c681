"""Writing files so that a crash or a full disk never leaves half of one."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A binary file to write `path` with: the new content appears at once and whole, or the old file stays.

    The content goes to a temporary file in the same folder, to the disk (fsync), and then takes the name. A symbolic
    link is followed; a device or pipe is written directly. Raises OSError that names the path.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        with _naming(path), open(target, "wb") as file:
            yield file
        return
    temporary = target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}.tmp")
    with _naming(path, temporary):
        try:
            with open(temporary, "xb") as file:
                yield file
                file.flush()
                _keep_mode(file.fileno(), target)
                os.fsync(file.fileno())
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    _sync_folder(target.parent)


def atomic_write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write `data` to `path` as `atomic_write` does."""
    with atomic_write(path) as file:
        file.write(data)


def atomic_write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write `text` to `path` in UTF-8 as `atomic_write` does."""
    atomic_write_bytes(path, text.encode())


@contextlib.contextmanager
def _naming(path: str | os.PathLike[str], temporary: Path | None = None) -> Iterator[None]:
    """Make an OSError about the file itself say which one; those about other files pass."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename not in (None, str(temporary), os.fspath(path)):
            raise
        raise OSError(error.errno, f"cannot write the file: {os.strerror(error.errno)}", os.fspath(path)) from error


def _keep_mode(handle: int, target: Path) -> None:
    with contextlib.suppress(OSError, AttributeError):  # a new file, or a system without modes
        os.fchmod(handle, target.stat().st_mode & 0o7777)


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # not every file system can
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
