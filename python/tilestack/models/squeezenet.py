"""SqueezeNet (Iandola et al., 2016), with torchvision's names."""

from __future__ import annotations

from typing import Any

import tilestack as ts
from tilestack import Tensor, nn
from tilestack.nn import functional as F

from .pretrained import Pretrained, State, shape


class Fire(nn.Module):
    """A 1x1 convolution to few channels, then 1x1 and 3x3 ones side by side."""

    def __init__(self, inplanes: int, squeeze: int, expand: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inplanes, squeeze, 1)
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.squeeze(x))
        return ts.cat([F.relu(self.expand1x1(x)), F.relu(self.expand3x3(x))], 1)


def pool() -> nn.Module:
    return nn.MaxPool2d(3, 2, ceil_mode=True)


class SqueezeNet(Pretrained):
    """AlexNet's accuracy with a fiftieth of its parameters. version: "1_0", or "1_1", which costs 2.4 times less.

    x: (batch, 3, height, width) float. Returns (batch, num_classes) logits. Convolutions start with He's uniform
    initialisation, the last one normal with deviation 0.01, biases at 0.
    """

    def __init__(self, version: str = "1_1", num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        if version == "1_0":
            start = [nn.Conv2d(3, 96, 7, stride=2), nn.ReLU(), pool(), Fire(96, 16, 64), Fire(128, 16, 64)]
            start += [Fire(128, 32, 128), pool(), Fire(256, 32, 128), Fire(256, 48, 192), Fire(384, 48, 192)]
            self.features = nn.Sequential(*start, Fire(384, 64, 256), pool(), Fire(512, 64, 256))
        elif version == "1_1":
            start = [nn.Conv2d(3, 64, 3, stride=2), nn.ReLU(), pool(), Fire(64, 16, 64), Fire(128, 16, 64), pool()]
            start += [Fire(128, 32, 128), Fire(256, 32, 128), pool(), Fire(256, 48, 192), Fire(384, 48, 192)]
            self.features = nn.Sequential(*start, Fire(384, 64, 256), Fire(512, 64, 256))
        else:
            raise ValueError(f'SqueezeNet: version must be "1_0" or "1_1", got {version!r}')
        last = nn.Conv2d(512, num_classes, 1)
        self.classifier = nn.Sequential(nn.Dropout(dropout), last, nn.ReLU(), nn.AdaptiveAvgPool2d((1, 1)))
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and module.bias is not None:
                nn.init.kaiming_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        nn.init.normal_(last.weight, 0.0, 0.01)

    @classmethod
    def sizes_of(cls, state: State) -> dict[str, Any] | None:
        versions: dict[tuple[int, ...], str] = {(96, 3, 7, 7): "1_0", (64, 3, 3, 3): "1_1"}
        version = versions.get(shape(state, "features.0.weight"))
        if version is None or "features.3.squeeze.weight" not in state:
            return None
        return {"version": version, "num_classes": shape(state, "classifier.1.weight")[0]}

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x)).flatten(1)


def squeezenet1_0(**options: Any) -> SqueezeNet:
    """1,248,424 parameters. options: num_classes, dropout."""
    return SqueezeNet("1_0", **options)


def squeezenet1_1(**options: Any) -> SqueezeNet:
    """1,235,496 parameters."""
    return SqueezeNet("1_1", **options)
