"""VGG (Simonyan and Zisserman, 2014), with torchvision's names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tilestack import Tensor, nn

from .pretrained import Pretrained, State, shape

# Output channels of the 3x3 convolutions between two poolings, for each number of layers.
CHANNELS = {
    11: [[64], [128], [256] * 2, [512] * 2, [512] * 2],
    13: [[64] * 2, [128] * 2, [256] * 2, [512] * 2, [512] * 2],
    16: [[64] * 2, [128] * 2, [256] * 3, [512] * 3, [512] * 3],
    19: [[64] * 2, [128] * 2, [256] * 4, [512] * 4, [512] * 4],
}


class VGG(Pretrained):
    """Stacks of 3x3 convolutions, each followed by max pooling, and three linear layers.

    channels: of the convolutions of each stack. x: (batch, 3, 224, 224) float; other sizes are pooled to 7x7 features.
    Returns (batch, num_classes) logits. Convolutions start with He's normal initialisation by fan-out, linear layers
    normal with deviation 0.01, biases at 0.
    """

    def __init__(
        self,
        channels: Sequence[Sequence[int]],
        batch_norm: bool = False,
        num_classes: int = 1000,
        dropout: float = 0.5,
        hidden: int = 4096,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        width = 3
        for stack in channels:
            for out in stack:
                layers.append(nn.Conv2d(width, out, 3, padding=1))
                layers += [nn.BatchNorm2d(out), nn.ReLU()] if batch_norm else [nn.ReLU()]
                width = out
            layers.append(nn.MaxPool2d(2, 2))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(width * 7 * 7, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, num_classes),
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, 0.0, 0.01)
            if isinstance(module, (nn.Conv2d, nn.Linear)) and module.bias is not None:
                nn.init.zeros_(module.bias)

    @classmethod
    def sizes_of(cls, state: State) -> dict[str, Any] | None:
        if shape(state, "features.0.weight")[2:] != (3, 3) or "classifier.6.weight" not in state:
            return None
        batch_norm = "features.1.running_mean" in state
        width = (
            3 if batch_norm else 2
        )  # places of a convolution and what follows it; one more between stacks, for the pool
        places = sorted(
            int(name.split(".")[1]) for name, x in state.items() if name.startswith("features.") and x.dim() == 4
        )
        channels: list[list[int]] = [[]]
        for before, place in zip([places[0] - width, *places], places, strict=False):
            if place != before + width:
                channels.append([])
            channels[-1].append(shape(state, f"features.{place}.weight")[0])
        classes, hidden = shape(state, "classifier.6.weight")
        return {"channels": channels, "batch_norm": batch_norm, "num_classes": classes, "hidden": hidden}

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


def vgg11(**options: Any) -> VGG:
    """132,863,336 parameters. options: num_classes, dropout, hidden."""
    return VGG(CHANNELS[11], **options)


def vgg13(**options: Any) -> VGG:
    """133,047,848 parameters."""
    return VGG(CHANNELS[13], **options)


def vgg16(**options: Any) -> VGG:
    """138,357,544 parameters."""
    return VGG(CHANNELS[16], **options)


def vgg19(**options: Any) -> VGG:
    """143,667,240 parameters."""
    return VGG(CHANNELS[19], **options)


def vgg11_bn(**options: Any) -> VGG:
    """vgg11 with batch normalisation."""
    return VGG(CHANNELS[11], batch_norm=True, **options)


def vgg13_bn(**options: Any) -> VGG:
    """vgg13 with batch normalisation."""
    return VGG(CHANNELS[13], batch_norm=True, **options)


def vgg16_bn(**options: Any) -> VGG:
    """vgg16 with batch normalisation."""
    return VGG(CHANNELS[16], batch_norm=True, **options)


def vgg19_bn(**options: Any) -> VGG:
    """vgg19 with batch normalisation."""
    return VGG(CHANNELS[19], batch_norm=True, **options)
