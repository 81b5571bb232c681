"""tilestack predict."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from tilestack.models.pretrained import CONFIG
from tilestack.vision import as_batch, centre_crop
from tilestack.vision.photos import read_photo
from tilestack.vision.tagging import class_names, probabilities

from . import _named, classifier

Reader = Callable[[str], np.ndarray]  # of a picture's file; gives the probability of each class


def predict(images: Sequence[str], model_path: str) -> int:
    """Prints one line for each image; 2 if any of them could not be read."""
    read, classes = _reader(model_path)
    failed = False
    for path in images:
        try:
            chances = read(path)
        except (OSError, ValueError) as error:
            print(f"tilestack: {_named(path, error)}", file=sys.stderr)
            failed = True
            continue
        best, second = np.argsort(chances)[::-1][:2]
        what, other = classes[best], classes[second]
        print(f"{path}: {what} ({chances[best]:.1%}; next {other}, {chances[second]:.1%})")
    return 2 if failed else 0


def _reader(model_path: str) -> tuple[Reader, Sequence[str]]:
    """Of a model and its classes."""
    if (Path(model_path) / CONFIG).is_file():  # of `tilestack train photos`
        from .tag import load_model

        net = load_model(model_path, "cpu")

        def of_photo(path: str) -> np.ndarray:
            crop = centre_crop(read_photo(path, net.size), net.size)
            return probabilities(net, as_batch([crop]))[0]

        return of_photo, class_names(net)
    model, config = classifier.load(model_path)

    def of_small_picture(path: str) -> np.ndarray:
        return classifier.probabilities(model, config, config.prepare(path)[None])[0]

    return of_small_picture, config.classes
