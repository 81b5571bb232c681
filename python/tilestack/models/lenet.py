from __future__ import annotations

from typing import Any

from tilestack import Tensor, nn

from .pretrained import Pretrained, State, shape


class LeNet(Pretrained):
    """LeNet-5 (LeCun et al., 1998) as it is built today: ReLU and max pooling, 61,706 weights for 10 classes of gray images.

    x: (batch, in_channels, size, size) float, where size is 28, to which a border of 2 is added, or 32, as in the paper.
    Returns (batch, num_classes) logits.
    """

    def __init__(self, num_classes: int = 10, in_channels: int = 1, size: int = 28) -> None:
        super().__init__()
        if size not in (28, 32):
            raise ValueError(f"LeNet: size must be 28 or 32, got {size}")
        self.size = size
        self.features = nn.Sequential(
            nn.Conv2d(in_channels, 6, 5, padding=(32 - size) // 2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(6, 16, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(16 * 5 * 5, 120),
            nn.ReLU(),
            nn.Linear(120, 84),
            nn.ReLU(),
            nn.Linear(84, num_classes),
        )

    @classmethod
    def sizes_of(cls, state: State) -> dict[str, Any] | None:
        first = shape(state, "features.0.weight")
        if first[2:] != (5, 5) or "classifier.5.weight" not in state:
            return None
        return {"num_classes": shape(state, "classifier.5.weight")[0], "in_channels": first[1]}

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x))
