"""The CUDA device: whether it is there, and why not."""

from __future__ import annotations


def is_available() -> bool:
    """True if this build has CUDA kernels and the machine a GPU with a driver that runs them."""
    return False


def why_not() -> str:
    """One line that says why is_available() is False."""
    return "this build of tilestack has no CUDA module"
