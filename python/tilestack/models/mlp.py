from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from tilestack import Tensor, nn

from .pretrained import Pretrained, State, shape


class MLP(Pretrained):
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

    @classmethod
    def sizes_of(cls, state: State) -> dict[str, Any] | None:
        shapes = [shape(state, f"layers.{place}.weight") for place in range(1, len(state), 2)]
        if len(shapes) * 2 != len(state) or not all(len(one) == 2 for one in shapes):
            return None
        return {"sizes": [shapes[0][1], *(rows for rows, _ in shapes)]}

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
