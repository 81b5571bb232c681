"""ResNet (He et al., 2015): the ImageNet and the CIFAR forms, with torchvision's names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tilestack import Tensor, nn
from tilestack.nn import functional as F

from .pretrained import Pretrained, State, count, shape


class BasicBlock(nn.Module):
    """relu(x + two 3x3 convolutions of x); downsample brings x to the result's shape."""

    expansion = 1  # output channels by planes

    def __init__(self, inplanes: int, planes: int, stride: int = 1, downsample: nn.Module | None = None) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inplanes, planes, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    """relu(x + 1x1, 3x3, 1x1 convolutions of x). The 3x3 one has the stride, as torchvision's weights want it."""

    expansion = 4

    def __init__(self, inplanes: int, planes: int, stride: int = 1, downsample: nn.Module | None = None) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inplanes, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, planes * 4, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(planes * 4)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class PaddedShortcut(nn.Module):
    """x with every stride-th pixel and channels of zeros around its own: the paper's option A, without weights."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.channels = channels
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        more = self.channels - x.shape[1]
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, more // 2, more - more // 2))


def projection(inplanes: int, outplanes: int, stride: int) -> nn.Module:
    """A 1x1 convolution and its norm: the paper's option B."""
    return nn.Sequential(nn.Conv2d(inplanes, outplanes, 1, stride, bias=False), nn.BatchNorm2d(outplanes))


def padding(inplanes: int, outplanes: int, stride: int) -> nn.Module:
    return PaddedShortcut(outplanes, stride)


def stage(
    block: type[Any], inplanes: int, planes: int, blocks: int, stride: int, shortcut: Callable[..., nn.Module]
) -> nn.Sequential:
    """blocks of one width, the first with the stride."""
    wide = planes * block.expansion
    downsample = shortcut(inplanes, wide, stride) if stride != 1 or inplanes != wide else None
    rest = [block(wide, planes) for _ in range(blocks - 1)]
    return nn.Sequential(block(inplanes, planes, stride, downsample), *rest)


def he_init(model: nn.Module) -> None:
    """Convolutions: He's normal initialisation by fan-out; norms start as the identity."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


class ResNet(Pretrained):
    """For photos: a 7x7 convolution, pooling and four stages.

    block: BasicBlock or Bottleneck; layers: blocks of each stage; width: planes of the first. x: (batch, 3, height,
    width) float. Returns (batch, num_classes) logits.
    """

    def __init__(self, block: type[Any], layers: Sequence[int], num_classes: int = 1000, width: int = 64) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        self.layer1 = stage(block, width, width, layers[0], 1, projection)
        self.layer2 = stage(block, width * block.expansion, width * 2, layers[1], 2, projection)
        self.layer3 = stage(block, width * 2 * block.expansion, width * 4, layers[2], 2, projection)
        self.layer4 = stage(block, width * 4 * block.expansion, width * 8, layers[3], 2, projection)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(width * 8 * block.expansion, num_classes)
        he_init(self)

    @classmethod
    def sizes_of(cls, state: State) -> dict[str, Any] | None:
        if shape(state, "conv1.weight")[2:] != (7, 7) or "layer4.0.conv1.weight" not in state:
            return None
        block = Bottleneck if "layer1.0.conv3.weight" in state else BasicBlock
        layers = [count(state, rf"layer{stage}\.(\d+)\.") for stage in range(1, 5)]
        classes, width = shape(state, "fc.weight")[0], shape(state, "conv1.weight")[0]
        return {"block": block, "layers": layers, "num_classes": classes, "width": width}

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.avgpool(x).flatten(1))


class CifarResNet(Pretrained):
    """For 32x32 pictures: a 3x3 convolution and three stages of `blocks` basic blocks, 6 blocks + 2 layers in all.

    shortcut: "padding", the paper's option A, or "projection" where stages meet. x: (batch, 3, height, width) float.
    Returns (batch, num_classes) logits.
    """

    def __init__(self, blocks: int, num_classes: int = 10, width: int = 16, shortcut: str = "padding") -> None:
        super().__init__()
        kinds = {"padding": padding, "projection": projection}
        if shortcut not in kinds:
            raise ValueError(f'CifarResNet: shortcut must be "padding" or "projection", got {shortcut!r}')
        self.conv1 = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = stage(BasicBlock, width, width, blocks, 1, kinds[shortcut])
        self.layer2 = stage(BasicBlock, width, width * 2, blocks, 2, kinds[shortcut])
        self.layer3 = stage(BasicBlock, width * 2, width * 4, blocks, 2, kinds[shortcut])
        self.fc = nn.Linear(width * 4, num_classes)
        he_init(self)

    @classmethod
    def own_names(cls, state: State) -> State:
        """Widespread implementations call the last layer `linear`, and the way past a block `shortcut`."""
        names = {"linear": "fc", "shortcut": "downsample"}
        return {".".join(names.get(part, part) for part in name.split(".")): x for name, x in state.items()}

    @classmethod
    def sizes_of(cls, state: State) -> dict[str, Any] | None:
        if shape(state, "conv1.weight")[2:] != (3, 3) or count(state, r"layer(\d+)\.") != 4:
            return None
        sizes = {"blocks": count(state, r"layer1\.(\d+)\."), "num_classes": shape(state, "fc.weight")[0]}
        shortcut = "projection" if "layer2.0.downsample.0.weight" in state else "padding"
        return {**sizes, "width": shape(state, "conv1.weight")[0], "shortcut": shortcut}

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(x.mean((2, 3)))


def resnet18(**options: Any) -> ResNet:
    """11,689,512 parameters. options: num_classes, width."""
    return ResNet(BasicBlock, (2, 2, 2, 2), **options)


def resnet34(**options: Any) -> ResNet:
    """21,797,672 parameters."""
    return ResNet(BasicBlock, (3, 4, 6, 3), **options)


def resnet50(**options: Any) -> ResNet:
    """25,557,032 parameters."""
    return ResNet(Bottleneck, (3, 4, 6, 3), **options)


def resnet101(**options: Any) -> ResNet:
    """44,549,160 parameters."""
    return ResNet(Bottleneck, (3, 4, 23, 3), **options)


def resnet20(**options: Any) -> CifarResNet:
    """For CIFAR, 0.27 million parameters. options: num_classes, width, shortcut."""
    return CifarResNet(3, **options)


def resnet32(**options: Any) -> CifarResNet:
    """For CIFAR, 0.46 million parameters."""
    return CifarResNet(5, **options)


def resnet44(**options: Any) -> CifarResNet:
    """For CIFAR, 0.66 million parameters."""
    return CifarResNet(7, **options)


def resnet56(**options: Any) -> CifarResNet:
    """For CIFAR, 0.85 million parameters."""
    return CifarResNet(9, **options)
