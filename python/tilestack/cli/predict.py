"""tilestack predict."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np

from tilestack.vision import prepare_digit, read_image, to_gray

from . import _in_words, classifier


def predict(images: Sequence[str], model_path: str) -> int:
    """Prints one line for each image; 2 if any of them could not be read."""
    model, config = classifier.load(model_path)
    failed = False
    for path in images:
        try:
            digit = prepare_digit(to_gray(read_image(path)), fit=28 if config.data == "fashion-mnist" else 20)
        except (OSError, ValueError) as error:
            message = _in_words(error)
            print(f"tilestack: {message if path in message else f'{path}: {message}'}", file=sys.stderr)
            failed = True
            continue
        chances = classifier.probabilities(model, config, digit[None])[0]
        best, second = np.argsort(chances)[::-1][:2]
        what, other = config.classes[best], config.classes[second]
        print(f"{path}: {what} ({chances[best]:.1%}; next {other}, {chances[second]:.1%})")
    return 2 if failed else 0
