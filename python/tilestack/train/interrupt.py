"""Ctrl-C that lets the work in hand finish."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any


class Interrupt:
    """Inside, the first Ctrl-C only sets `requested`; the second does what Ctrl-C did before.

    Only the main thread gets signals; in others this does nothing.
    """

    def __init__(self) -> None:
        self.requested = False
        self._before: Any = None
        self._installed = False

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._handle) or signal.default_int_handler
            self._installed = True
        return self

    def _handle(self, number: int, frame: Any) -> None:
        self.requested = True
        signal.signal(signal.SIGINT, self._before)
        os.write(2, b"\nstopping after this step; Ctrl-C again stops at once\n")  # print() is not safe in a handler

    def __exit__(self, *exception: object) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, self._before)
