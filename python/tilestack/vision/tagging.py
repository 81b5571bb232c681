"""Says what is on photos."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

import tilestack as ts
from tilestack.models import EfficientNetLite

from .imagenet import imagenet_classes
from .photos import as_batch, centre_crop, read_photo

T = TypeVar("T")
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")


class Tag(NamedTuple):
    name: str
    probability: float


class Tagged(NamedTuple):
    """A photo with its likeliest tags, or why it has none. extra: what `also` made of the picture."""

    path: str
    tags: list[Tag]
    extra: Any = None
    error: OSError | ValueError | None = None


def find_photos(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """Files as they are given, and in place of a folder the pictures in it and the folders in it, by name.

    Hidden files are left out. Raises ValueError for a folder without pictures.
    """
    found = []
    for path in paths:
        if not Path(path).is_dir():
            found.append(os.fspath(path))
            continue
        inside = sorted(str(file) for file in Path(path).rglob("[!.]*") if file.suffix.lower() in SUFFIXES)
        if not inside:
            raise ValueError(f"{os.fspath(path)}: no photos in this folder ({', '.join(s[1:] for s in SUFFIXES)})")
        found += inside
    return found


def has_photos(path: str | os.PathLike[str]) -> bool:
    """Whether `path` is a folder with pictures in it or in the folders in it."""
    return any(file.suffix.lower() in SUFFIXES for file in Path(path).rglob("[!.]*"))


def class_names(model: EfficientNetLite) -> Sequence[str]:
    """Its own, or ImageNet's if it has as many."""
    count = model._fc.out_features
    if model.classes is not None:
        return model.classes
    return imagenet_classes() if count == 1000 else [f"class {i}" for i in range(count)]


def tag_photos(
    model: EfficientNetLite,
    paths: Sequence[str],
    top: int = 5,
    batch_size: int = 16,
    also: Callable[[np.ndarray], Any] | None = None,
) -> Iterator[Tagged]:
    """Each photo with its `top` likeliest classes, in order. Threads read files ahead while the net works on a batch.

    also: what else to make of each picture, (height, width, 3) uint8, in those threads.
    """
    names = class_names(model)
    device = model._fc.weight.device

    def load(path: str) -> tuple[np.ndarray, Any] | OSError | ValueError:
        try:
            picture = read_photo(path, model.size)
            return centre_crop(picture, model.size), also(picture) if also else None
        except (OSError, ValueError) as error:
            return error

    photos = zip(paths, map_ahead(load, paths, 2 * batch_size), strict=True)
    while batch := list(islice(photos, batch_size)):
        crops = [loaded[0] for _, loaded in batch if not isinstance(loaded, Exception)]
        chances = iter(probabilities(model, as_batch(crops).to(device)) if crops else ())
        for path, loaded in batch:
            if isinstance(loaded, Exception):
                yield Tagged(path, [], error=loaded)
                continue
            chance = next(chances)
            best = np.argsort(-chance, kind="stable")[:top]
            yield Tagged(path, [Tag(names[i], float(chance[i])) for i in best], loaded[1])


def probabilities(model: EfficientNetLite, x: ts.Tensor) -> np.ndarray:
    """(batch, classes) float32."""
    with ts.no_grad():
        return model(x).float().softmax(-1).to("cpu").numpy()


def map_ahead(function: Callable[[str], T], items: Sequence[str], ahead: int) -> Iterator[T]:
    """The results in order, made by as many threads as tilestack uses and at most `ahead` of them before they are asked
    for."""
    pool = ThreadPoolExecutor(ts.get_num_threads())
    try:
        waiting: deque[Future[T]] = deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
