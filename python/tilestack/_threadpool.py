"""Lets threadpoolctl see and limit tilestack's threads, whichever of the two is imported first."""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any


def make_visible() -> None:
    """Registers a controller with threadpoolctl now if it is loaded, else as soon as it is."""
    if "threadpoolctl" in sys.modules:
        _register(sys.modules["threadpoolctl"])
    else:
        sys.meta_path.insert(0, _AfterImport())


def _register(threadpoolctl: Any) -> None:
    class TilestackController(threadpoolctl.LibController):  # type: ignore[misc]
        user_api = "tilestack"
        internal_api = "tilestack"
        filename_prefixes = ("_core",)
        check_symbols = ("tilestack_get_num_threads",)

        def get_num_threads(self) -> int:
            return self.dynlib.tilestack_get_num_threads()  # type: ignore[no-any-return]

        def set_num_threads(self, num_threads: int) -> None:
            self.dynlib.tilestack_set_num_threads(num_threads)

        def get_version(self) -> str:
            from tilestack import __version__

            return __version__

    threadpoolctl.register(TilestackController)


class _AfterImport(MetaPathFinder):
    """Finds threadpoolctl as Python itself does, and registers once it has run."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if fullname != "threadpoolctl":
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            return spec
        run = spec.loader.exec_module

        def run_and_register(module: ModuleType) -> None:
            run(module)
            _register(module)

        spec.loader.exec_module = run_and_register  # type: ignore[method-assign]
        return spec
