"""Deep learning, whole, in one small wheel: hand-written kernels under a thin layer API.

>>> import tilestack as ts
>>> x = ts.tensor([[1.0, -2.0]], requires_grad=True)
>>> ts.relu(x).sum().backward()
>>> x.grad
tensor([[1., 0.]])
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tilestack import _core, composed
from tilestack._autocast import autocast, get_autocast_dtype, is_autocast_enabled
from tilestack._checkpoint import checkpoint
from tilestack._copying import tensor_deepcopy, tensor_reduce
from tilestack._core import *  # noqa: F403
from tilestack._core import Tensor, __version__
from tilestack._creation import arange, as_tensor, eye, linspace, logspace, tensor
from tilestack._hooks import register_hook, retain_grad
from tilestack._printing import tensor_repr
from tilestack._threadpool import make_visible
from tilestack.autograd import Function, enable_grad, no_grad, set_grad_enabled
from tilestack.composed import *  # noqa: F403

if TYPE_CHECKING:
    from tilestack import amp, cli, cuda, data, io, models, nn, optim, text, train, vision  # noqa: F401
    from tilestack.diagnose import diagnose, trap_nan  # noqa: F401  the package itself can be called

Tensor.__repr__ = tensor_repr  # type: ignore[method-assign, assignment]
Tensor.__deepcopy__ = tensor_deepcopy  # type: ignore[attr-defined]
Tensor.__reduce__ = tensor_reduce  # type: ignore[method-assign, assignment]
# By identity; a bound method would cost four times as much.
Tensor.__hash__ = object.__hash__  # type: ignore[method-assign]
Tensor.register_hook = register_hook  # type: ignore[method-assign]
Tensor.retain_grad = retain_grad  # type: ignore[method-assign]
make_visible()
del make_visible, register_hook, retain_grad, tensor_deepcopy, tensor_reduce, tensor_repr

_SUBMODULES = ("amp", "cli", "cuda", "data", "diagnose", "io", "models", "nn", "optim", "text", "train", "vision")
_LAZY = {
    "summary": "tilestack.train",
    "save_file": "tilestack.io",
    "load_file": "tilestack.io",
    "trap_nan": "tilestack.diagnose",
}


def __getattr__(name: str) -> Any:
    """Loads a submodule when it is first used, so that `import tilestack` stays quick."""
    if name in _SUBMODULES:
        return importlib.import_module(f"tilestack.{name}")
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'tilestack' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_SUBMODULES, *_LAZY})


__all__ = [
    "Function",
    "Tensor",
    "__version__",
    "arange",
    "as_tensor",
    "autocast",
    "checkpoint",
    "enable_grad",
    "eye",
    "get_autocast_dtype",
    "is_autocast_enabled",
    "linspace",
    "logspace",
    "no_grad",
    "set_grad_enabled",
    "tensor",
    *(name for name in dir(_core) if not name.startswith("_")),
    *composed.__all__,
]
