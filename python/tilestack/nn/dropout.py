"""Dropout."""

from __future__ import annotations

from tilestack._core import Tensor
from tilestack.nn import functional as F
from tilestack.nn.module import Module


class _Dropout(Module):
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"{type(self).__name__}: p must be from 0 to 1, got {p}")
        self.p = p
        self.inplace = inplace  # accepted for torch's sake; the result is a new tensor all the same

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """In training, zeroes elements with probability p, scales the others by 1 / (1 - p) (Srivastava et al., 2014).

    A residual is added to the result, in the same pass if it has x's shape and dtype.
    """

    def forward(self, x: Tensor, residual: Tensor | None = None) -> Tensor:
        return F.dropout(x, self.p, self.training, residual=residual)


class Dropout1d(_Dropout):
    """Dropout of whole channels of (batch, channels, length) (Tompson et al., 2015)."""

    def forward(self, x: Tensor) -> Tensor:
        return F.dropout1d(x, self.p, self.training)


class Dropout2d(_Dropout):
    """Dropout of whole channels of (batch, channels, height, width)."""

    def forward(self, x: Tensor) -> Tensor:
        return F.dropout2d(x, self.p, self.training)


class Dropout3d(_Dropout):
    """Dropout of whole channels of (batch, channels, depth, height, width)."""

    def forward(self, x: Tensor) -> Tensor:
        return F.dropout3d(x, self.p, self.training)


class AlphaDropout(_Dropout):
    """In training, sets elements to selu's limit with probability p, keeping mean 0, variance 1 (Klambauer et al., 2017)."""

    def forward(self, x: Tensor) -> Tensor:
        return F.alpha_dropout(x, self.p, self.training)


class FeatureAlphaDropout(_Dropout):
    """AlphaDropout of whole channels, dimension 1."""

    def forward(self, x: Tensor) -> Tensor:
        return F.feature_alpha_dropout(x, self.p, self.training)
