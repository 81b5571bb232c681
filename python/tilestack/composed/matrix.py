"""Products of vectors and matrices that are made of matmul."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tilestack import _core
from tilestack._core import Tensor

__all__ = [
    "addbmm",
    "addmm",
    "addmv",
    "addr",
    "baddbmm",
    "cdist",
    "dot",
    "inner",
    "kron",
    "mv",
    "outer",
    "tensordot",
    "trace",
    "vdot",
]


def _check_dims(op: str, **tensors: tuple[Tensor, int]) -> None:
    for name, (x, dims) in tensors.items():
        if x.dim() != dims:
            kind = {1: "a vector", 2: "a matrix", 3: "a batch of matrices"}[dims]
            raise ValueError(f"{op}: {name} must be {kind}, of {dims} dimensions, got shape {tuple(x.shape)}")


def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The sum of products of two vectors of one length."""
    return _dot("dot", input, tensor)


def vdot(input: Tensor, other: Tensor) -> Tensor:
    """The sum of products of two vectors of one length, as dot: there are no complex tensors."""
    return _dot("vdot", input, other)


def _dot(op: str, a: Tensor, b: Tensor) -> Tensor:
    _check_dims(op, input=(a, 1), other=(b, 1))
    if a.shape != b.shape:
        raise ValueError(f"{op}: vectors must have one length, got {a.shape[0]} and {b.shape[0]}")
    return _core.matmul(a, b)


def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """The products of all elements of two vectors: (n), (m) to (n, m)."""
    _check_dims("outer", input=(input, 1), vec2=(vec2, 1))
    return input.unsqueeze(1) * vec2.unsqueeze(0)


def mv(input: Tensor, vec: Tensor) -> Tensor:
    """Matrix times vector: (n, m), (m) to (n)."""
    _check_dims("mv", input=(input, 2), vec=(vec, 1))
    return _core.matmul(input, vec)


def _combined(op: str, input: Tensor, product: Tensor, beta: Any, alpha: Any) -> Tensor:
    """beta * input + alpha * product, of the product's shape and dtype; NaN of the input is lost with beta 0."""
    if input.dtype != product.dtype:
        raise TypeError(f"{op}: input must have the product's dtype {product.dtype.name}, got {input.dtype.name}")
    if not product.is_floating_point() and (isinstance(beta, float) or isinstance(alpha, float)):
        raise TypeError(f"{op}: beta and alpha must be integers for {product.dtype.name}, got {beta} and {alpha}")
    try:
        input = input.expand(*product.shape)
    except ValueError:
        raise ValueError(
            f"{op}: input must broadcast to the product's shape {tuple(product.shape)}, got {tuple(input.shape)}"
        ) from None
    if product.dtype == _core.bool:
        raise TypeError(f"{op}: needs numbers, got bool")
    product = product if alpha == 1 else product * alpha
    if beta == 0:
        return product
    return input + product if beta == 1 else input * beta + product


def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2). mat1: (n, k), mat2: (k, m), input: broadcast to (n, m); one dtype."""
    _check_dims("addmm", mat1=(mat1, 2), mat2=(mat2, 2))
    return _combined("addmm", input, _core.matmul(mat1, mat2), beta, alpha)


def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * (mat @ vec). mat: (n, k), vec: (k), input: broadcast to (n); one dtype."""
    _check_dims("addmv", mat=(mat, 2), vec=(vec, 1))
    return _combined("addmv", input, _core.matmul(mat, vec), beta, alpha)


def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * outer(vec1, vec2). vec1: (n), vec2: (m), input: broadcast to (n, m)."""
    _check_dims("addr", vec1=(vec1, 1), vec2=(vec2, 1))
    return _combined("addr", input, outer(vec1, vec2), beta, alpha)


def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * (batch1 @ batch2) of (b, n, k) and (b, k, m); input: broadcast to (b, n, m); one dtype."""
    return _combined("baddbmm", input, _batched("baddbmm", batch1, batch2), beta, alpha)


def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * the sum over the batch of batch1 @ batch2, of (b, n, k) and (b, k, m)."""
    product = _batched("addbmm", batch1, batch2).sum(0, dtype=batch1.dtype)
    return _combined("addbmm", input, product, beta, alpha)


def _batched(op: str, a: Tensor, b: Tensor) -> Tensor:
    _check_dims(op, batch1=(a, 3), batch2=(b, 3))
    if a.shape[0] != b.shape[0] or a.shape[2] != b.shape[1]:
        raise ValueError(f"{op}: wanted (b, n, k) and (b, k, m), got {tuple(a.shape)} and {tuple(b.shape)}")
    return _core.bmm(a, b)


def tensordot(a: Tensor, b: Tensor, dims: int | Sequence[Any] = 2) -> Tensor:
    """The sum of products over pairs of dimensions: the last `dims` of a with the first of b, or dims[0] with dims[1]."""
    if isinstance(dims, int):
        if dims < 0 or dims > min(a.dim(), b.dim()):
            raise ValueError(f"tensordot: dims must be 0 to {min(a.dim(), b.dim())}, got {dims}")
        ours, theirs = list(range(a.dim() - dims, a.dim())), list(range(dims))
    else:
        pair = [[d] if isinstance(d, int) else list(d) for d in dims]
        if len(pair) != 2 or len(pair[0]) != len(pair[1]):
            raise ValueError(f"tensordot: dims must be two lists of one length, got {dims}")
        ours, theirs = (_wrapped("tensordot", part, x.dim()) for part, x in zip(pair, (a, b), strict=True))
    # Of a size 1 the other one is summed.
    a = _shrunk(a, [i for i, j in zip(ours, theirs, strict=True) if b.shape[j] == 1])
    b = _shrunk(b, [j for i, j in zip(ours, theirs, strict=True) if a.shape[i] == 1])
    if [a.shape[i] for i in ours] != [b.shape[i] for i in theirs]:
        raise ValueError(
            f"tensordot: dimensions {ours} of {tuple(a.shape)} and {theirs} of {tuple(b.shape)} must have the same sizes"
        )
    left = [i for i in range(a.dim()) if i not in ours]
    right = [i for i in range(b.dim()) if i not in theirs]
    rows, columns = [a.shape[i] for i in left], [b.shape[i] for i in right]
    inside = math.prod(a.shape[i] for i in ours)
    x = a.permute(*left, *ours).reshape(math.prod(rows), inside)
    y = b.permute(*theirs, *right).reshape(inside, math.prod(columns))
    return _core.matmul(x, y).reshape(*rows, *columns)


def _shrunk(x: Tensor, dims: Sequence[int]) -> Tensor:
    dims = [i for i in dims if x.shape[i] != 1]
    return x.sum(tuple(dims), keepdim=True, dtype=x.dtype) if dims else x


def _wrapped(op: str, dims: Sequence[int], ndim: int) -> list[int]:
    for d in dims:
        if not -ndim <= d < ndim:
            raise IndexError(f"{op}: dimension {d} is out of range for {ndim} dimensions")
    return [d % ndim for d in dims]


def inner(input: Tensor, other: Tensor) -> Tensor:
    """The sum of products over the last dimensions of both; input * other where one of them has no dimension."""
    if input.dim() == 0 or other.dim() == 0:
        return input * other
    if input.shape[-1] != other.shape[-1]:
        raise ValueError(
            f"inner: the last dimensions must have one size, got shapes {tuple(input.shape)} and {tuple(other.shape)}"
        )
    return tensordot(input, other, ([-1], [-1]))


def kron(input: Tensor, other: Tensor) -> Tensor:
    """The Kronecker product: each element of input times all of other, of (m n, ...) from (m, ...) and (n, ...)."""
    most = max(input.dim(), other.dim())
    a = input.reshape(*(1,) * (most - input.dim()), *input.shape)
    b = other.reshape(*(1,) * (most - other.dim()), *other.shape)
    x = a.reshape(*(size for n in a.shape for size in (n, 1)))
    y = b.reshape(*(size for n in b.shape for size in (1, n)))
    return (x * y).reshape(*(n * m for n, m in zip(a.shape, b.shape, strict=True)))


def trace(input: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix."""
    _check_dims("trace", input=(input, 2))
    return input.diagonal().sum()


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str | None = None) -> Tensor:
    """The p-norms of all differences of rows: (..., n, d) and (..., m, d) to (..., n, m).

    compute_mode is accepted for compatibility: distances are computed as they are defined.
    """
    for name, x in (("x1", x1), ("x2", x2)):
        if x.dim() < 2 or not x.is_floating_point():
            raise ValueError(f"cdist: {name} must be float of shape (..., n, d), got {x.dtype.name} {tuple(x.shape)}")
    if x1.shape[-1] != x2.shape[-1]:
        raise ValueError(f"cdist: rows must have one length, got shapes {tuple(x1.shape)} and {tuple(x2.shape)}")
    if p < 0:
        raise ValueError(f"cdist: p must not be negative, got {p}")
    if x1.shape[-1] == 0:
        x1, x2 = x1.sum(-1, keepdim=True), x2.sum(-1, keepdim=True)
    return (x1.unsqueeze(-2) - x2.unsqueeze(-3)).norm(p, -1)
