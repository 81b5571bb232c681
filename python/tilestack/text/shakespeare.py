"""Shakespeare's plays, as the wheel carries them."""

from __future__ import annotations

import bz2
from pathlib import Path

FILE = Path(__file__).with_name("shakespeare_text") / "tinyshakespeare.txt.bz2"


def load_shakespeare() -> str:
    """Tiny Shakespeare: 1,115,394 characters, 65 different ones. Public domain; see SOURCE.txt beside the file."""
    return bz2.decompress(FILE.read_bytes()).decode("ascii")
