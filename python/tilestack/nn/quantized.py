"""Linear layers whose weights are whole numbers of 8 or 4 bits, for inference."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar

import numpy as np

import tilestack as ts
from tilestack._core import Tensor
from tilestack.nn import functional as F
from tilestack.nn.module import Module

ModuleT = TypeVar("ModuleT", bound=Module)

BLOCK = 64  # numbers of 4 bits that are packed together
ACTIVATIONS = {
    "none": lambda x: x,
    "relu": F.relu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "sigmoid": F.sigmoid,
    "tanh": F.tanh,
}


class QuantizedLinear(Module):
    """y = x W^T + b with W = q * scale, where q are whole numbers and each group along a row of W has its scale.

    bits: 8, with one scale for each row, or 4, with one for each group_size (32 or a multiple of 64) numbers of a row.
    x: (..., in_features) float32, bfloat16 or float16. Returns (..., out_features). All its tensors are buffers: weight,
    (out_features, in_features) int8 or (out_features, in_features / 2) uint8; scales, (out_features, groups) float32;
    bias, (out_features). RuntimeError where gradients are wanted.
    """

    weight: Tensor
    scales: Tensor
    bias: Tensor | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        bits: int = 8,
        group_size: int = 64,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        check_format(in_features, bits, group_size)
        self.in_features = in_features
        self.out_features = out_features
        self.bits = bits
        self.group_size = in_features if bits == 8 else group_size
        weight = ts.zeros(
            (out_features, in_features * bits // 8), dtype=ts.int8 if bits == 8 else ts.uint8, device=device
        )
        groups = 1 if bits == 8 else in_features // group_size
        self.register_buffer("weight", weight)
        self.register_buffer("scales", ts.zeros((out_features, groups), device=device))
        self.register_buffer("bias", ts.zeros((out_features,), device=device, dtype=dtype) if bias else None)

    @classmethod
    def from_float(cls, weight: Tensor, bias: Tensor | None, bits: int = 8, group_size: int = 64) -> QuantizedLinear:
        """The layer nearest to a Linear with this weight, (out_features, in_features), and bias."""
        out_features, in_features = weight.shape
        layer = cls(in_features, out_features, bias is not None, bits, group_size)
        q, scales = quantize_rows(weight.detach().float().cpu().numpy(), bits, layer.group_size)
        packed = q if bits == 8 else pack_nibbles(q)
        layer.weight = ts.from_numpy(packed).to(weight.device)
        layer.scales = ts.from_numpy(scales).to(weight.device)
        layer.bias = None if bias is None else bias.detach()
        return layer

    def forward(self, input: Tensor, activation: str | None = None) -> Tensor:
        y = F.quantized_linear(input, self.weight, self.scales.float(), self.bias)
        return y if activation is None else ACTIVATIONS[activation](y)

    def dequantize(self) -> Tensor:
        """The weight as float32, (out_features, in_features)."""
        packed = self.weight.cpu().numpy()
        q = packed if self.bits == 8 else unpack_nibbles(packed)
        scales = np.repeat(self.scales.float().cpu().numpy(), self.group_size, axis=1)
        return ts.from_numpy(q * scales).to(self.weight.device)

    def extra_repr(self) -> str:
        group = f", group_size={self.group_size}" if self.bits == 4 else ""
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}, "
            f"bits={self.bits}{group}"
        )


def quantize(model: ModuleT, bits: int = 8, group_size: int = 64, skip: Collection[str] = ()) -> ModuleT:
    """Replaces each Linear (and GPT-2's Conv1D) within the model by a QuantizedLinear, and returns the model.

    bits: 8 or 4; group_size: of 4 bits. skip: dotted names of modules that stay as they are, with all below them. An
    embedding that shared its weight with a layer keeps it. ValueError, before anything is changed, for a layer whose rows
    are no whole groups. Save and load the result by state_dict(): quantize a new model, then load.
    """
    if isinstance(skip, str):
        raise TypeError(f"quantize: skip must be a collection of names, got the str {skip!r}")
    places: list[tuple[Module, str, Any, str]] = [
        (parent, name, child, f"{path}.{name}" if path else name)
        for path, parent in model.named_modules()
        for name, child in parent.named_children()
        if hasattr(child, "_weight_out_in")
    ]
    places = [place for place in places if not any(f"{place[3]}.".startswith(f"{name}.") for name in skip)]
    for _, _, layer, path in places:
        try:
            check_format(layer._weight_out_in().shape[1], bits, group_size)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None
    made: dict[Module, QuantizedLinear] = {}  # a layer in two places stays one
    for parent, name, layer, _ in places:
        if layer not in made:
            made[layer] = QuantizedLinear.from_float(layer._weight_out_in(), layer.bias, bits, group_size)
            made[layer].train(layer.training)
        setattr(parent, name, made[layer])
    return model


def check_format(in_features: int, bits: int, group_size: int) -> None:
    if bits not in (8, 4):
        raise ValueError(f"quantize: bits must be 8 or 4, got {bits}")
    if bits == 8:
        return
    if group_size < 1 or (group_size != 32 and group_size % BLOCK):
        raise ValueError(f"quantize: group_size must be 32 or a multiple of {BLOCK}, got {group_size}")
    if in_features % max(group_size, BLOCK):
        raise ValueError(
            f"quantize: 4 bits need in_features that are a multiple of {max(group_size, BLOCK)}, got {in_features}; "
            "use 8 bits or skip the layer"
        )


def quantize_rows(w: np.ndarray, bits: int, group_size: int) -> tuple[np.ndarray, np.ndarray]:
    """The whole numbers, (rows, cols) int8, and scales, (rows, groups) float32, of a float32 matrix.

    The largest of a group becomes 127 or 7; non-finite numbers are a ValueError.
    """
    if not np.isfinite(w).all():
        raise ValueError("quantize: the weight has infinite numbers or NaN")
    rows, cols = w.shape
    groups = w.reshape(rows, -1, group_size) if w.size else w.reshape(rows, 1 if bits == 8 else 0, cols)
    scales = np.abs(groups).max(-1, initial=0) / np.float32(2 ** (bits - 1) - 1)
    q = np.rint(groups / np.where(scales > 0, scales, 1)[..., None])
    return q.astype(np.int8, order="C").reshape(rows, cols), scales.astype(np.float32, order="C")


def pack_nibbles(q: np.ndarray) -> np.ndarray:
    """Numbers from -8 to 7, (rows, cols), as (rows, cols / 2) uint8: word j of 16 bits of a block of 64 holds numbers j,
    16 + j, 32 + j and 48 + j, from its low bits on, plus 8."""
    rows, cols = q.shape
    low = (q + 8).astype(np.uint8).reshape(rows, cols // BLOCK, 4, 16)
    pairs = low[:, :, 0::2] | low[:, :, 1::2] << 4  # (rows, blocks, byte of the word, word)
    return np.ascontiguousarray(pairs.swapaxes(2, 3)).reshape(rows, cols // 2)


def unpack_nibbles(packed: np.ndarray) -> np.ndarray:
    rows, size = packed.shape
    pairs = packed.reshape(rows, 2 * size // BLOCK, 16, 2).swapaxes(2, 3)
    both = np.stack([pairs & 15, pairs >> 4], axis=3)  # (rows, blocks, byte, half, word)
    return both.reshape(rows, 2 * size).astype(np.int8) - 8
