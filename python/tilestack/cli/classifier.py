"""A trained classifier in one file: weights, and in the metadata what is needed to rebuild and feed the net."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import tilestack as ts
from tilestack import io, models, nn
from tilestack.vision import prepare_digit, read_image, square, to_gray
from tilestack.vision.dataset import normalised

FILE = "model.safetensors"
CONFIG = "tilestack.classifier"
HIDDEN = {1: (256, 128), 3: (512, 256)}  # of the MLP, by channels


@dataclass(frozen=True)
class Config:
    model: str  # alexnet, lenet or mlp
    data: str
    classes: tuple[str, ...]
    mean: float
    std: float
    size: int = 28  # pixels
    channels: int = 1

    def prepare(self, path: str) -> np.ndarray:
        """A user's picture as the net knows them, (28, 28) or (size, size, 3) uint8. Errors as of `read_image` and
        `prepare_digit`."""
        if self.channels == 3:
            return square(read_image(path), self.size)
        return prepare_digit(to_gray(read_image(path)), fit=28 if self.data == "fashion-mnist" else 20)

    def build(self) -> nn.Module:
        """The net with new weights, drawn from the generator of `ts.manual_seed`."""
        count = len(self.classes)
        if self.model == "alexnet":
            return models.CifarAlexNet(count)
        if self.model == "lenet":
            return models.LeNet(count, self.channels, self.size)
        return models.MLP((self.channels * self.size**2, *HIDDEN[self.channels], count))


def save(model: nn.Module, config: Config, folder: Path) -> Path:
    path = folder / FILE
    io.save_file(model.state_dict(), path, metadata={CONFIG: json.dumps(asdict(config))})
    return path


def is_one(path: str | os.PathLike[str]) -> bool:
    """Whether the folder or file is of this kind."""
    file = Path(path) / FILE if Path(path).is_dir() else Path(path)
    return file.suffix == ".safetensors" and file.is_file() and CONFIG in io.load_metadata(file)


def load(path: str | os.PathLike[str]) -> tuple[nn.Module, Config]:
    """path: a folder of `tilestack train`, or the model file in it."""
    file = Path(path) / FILE if Path(path).is_dir() else Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"no trained model at {file}: train one with `tilestack train`, or name it by --model")
    try:
        values = json.loads(io.load_metadata(file)[CONFIG])
        config = Config(**{**values, "classes": tuple(values["classes"])})
    except (KeyError, TypeError, json.JSONDecodeError):
        raise ValueError(f"{file}: not a model of `tilestack train`") from None
    model = config.build()
    model.load_state_dict(io.load_file(file))
    return model.eval(), config


def probabilities(model: nn.Module, config: Config, images: np.ndarray, batch_size: int = 250) -> np.ndarray:
    """images: as `prepare` gives them, (n, ...) uint8. Returns (n, classes) float32."""
    device = next(model.parameters()).device
    model.eval()
    parts = []
    with ts.no_grad():
        for start in range(0, len(images), batch_size):
            x = ts.from_numpy(normalised(images[start : start + batch_size], config.mean, config.std)).to(device)
            parts.append(ts.softmax(model(x), -1).to("cpu").numpy())
    return np.concatenate(parts)
