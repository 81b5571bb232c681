"""Nets for pictures with what they need to be fed: of `tilestack train`, EfficientNet-Lite, torchvision's and CIFAR's."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import tilestack as ts
from tilestack import models, nn
from tilestack.data.cifar import load_cifar
from tilestack.data.mnist import load_mnist
from tilestack.diagnose.seeing import spread
from tilestack.models import EfficientNetLite
from tilestack.vision import as_batch, centre_crop, imagenet_classes, read_image, square, to_gray
from tilestack.vision.dataset import normalised
from tilestack.vision.photos import read_photo
from tilestack.vision.tagging import class_names, find_photos, has_photos, map_ahead

from . import CommandError, _named, classifier

IMAGENET_MEAN = np.array([0.485, 0.456, 0.406], np.float32)  # of the inputs of torchvision's nets
IMAGENET_STD = np.array([0.229, 0.224, 0.225], np.float32)

SMALL = (models.CifarAlexNet, models.CifarResNet)  # for pictures of 32x32

Read = Callable[[str], np.ndarray]


@dataclass
class PictureNet:
    """prepare: a user's file as one picture, (height, width) or (height, width, 3) uint8. to_input: a batch of pictures as
    the net takes it. read_set: pictures of a data set of `tilestack train`, if the net is of one; sample: those that the
    wheel has."""

    model: nn.Module
    classes: list[str]
    prepare: Read
    to_input: Callable[[np.ndarray], ts.Tensor]
    read_set: Read | None = None
    sample: np.ndarray | None = None

    def pictures(self, data: str | None, most: int) -> np.ndarray | None:
        """At most so many pictures, (n, height, width, ...) uint8, from a folder of pictures or a data set; None if there are none."""
        if data is None:
            return None if self.sample is None else self.sample[spread(range(len(self.sample)), most)]
        if self.read_set is not None and not has_photos(data):
            found = self.read_set(data)
            return found[spread(range(len(found)), most)]
        paths = spread(find_photos([data]), most)
        readable = []
        for path, picture in zip(paths, map_ahead(self._try, paths, 32), strict=True):
            if isinstance(picture, np.ndarray):
                readable.append(picture)
            else:
                print(f"tilestack: skipped {_named(path, picture)}", file=sys.stderr)
        if not readable:
            raise CommandError(f"--data {data}: none of the photos can be read")
        return np.stack(readable)

    def _try(self, path: str) -> np.ndarray | OSError | ValueError:
        try:
            return self.prepare(path)
        except (OSError, ValueError) as error:
            return error


def of_classifier(path: str, device: str) -> PictureNet:
    """Of a run of `tilestack train`."""
    model, config = classifier.load(path)
    return PictureNet(
        model.to(device),
        list(config.classes),
        config.prepare,
        lambda pictures: ts.from_numpy(normalised(pictures, config.mean, config.std)).to(device),
        lambda data: (load_cifar if config.channels == 3 else load_mnist)(data).test_images,
        load_mnist().test_images if config.data == "mnist-sample" else None,
    )


def of_model(model: nn.Module, device: str) -> PictureNet:
    """Of a net with convolutions that `from_pretrained` has read."""
    if isinstance(model, EfficientNetLite):
        size = model.size
        return PictureNet(
            model,
            list(class_names(model)),
            lambda file: centre_crop(read_photo(file, size), size),
            lambda pictures: as_batch(list(pictures)).to(device),
        )
    channels = next(module.in_channels for module in model.modules() if isinstance(module, nn.Conv2d))
    if channels not in (1, 3):
        raise CommandError(f"a {type(model).__name__} of {channels} channels is not for pictures")
    size = model.size if isinstance(model, models.LeNet) else 32 if isinstance(model, SMALL) else 224
    return PictureNet(
        model,
        _class_names(model),
        lambda file: _square(file, size, channels),
        lambda pictures: _scaled(pictures).to(device),
    )


def _square(file: str, size: int, channels: int) -> np.ndarray:
    image = square(read_image(file), size)
    return image if channels == 3 else np.rint(to_gray(image)).astype(np.uint8)


def _scaled(pictures: np.ndarray) -> ts.Tensor:
    if pictures.ndim == 3:
        return ts.from_numpy(normalised(pictures, 0.0, 1.0))
    x = (pictures.astype(np.float32) / 255 - IMAGENET_MEAN) / IMAGENET_STD
    return ts.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))


def _class_names(model: nn.Module) -> list[str]:
    last: Any = [module for module in model.modules() if isinstance(module, nn.Linear)][-1:]
    count = last[0].out_features if last else 0
    return imagenet_classes() if count == 1000 else [f"class {i}" for i in range(count)]
