from __future__ import annotations

from typing import Any

from tilestack import Tensor, nn

from .pretrained import Pretrained, State, shape


class LeNet(Pretrained):
    """LeNet-5 (LeCun et al., 1998) as it is built today: ReLU and max pooling, 61,706 weights for 10 classes.

    x: (batch, in_channels, 28, 28) float. Returns (batch, num_classes) logits.
    """

    def __init__(self, num_classes: int = 10, in_channels: int = 1) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(in_channels, 6, 5, padding=2),
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
