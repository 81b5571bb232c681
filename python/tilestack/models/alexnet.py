"""AlexNet (Krizhevsky, Sutskever and Hinton): the net of 2012, and the form of 2014 that torchvision has."""

from __future__ import annotations

from typing import Any

from tilestack import Tensor, nn

from .pretrained import Pretrained, State, shape


class AlexNet2012(Pretrained):
    """The net that won ImageNet 2012: response normalisation, and two groups of channels, one for each GPU of then.

    x: (batch, 3, 224, 224) float, at least 63 pixels on a side. Returns (batch, num_classes) logits. Weights start normal
    with deviation 0.01; biases at 1 in the second, fourth and fifth convolution and the hidden linear layers, else at 0.
    60,965,224 parameters.
    """

    def __init__(self, num_classes: int = 1000, dropout: float = 0.5, hidden: int = 4096) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 96, 11, stride=4, padding=2),
            nn.ReLU(),
            # The paper's alpha of 1e-4 is a factor of the sum over 5 channels, torch's of their mean.
            nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(96, 256, 5, padding=2, groups=2),
            nn.ReLU(),
            nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(256, 384, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(384, 384, 3, padding=1, groups=2),
            nn.ReLU(),
            nn.Conv2d(384, 256, 3, padding=1, groups=2),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
        )
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.classifier = classifier(num_classes, dropout, hidden)
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)) and module.bias is not None:
                nn.init.normal_(module.weight, 0.0, 0.01)
                nn.init.ones_(module.bias)
        for name in ("features.0.bias", "features.8.bias", "classifier.6.bias"):
            nn.init.zeros_(self.get_parameter(name))

    @classmethod
    def sizes_of(cls, state: State) -> dict[str, Any] | None:
        return linear_sizes(state) if shape(state, "features.4.weight") == (256, 48, 5, 5) else None

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


class AlexNet(Pretrained):
    """AlexNet without groups and response normalisation ("One weird trick", Krizhevsky, 2014), as in torchvision.

    x: (batch, 3, 224, 224) float, at least 63 pixels on a side. Returns (batch, num_classes) logits. 61,100,840 parameters.
    """

    def __init__(self, num_classes: int = 1000, dropout: float = 0.5, hidden: int = 4096) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 11, stride=4, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(64, 192, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(192, 384, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(384, 256, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
        )
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.classifier = classifier(num_classes, dropout, hidden)

    @classmethod
    def sizes_of(cls, state: State) -> dict[str, Any] | None:
        return linear_sizes(state) if shape(state, "features.3.weight") == (192, 64, 5, 5) else None

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


class CifarAlexNet(Pretrained):
    """AlexNet for 32x32 pictures: its five convolutions, half as wide as torchvision's, with smaller kernels, no strides and
    batch norm in place of response normalisation.

    x: (batch, 3, 32, 32) float. Returns (batch, num_classes) logits. Convolutions start with He's initialisation.
    1,882,602 parameters for 10 classes.
    """

    def __init__(self, num_classes: int = 10, dropout: float = 0.2, hidden: int = 512) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *convolution(3, 32, 5),
            nn.MaxPool2d(3, 2, padding=1),
            *convolution(32, 96, 3),
            nn.MaxPool2d(3, 2, padding=1),
            *convolution(96, 192, 3),
            *convolution(192, 128, 3),
            *convolution(128, 128, 3),
            nn.MaxPool2d(3, 2, padding=1),
        )
        self.classifier = classifier(num_classes, dropout, hidden, 128 * 4 * 4)

    @classmethod
    def sizes_of(cls, state: State) -> dict[str, Any] | None:
        return linear_sizes(state) if shape(state, "features.4.weight") == (96, 32, 3, 3) else None

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).flatten(1))


def convolution(inplanes: int, planes: int, kernel: int) -> tuple[nn.Module, ...]:
    conv = nn.Conv2d(inplanes, planes, kernel, padding=kernel // 2, bias=False)
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    return conv, nn.BatchNorm2d(planes), nn.ReLU()


def linear_sizes(state: State) -> dict[str, Any]:
    return {"num_classes": shape(state, "classifier.6.weight")[0], "hidden": shape(state, "classifier.1.weight")[0]}


def classifier(num_classes: int, dropout: float, hidden: int, features: int = 256 * 6 * 6) -> nn.Sequential:
    return nn.Sequential(
        nn.Dropout(dropout),
        nn.Linear(features, hidden),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(hidden, hidden),
        nn.ReLU(),
        nn.Linear(hidden, num_classes),
    )
