"""EfficientNet-Lite (Tan and Le, 2019; Liu, 2020): EfficientNet without squeeze-and-excitation, with ReLU6.

Names are those of the PyTorch weights that were converted from the original checkpoints.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import tilestack as ts
from tilestack import Tensor, nn
from tilestack.nn import functional as F

from .pretrained import Pretrained, State, count, shape

# Kernel, stride, expansion, output channels and blocks of each stage at width and depth 1.
STAGES = [
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
]

PUBLISHED = [(1.0, 1.0), (1.0, 1.1), (1.1, 1.2), (1.2, 1.4), (1.4, 1.8)]  # width and depth of Lite0 to Lite4
SIZES = dict(zip(PUBLISHED, (224, 240, 260, 280, 300), strict=True))  # pixels of their photos


class SameConv2d(nn.Conv2d):
    """A convolution whose result has ceil(size / stride) pixels; an odd one of padding goes to the right and below."""

    def __init__(self, inplanes: int, planes: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(inplanes, planes, kernel, stride, padding=kernel // 2, groups=groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        kernel, stride = self.kernel_size[0], self.stride[0]
        if stride == 1:
            return F.conv2d(x, self.weight, None, 1, kernel // 2, 1, self.groups)
        (top, down), (left, right) = ((n // 2, n - n // 2) for n in (needed(s, kernel, stride) for s in x.shape[2:]))
        if (top, left) == (down, right):
            return F.conv2d(x, self.weight, None, stride, (top, left), 1, self.groups)
        return F.conv2d(F.pad(x, (left, right, top, down)), self.weight, None, stride, 0, 1, self.groups)


def needed(size: int, kernel: int, stride: int) -> int:
    """Pixels of padding on both sides together."""
    return max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)


def norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class MBConv(nn.Module):
    """1x1 convolution to more channels, depthwise one, 1x1 back to few; x is added where the shapes agree.

    drop: chance that a sample of a batch in training skips the block (Huang et al., 2016).
    """

    def __init__(self, inplanes: int, planes: int, kernel: int, stride: int, expansion: int, drop: float) -> None:
        super().__init__()
        wide = inplanes * expansion
        if expansion != 1:
            self._expand_conv = nn.Conv2d(inplanes, wide, 1, bias=False)
            self._bn0 = norm(wide)
        self._depthwise_conv = SameConv2d(wide, wide, kernel, stride, groups=wide)
        self._bn1 = norm(wide)
        self._project_conv = nn.Conv2d(wide, planes, 1, bias=False)
        self._bn2 = norm(planes)
        self.expands = expansion != 1
        self.adds = stride == 1 and inplanes == planes
        self.drop = drop

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        if not self.adds:
            return y
        if self.training and self.drop > 0:
            y = y * F.dropout(ts.ones((x.shape[0], 1, 1, 1), dtype=x.dtype, device=x.device), self.drop)
        return y + x


class EfficientNetLite(Pretrained):
    """width, depth: factors of channels and blocks; stem and head are the same in all.

    x: (batch, 3, size, size) float, (pixel - 127) / 128. Returns (batch, num_classes) logits. Convolutions start normal
    with variance 2 / (outputs of one input), the linear layer uniform within 1 / sqrt(num_classes).
    classes: names of the outputs, which config.json keeps. `size` is that of the photos for which the published net was trained.
    """

    def __init__(
        self,
        width: float = 1.0,
        depth: float = 1.0,
        num_classes: int = 1000,
        dropout: float = 0.2,
        drop_connect: float = 0.2,
        classes: Sequence[str] | None = None,
    ) -> None:
        super().__init__()
        if classes is not None and len(classes) != num_classes:
            raise ValueError(
                f"EfficientNetLite: num_classes is {num_classes}, but there are {len(classes)} names in classes"
            )
        self.classes = classes
        self.size = SIZES.get((width, depth), 224)
        self._conv_stem = SameConv2d(3, 32, 3, 2)
        self._bn0 = norm(32)
        shapes = []
        inplanes = 32
        for i, (kernel, stride, expansion, channels, _) in enumerate(STAGES):
            planes = round_channels(channels * width)
            for first in (True, *(False,) * (repeats(i, depth) - 1)):
                shapes.append((inplanes, planes, kernel, stride if first else 1, expansion))
                inplanes = planes
        self._blocks = nn.ModuleList([MBConv(*shape, drop_connect * i / len(shapes)) for i, shape in enumerate(shapes)])
        self._conv_head = nn.Conv2d(inplanes, 1280, 1, bias=False)
        self._bn1 = norm(1280)
        self._dropout = nn.Dropout(dropout)
        self._fc = nn.Linear(1280, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                mode = "fan_in" if module.groups > 1 else "fan_out"  # an input of a depthwise one has one output
                nn.init.kaiming_normal_(module.weight, mode=mode, nonlinearity="relu")
        nn.init.uniform_(self._fc.weight, -(num_classes**-0.5), num_classes**-0.5)
        nn.init.zeros_(self.get_parameter("_fc.bias"))

    @classmethod
    def own_names(cls, state: State) -> State:
        return from_timm(state) if "conv_stem.weight" in state else state

    @classmethod
    def sizes_of(cls, state: State) -> dict[str, Any] | None:
        """width and depth of the published nets only, which other factors may round to, too."""
        if "_blocks.0._depthwise_conv.weight" not in state:
            return None
        key = (count(state, r"_blocks\.(\d+)\."), shape(state, "_conv_head.weight")[1])
        published = {(blocks_of(depth), round_channels(320 * width)): (width, depth) for width, depth in PUBLISHED}
        sizes = dict(zip(("width", "depth"), published.get(key, ()), strict=False))
        return {**sizes, "num_classes": shape(state, "_fc.weight")[0]}

    def with_classes(self, classes: Sequence[str]) -> EfficientNetLite:
        """A copy whose last layer is new, for these classes; in the mode of a new net, training."""
        model = EfficientNetLite(**{**self.arguments, "num_classes": len(classes), "classes": list(classes)})
        kept = {name: x for name, x in self.state_dict().items() if not name.startswith("_fc.")}
        model.load_state_dict({**model.state_dict(), **kept})
        return model.to(self._fc.weight.device)

    def features(self, x: Tensor) -> Tensor:
        """What the last layer makes the logits of: (batch, 1280)."""
        x = F.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        return F.relu6(self._bn1(self._conv_head(x))).mean((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self._fc(self._dropout(self.features(x)))


# timm's names of what is outside the blocks, in a block that does not expand (the first), and in the others.
TIMM = {"conv_stem": "_conv_stem", "bn1": "_bn0", "conv_head": "_conv_head", "bn2": "_bn1", "classifier": "_fc"}
TIMM_FIRST = {"conv_dw": "_depthwise_conv", "bn1": "_bn1", "conv_pw": "_project_conv", "bn2": "_bn2"}
TIMM_BLOCK = {"conv_pw": "_expand_conv", "bn1": "_bn0", "conv_dw": "_depthwise_conv", "bn2": "_bn1"}
TIMM_BLOCK |= {"conv_pwl": "_project_conv", "bn3": "_bn2"}


def from_timm(state: State) -> State:
    """The weights of timm's tf_efficientnet_lite0 to 4 under the names here. timm numbers blocks within stages.

    Its efficientnet_lite0, without tf_, is another net: it pads alike on all sides.
    """
    parts = {name: name.split(".") for name in state}
    places = sorted({(int(part[1]), int(part[2])) for part in parts.values() if part[0] == "blocks"})
    renamed = {}
    for name, part in parts.items():
        if part[0] == "blocks":
            place = places.index((int(part[1]), int(part[2])))
            names = TIMM_BLOCK if place else TIMM_FIRST
            part = ["_blocks", str(place), names.get(part[3], part[3]), *part[4:]]
        else:
            part = [TIMM.get(part[0], part[0]), *part[1:]]
        renamed[".".join(part)] = state[name]
    return renamed


def repeats(stage: int, depth: float) -> int:
    """Blocks of a stage; the first and the last keep theirs."""
    blocks = STAGES[stage][-1]
    return blocks if stage in (0, len(STAGES) - 1) else math.ceil(blocks * depth)


def blocks_of(depth: float) -> int:
    return sum(repeats(stage, depth) for stage in range(len(STAGES)))


def round_channels(channels: float) -> int:
    """The nearest multiple of 8, but never below nine tenths of `channels`."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * channels else nearest


def efficientnet_lite0(**options: Any) -> EfficientNetLite:
    """4,652,008 parameters, for photos of 224x224. options: num_classes, dropout, drop_connect."""
    return EfficientNetLite(1.0, 1.0, **options)


def efficientnet_lite1(**options: Any) -> EfficientNetLite:
    """5,416,680 parameters, for photos of 240x240."""
    return EfficientNetLite(1.0, 1.1, **options)


def efficientnet_lite2(**options: Any) -> EfficientNetLite:
    """6,092,072 parameters, for photos of 260x260."""
    return EfficientNetLite(1.1, 1.2, **{"dropout": 0.3, **options})
