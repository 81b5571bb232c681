"""Sums of products in Einstein's notation."""

from __future__ import annotations

import math
from typing import Any

from tilestack import _core
from tilestack._core import Tensor

__all__ = [
    "einsum",
]

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def einsum(equation: Any, *operands: Any) -> Tensor:
    """The sum of products of operands that an equation like "bij,bjk->bik" names.

    A letter stands for a dimension; letters that the result does not name are summed over; one that an operand names
    twice takes its diagonal; "..." stands for dimensions that broadcast. Without "->" the result has the letters that
    occur once, in order. Also einsum(x, [0, 1], y, [1, 2], [0, 2]). Operands are contracted from left to right.
    """
    equation, tensors = _letters(equation, operands)
    inputs, arrow, output = equation.replace(" ", "").partition("->")
    terms = inputs.split(",")
    if len(terms) != len(tensors):
        raise ValueError(f"einsum: '{equation}' names {len(terms)} operands, got {len(tensors)}")
    dots = max((x.dim() - len(term.replace("...", "")) for term, x in zip(terms, tensors, strict=True)), default=0)
    sizes: dict[str, int] = {}
    named = [_named(equation, term, x, dots, sizes) for term, x in zip(terms, tensors, strict=True)]
    extra = "".join(str(i) for i in range(dots)) if "..." in inputs else ""
    if not arrow:
        once = sorted(c for c in set(inputs) - set(".,") if inputs.count(c) == 1)
        output = extra + "".join(once)
    else:
        output = output.replace("...", extra)
    unknown = [c for c in output if c not in sizes]
    if unknown or len(set(output)) != len(output):
        raise ValueError(f"einsum: the result of '{equation}' must name letters of the operands, once each")
    labels, x = named[0]
    for i, (other, y) in enumerate(named[1:], 2):
        later = set(output).union(*(names for names, _ in named[i:]))
        labels, x = _contracted(labels, x, other, y, later, sizes)
    labels, x = _summed(labels, x, set(output))
    return x.permute(*(labels.index(c) for c in output))


def _letters(equation: Any, operands: tuple[Any, ...]) -> tuple[str, list[Tensor]]:
    """The equation as a string, of either form of the call."""
    if isinstance(equation, str):
        if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
            operands = tuple(operands[0])
        return equation, list(operands)
    items = [equation, *operands]

    def word(numbers: Any) -> str:
        bad = [n for n in numbers if n is not Ellipsis and not 0 <= n < len(_LETTERS)]
        if bad:
            raise ValueError(f"einsum: a subscript must be in [0, {len(_LETTERS)}), got {bad[0]}")
        return "".join("..." if n is Ellipsis else _LETTERS[n] for n in numbers)

    pairs = len(items) // 2
    text = ",".join(word(items[2 * i + 1]) for i in range(pairs))
    return text + ("->" + word(items[-1]) if len(items) % 2 else ""), [items[2 * i] for i in range(pairs)]


def _named(equation: str, term: str, x: Tensor, dots: int, sizes: dict[str, int]) -> tuple[str, Tensor]:
    """The operand with one label for each dimension, "0", "1", ... for those of "..."; its sizes are noted."""
    if not isinstance(x, Tensor):
        raise TypeError(f"einsum: operands must be tensors, got {type(x).__name__}")
    bare = term.replace("...", "", 1)
    if not (bare == "" or (bare.isalpha() and bare.isascii())):
        raise ValueError(f"einsum: '{equation}' may hold letters, ',', '...' and '->', got '{term}'")
    count = x.dim() - len(bare)
    if count < 0 or (count > 0 and "..." not in term):
        raise ValueError(f"einsum: '{term}' of '{equation}' does not fit an operand of shape {tuple(x.shape)}")
    labels = term.replace("...", "".join(str(i) for i in range(dots - count, dots)))
    for letter in dict.fromkeys(labels):  # of letters that occur twice: the diagonal
        while labels.count(letter) > 1:
            first, second = labels.index(letter), labels.rindex(letter)
            if x.shape[first] != x.shape[second]:
                raise ValueError(
                    f"einsum: '{letter}' of '{term}' stands for sizes {x.shape[first]} and {x.shape[second]}"
                )
            x = x.diagonal(0, first, second)
            labels = labels.replace(letter, "") + letter
    for letter, size in zip(labels, x.shape, strict=True):
        if sizes.get(letter, 1) != 1 and size not in (1, sizes[letter]):
            raise ValueError(f"einsum: '{letter}' of '{equation}' stands for sizes {sizes[letter]} and {size}")
        sizes[letter] = size if sizes.get(letter, 1) == 1 else sizes[letter]
    return labels, x


def _summed(labels: str, x: Tensor, keep: set[str]) -> tuple[str, Tensor]:
    gone = tuple(i for i, c in enumerate(labels) if c not in keep)
    return "".join(c for c in labels if c in keep), x.sum(gone, dtype=x.dtype) if gone else x


def _contracted(a: str, x: Tensor, b: str, y: Tensor, later: set[str], sizes: dict[str, int]) -> tuple[str, Tensor]:
    """The product of two operands, summed over what only they name, by one batched matrix product."""
    a, x = _summed(a, x, later | set(b))
    b, y = _summed(b, y, later | set(a))
    shared = [c for c in a if c in b]
    # A shared dimension of size 1 on one side is stretched.
    x = x.expand(*(sizes[c] if c in shared else n for c, n in zip(a, x.shape, strict=True)))
    y = y.expand(*(sizes[c] if c in shared else n for c, n in zip(b, y.shape, strict=True)))
    batch, inside = [c for c in shared if c in later], [c for c in shared if c not in later]
    left, right = [c for c in a if c not in b], [c for c in b if c not in a]

    def matrices(labels: str, z: Tensor, rows: list[str], columns: list[str]) -> Tensor:
        order = [*batch, *rows, *columns]
        size = dict(zip(labels, z.shape, strict=True))
        shape = [math.prod(size[c] for c in part) for part in (batch, rows, columns)]
        return z.permute(*(labels.index(c) for c in order)).reshape(*shape)

    product = _core.bmm(matrices(a, x, left, inside), matrices(b, y, inside, right))
    size = {**dict(zip(b, y.shape, strict=True)), **dict(zip(a, x.shape, strict=True))}
    labels = [*batch, *left, *right]
    return "".join(labels), product.reshape(*(size[c] for c in labels))
