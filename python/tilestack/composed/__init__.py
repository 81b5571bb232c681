"""Ops that are made of other ops, as functions of tilestack and methods of Tensor. They are recorded on the tape part
by part; none is meant for the inmost loop of a net."""

from __future__ import annotations

from typing import Any

from tilestack import _core
from tilestack._core import Tensor
from tilestack.autograd import no_grad
from tilestack.composed import einstein, elementwise, indexing, matrix, ordering, scans, searching, shapes, statistics
from tilestack.composed.einstein import *  # noqa: F403
from tilestack.composed.elementwise import *  # noqa: F403
from tilestack.composed.indexing import *  # noqa: F403
from tilestack.composed.matrix import *  # noqa: F403
from tilestack.composed.ordering import *  # noqa: F403
from tilestack.composed.scans import *  # noqa: F403
from tilestack.composed.searching import *  # noqa: F403
from tilestack.composed.shapes import *  # noqa: F403
from tilestack.composed.statistics import *  # noqa: F403

__all__: list[str] = []
__all__ += einstein.__all__
__all__ += elementwise.__all__
__all__ += indexing.__all__
__all__ += matrix.__all__
__all__ += ordering.__all__
__all__ += scans.__all__
__all__ += searching.__all__
__all__ += shapes.__all__
__all__ += statistics.__all__

# Those of which the first argument is not the tensor that one would call.
NO_METHODS = {
    *("bincount", "block_diag", "broadcast_shapes", "broadcast_tensors", "bucketize", "cartesian_prod", "cdist"),
    *("column_stack", "cumulative_trapezoid", "dstack", "einsum", "hstack", "isin", "row_stack", "rsub"),
    *("searchsorted", "tensordot", "trapezoid", "tril_indices", "triu_indices", "vstack"),
}
# Those that also have a form x.name_(...), which writes the result into x.
IN_PLACE = [
    *("addbmm", "addcdiv", "addcmul", "addmm", "addmv", "addr", "atan2", "baddbmm", "bitwise_and", "bitwise_not"),
    *(
        "bitwise_or",
        "bitwise_xor",
        "clamp_max",
        "clamp_min",
        "clip",
        "copysign",
        "cumprod",
        "cumsum",
        "deg2rad",
        "floor_divide",
    ),
    *("fmod", "frac", "heaviside", "hypot", "index_add", "index_copy", "index_fill", "ldexp", "lerp", "logical_and"),
    *("logical_not", "logical_or", "logical_xor", "logit", "masked_scatter", "nan_to_num", "pow", "rad2deg"),
    *("reciprocal", "remainder", "renorm", "rsqrt", "scatter_reduce", "sinc", "square", "tril", "triu", "xlogy"),
]


def _kind(x: Tensor) -> int:
    return 2 if x.is_floating_point() else 0 if x.dtype == _core.bool else 1


def _in_place(name: str) -> Any:
    function = getattr(Tensor, name)

    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        with no_grad():
            result = function(self, *args, **kwargs)
        if _kind(result) > _kind(self):
            raise TypeError(f"{name}_: results of {result.dtype.name} can't be written in place to {self.dtype.name}")
        if result.shape != self.shape:
            raise ValueError(
                f"{name}_: the result has shape {result.shape}, which can't be written in place to {self.shape}"
            )
        return self.copy_(result)

    method.__name__ = method.__qualname__ = f"{name}_"
    method.__doc__ = f"{name} in place; RuntimeError where a gradient would be lost."
    return method


for _name in __all__:
    if _name not in NO_METHODS:
        setattr(Tensor, _name, globals()[_name])
for _name in IN_PLACE:
    setattr(Tensor, f"{_name}_", _in_place(_name))
__all__.remove("sum_to_size")  # torch has these as methods only
__all__.remove("unfold")  # and nn.functional.unfold is another function
