"""Construction without initial values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from tilestack.nn import init
from tilestack.nn.module import Module

M = TypeVar("M", bound=Module)


def skip_init(module_cls: Callable[..., M], *args: Any, **kwargs: Any) -> M:
    """module_cls(*args, **kwargs) with parameters in memory that nothing has written to yet.

    For models whose weights come from a file: large ones appear at once and need no memory until they are filled.
    module_cls: a Module's class or a function that makes one.
    """
    with init.skipped():
        return module_cls(*args, **kwargs)
