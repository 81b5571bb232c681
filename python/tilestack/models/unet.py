"""U-Net (Ronneberger et al., 2015), with padded convolutions and batch norm, as it is built today.

Names are those of the most used PyTorch implementation (milesial).
"""

from __future__ import annotations

from typing import Any

import tilestack as ts
from tilestack import Tensor, nn
from tilestack.nn import functional as F

from .pretrained import Pretrained, State, shape


class DoubleConv(nn.Module):
    """Twice: 3x3 convolution, norm, ReLU."""

    def __init__(self, inplanes: int, planes: int, middle: int | None = None) -> None:
        super().__init__()
        middle = planes if middle is None else middle
        self.double_conv = nn.Sequential(
            nn.Conv2d(inplanes, middle, 3, padding=1, bias=False),
            nn.BatchNorm2d(middle),
            nn.ReLU(),
            nn.Conv2d(middle, planes, 3, padding=1, bias=False),
            nn.BatchNorm2d(planes),
            nn.ReLU(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.double_conv(x)


class Down(nn.Module):
    """Half the size, then a DoubleConv."""

    def __init__(self, inplanes: int, planes: int) -> None:
        super().__init__()
        self.maxpool_conv = nn.Sequential(nn.MaxPool2d(2), DoubleConv(inplanes, planes))

    def forward(self, x: Tensor) -> Tensor:
        return self.maxpool_conv(x)


class Up(nn.Module):
    """Twice the size, beside what the same size had on the way down, then a DoubleConv."""

    def __init__(self, inplanes: int, planes: int, bilinear: bool) -> None:
        super().__init__()
        self.up: nn.Module
        if bilinear:
            self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
            self.conv = DoubleConv(inplanes, planes, inplanes // 2)
        else:
            self.up = nn.ConvTranspose2d(inplanes, inplanes // 2, 2, stride=2)
            self.conv = DoubleConv(inplanes, planes)

    def forward(self, x: Tensor, beside: Tensor) -> Tensor:
        x = self.up(x)
        more = [big - small for big, small in zip(beside.shape[2:], x.shape[2:], strict=True)]
        if any(more):  # a size on the way down was odd
            x = F.pad(x, (more[1] // 2, more[1] - more[1] // 2, more[0] // 2, more[0] - more[0] // 2))
        return self.conv(ts.cat([beside, x], 1))


class OutConv(nn.Module):
    def __init__(self, inplanes: int, planes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inplanes, planes, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class UNet(Pretrained):
    """A class for each pixel. width: channels at full size; bilinear: upsampling without weights.

    x: (batch, n_channels, height, width) float, at least 16 pixels on a side. Returns (batch, n_classes, height, width)
    logits. 31,037,633 parameters for one class.
    """

    def __init__(self, n_channels: int = 3, n_classes: int = 1, bilinear: bool = False, width: int = 64) -> None:
        super().__init__()
        self.n_channels = n_channels
        self.n_classes = n_classes
        half = 2 if bilinear else 1
        self.inc = DoubleConv(n_channels, width)
        self.down1 = Down(width, width * 2)
        self.down2 = Down(width * 2, width * 4)
        self.down3 = Down(width * 4, width * 8)
        self.down4 = Down(width * 8, width * 16 // half)
        self.up1 = Up(width * 16, width * 8 // half, bilinear)
        self.up2 = Up(width * 8, width * 4 // half, bilinear)
        self.up3 = Up(width * 4, width * 2 // half, bilinear)
        self.up4 = Up(width * 2, width, bilinear)
        self.outc = OutConv(width, n_classes)

    @classmethod
    def sizes_of(cls, state: State) -> dict[str, Any] | None:
        if "inc.double_conv.0.weight" not in state:
            return None
        width, channels = shape(state, "inc.double_conv.0.weight")[:2]
        classes = shape(state, "outc.conv.weight")[0]
        return {"n_channels": channels, "n_classes": classes, "bilinear": "up1.up.weight" not in state, "width": width}

    def forward(self, x: Tensor) -> Tensor:
        x1 = self.inc(x)
        x2 = self.down1(x1)
        x3 = self.down2(x2)
        x4 = self.down3(x3)
        x = self.up1(self.down4(x4), x4)
        x = self.up2(x, x3)
        x = self.up3(x, x2)
        return self.outc(self.up4(x, x1))
