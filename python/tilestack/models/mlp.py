from __future__ import annotations

import itertools
from collections.abc import Sequence

from tilestack import Tensor, nn


class MLP(nn.Module):
    """Linear layers with ReLU between them, of any depth; every dimension of x but the first is flattened.

    sizes: of the input, of each hidden layer, of the output. x: (batch, ...) float with sizes[0] values a sample.
    Returns (batch, sizes[-1]). The weights are layers.1.weight, layers.3.weight and so on.
    """

    def __init__(self, sizes: Sequence[int] = (784, 256, 128, 10)) -> None:
        super().__init__()
        if len(sizes) < 2:
            raise ValueError(f"MLP: sizes needs at least an input and an output size, got {tuple(sizes)}")
        layers: list[nn.Module] = [nn.Flatten()]
        for rows, cols in itertools.pairwise(sizes):
            layers += [nn.Linear(rows, cols), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
