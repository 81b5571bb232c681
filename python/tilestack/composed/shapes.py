"""Tensors put together, taken apart and turned, by views, cat and index_select."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from tilestack import _core
from tilestack._core import Tensor

__all__ = [
    "adjoint",
    "block_diag",
    "broadcast_shapes",
    "broadcast_tensors",
    "cartesian_prod",
    "column_stack",
    "diag_embed",
    "diagflat",
    "dsplit",
    "dstack",
    "fliplr",
    "flipud",
    "hsplit",
    "hstack",
    "ravel",
    "rot90",
    "row_stack",
    "sum_to_size",
    "tensor_split",
    "tril_indices",
    "triu_indices",
    "unfold",
    "vsplit",
    "vstack",
]


def _several(tensors: tuple[Any, ...]) -> list[Tensor]:
    """f(a, b) and f((a, b)) mean the same."""
    whole = len(tensors) == 1 and isinstance(tensors[0], (list, tuple))
    return list(tensors[0] if whole else tensors)


def ravel(input: Tensor) -> Tensor:
    """All elements in a row; a view where memory allows it."""
    return input.reshape(-1)


def adjoint(input: Tensor) -> Tensor:
    """The last two dimensions exchanged."""
    return input.mT


def fliplr(input: Tensor) -> Tensor:
    """Dimension 1 in reverse order, as a copy."""
    if input.dim() < 2:
        raise ValueError(f"fliplr: input must have at least 2 dimensions, got shape {tuple(input.shape)}")
    return input.flip(1)


def flipud(input: Tensor) -> Tensor:
    """Dimension 0 in reverse order, as a copy."""
    if input.dim() < 1:
        raise ValueError(f"flipud: input must have at least 1 dimension, got shape {tuple(input.shape)}")
    return input.flip(0)


def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """Turned k times by 90 degrees from dims[0] towards dims[1], as a copy."""
    if len(dims) != 2 or input.dim() < 2 or (dims[0] - dims[1]) % input.dim() == 0:
        raise ValueError(f"rot90: dims must be two different dimensions of {input.dim()}, got {tuple(dims)}")
    first, second = dims
    if k % 4 == 1:
        return input.flip(second).transpose(first, second)
    if k % 4 == 2:
        return input.flip(first, second)
    return input.flip(first).transpose(first, second) if k % 4 == 3 else input.clone()


def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Joined along dimension 1, vectors along 0."""
    parts = [_core.atleast_1d(x) for x in tensors]
    return _core.cat(parts, 0 if parts and parts[0].dim() == 1 else 1)


def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Joined along dimension 0; vectors count as rows."""
    return _core.cat([_core.atleast_2d(x) for x in tensors], 0)


def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """Joined along dimension 2; smaller tensors get it first."""
    return _core.cat([_core.atleast_3d(x) for x in tensors], 2)


def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Joined along dimension 1; vectors count as columns."""
    return hstack([x.reshape(-1, 1) if x.dim() <= 1 else x for x in tensors])


row_stack = vstack


def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of parts along dim: so many, the first ones larger by one where need be, or cut before these indices."""
    op = "tensor_split"
    if input.dim() == 0:
        raise ValueError(f"{op}: input must have at least 1 dimension")
    if isinstance(indices_or_sections, Tensor):
        if indices_or_sections.dim() > 1 or indices_or_sections.dtype != _core.int64:
            raise ValueError(
                f"{op}: indices must be int64 with at most 1 dimension, got {indices_or_sections.dtype.name}"
            )
        indices_or_sections = indices_or_sections.tolist()
    size = input.shape[dim]
    if isinstance(indices_or_sections, int):
        count = indices_or_sections
        if count <= 0:
            raise ValueError(f"{op}: the number of sections must be positive, got {count}")
        cuts = [size // count * i + min(i, size % count) for i in range(count + 1)]
    else:
        if not all(isinstance(i, int) for i in indices_or_sections):
            raise TypeError(f"{op}: wanted a number of sections or indices, got {indices_or_sections!r}")
        inside = [slice(None, i).indices(size)[1] for i in indices_or_sections]
        cuts = [0, *inside, size]
    ends = itertools.pairwise(cuts)
    return tuple(input.narrow(dim, min(a, size), max(0, b - a)) for a, b in ends)


def _split_at(op: str, input: Tensor, sections: Any, dim: int, least: int) -> tuple[Tensor, ...]:
    if input.dim() < least:
        raise ValueError(f"{op}: input must have at least {least} dimensions, got shape {tuple(input.shape)}")
    if isinstance(sections, int) and (sections <= 0 or input.shape[dim] % sections):
        raise ValueError(f"{op}: dimension {dim} of size {input.shape[dim]} can't be split into {sections} equal parts")
    return tensor_split(input, sections, dim)


def hsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """tensor_split along dimension 1, of a vector along 0, into equal parts."""
    return _split_at("hsplit", input, indices_or_sections, 0 if input.dim() == 1 else 1, 1)


def vsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """tensor_split along dimension 0 into equal parts."""
    return _split_at("vsplit", input, indices_or_sections, 0, 2)


def dsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """tensor_split along dimension 2 into equal parts."""
    return _split_at("dsplit", input, indices_or_sections, 2, 3)


def broadcast_shapes(*shapes: int | Sequence[int]) -> tuple[int, ...]:
    """The shape to which all these broadcast."""
    wanted = [(s,) if isinstance(s, int) else tuple(s) for s in shapes]
    result = [1] * max((len(s) for s in wanted), default=0)
    for shape in wanted:
        for i, size in enumerate(shape, len(result) - len(shape)):
            if size < 0 or (size != 1 and result[i] not in (1, size)):
                raise ValueError(f"broadcast_shapes: {', '.join(map(str, wanted))} do not broadcast to one shape")
            result[i] = size if result[i] == 1 else result[i]
    return tuple(result)


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Views of all tensors, broadcast to one shape."""
    parts = _several(tensors)
    shape = broadcast_shapes(*(x.shape for x in parts))
    return tuple(x.expand(*shape) for x in parts)


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The last dimension as the diagonal of matrices in dimensions dim1 and dim2 of the result, 0 beside it."""
    ndim = input.dim() + 1
    if input.dim() == 0:
        raise ValueError("diag_embed: input must have at least 1 dimension")
    for d in (dim1, dim2):
        if not -ndim <= d < ndim:
            raise IndexError(f"diag_embed: dimension {d} is out of range for {ndim} dimensions")
    if (dim1 - dim2) % ndim == 0:
        raise ValueError(f"diag_embed: dim1 and dim2 must be different, got {dim1} and {dim2}")
    n = input.shape[-1]
    size = n + abs(offset)
    column = _core.pad(input, (max(offset, 0), max(-offset, 0)))
    rows = _along(input, size, 0)
    hit = _along(input, size, 1) - rows == offset
    wide = _core.where(hit, column.unsqueeze(-2), _core.zeros((), dtype=input.dtype, device=input.device))
    return wide.movedim((-2, -1), (dim1, dim2))


def _along(like: Tensor, size: int, dim: int) -> Tensor:
    line = _core.ones(size, dtype=_core.int64, device=like.device).cumsum(0) - 1
    return line.unsqueeze(1 - dim)


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """A matrix with all elements of the input on its diagonal."""
    return diag_embed(input.reshape(-1), offset)


def block_diag(*tensors: Tensor) -> Tensor:
    """A matrix of the given ones along its diagonal; numbers and vectors count as rows."""
    parts = [_core.atleast_2d(x) for x in _several(tensors)]
    for x in parts:
        if x.dim() != 2:
            raise ValueError(f"block_diag: tensors must have at most 2 dimensions, got shape {tuple(x.shape)}")
    width, before, rows = sum(x.shape[1] for x in parts), 0, []
    for x in parts:
        rows.append(_core.pad(x, (before, width - before - x.shape[1])))
        before += x.shape[1]
    return _core.cat(rows, 0)


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All combinations of one element of each vector, as rows."""
    for x in tensors:
        if x.dim() != 1:
            raise ValueError(f"cartesian_prod: wanted vectors, got shape {tuple(x.shape)}")
    if len(tensors) == 1:
        return tensors[0].clone()
    return _core.stack([x.reshape(-1) for x in _core.meshgrid(*tensors)], 1)


def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None) -> Tensor:
    """The places (2, count) of the lower triangle of a (row, col) matrix, int64."""
    return _triangle("tril_indices", _core.tril, row, col, offset, dtype, device)


def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None) -> Tensor:
    """The places (2, count) of the upper triangle of a (row, col) matrix, int64."""
    return _triangle("triu_indices", _core.triu, row, col, offset, dtype, device)


def _triangle(op: str, part: Any, row: int, col: int, offset: int, dtype: Any, device: Any) -> Tensor:
    if row < 0 or col < 0:
        raise ValueError(f"{op}: sizes must not be negative, got {row} and {col}")
    places = part(_core.ones(row, col, dtype=_core.int64, device=device), offset).nonzero().t()
    return places.contiguous().to(dtype=dtype or _core.int64)


def sum_to_size(input: Tensor, *size: Any) -> Tensor:
    """The sum over the dimensions in which a tensor of this size would be broadcast to the input."""
    shape = tuple(size[0]) if len(size) == 1 and not isinstance(size[0], int) else size
    extra = input.dim() - len(shape)
    if extra < 0 or any(n not in (1, m) for n, m in zip(shape, input.shape[extra:], strict=True)):
        raise ValueError(f"sum_to_size: {tuple(shape)} must broadcast to the input's shape {tuple(input.shape)}")
    dtype = None if input.dtype == _core.bool else input.dtype
    if not shape:
        return input.sum(dtype=dtype)
    dims = [*range(extra), *(extra + i for i, n in enumerate(shape) if n != input.shape[extra + i])]
    if not dims:
        return input
    return input.sum(tuple(dims), dtype=dtype).reshape(*shape)


def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Tensor.unfold: the windows of `size` elements along a dimension, every `step`, as a new last dimension."""
    length = input.shape[dimension] if input.dim() else 1
    if size < 0 or size > length or step <= 0:
        raise ValueError(f"unfold: wanted size in [0, {length}] and a positive step, got {size} and {step}")
    if input.dim() == 0:
        return input.reshape(1)[:size]
    count = (length - size) // step + 1
    starts = _along(input, count, 0) * step
    places = (starts + _along(input, size, 1)).reshape(-1)
    dimension %= input.dim()
    taken = input.index_select(dimension, places)
    return taken.reshape(*input.shape[:dimension], count, size, *input.shape[dimension + 1 :]).movedim(
        dimension + 1, -1
    )
