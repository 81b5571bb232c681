"""tilestack tag."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from tilestack import models
from tilestack.models import EfficientNetLite
from tilestack.vision.tagging import Tag, Tagged, find_photos, tag_photos

from . import CommandError, _named, weights
from .runs import use_machine

DEFAULT = "efficientnet-lite0"


def tag(args: argparse.Namespace) -> int:
    """Prints a line for each photo, or JSON; 2 if any could not be read."""
    use_machine(args)
    if args.html is not None and not Path(args.html).parent.is_dir():
        raise CommandError(f"--html {args.html}: there is no folder {Path(args.html).parent}")
    paths = find_photos(args.paths)
    model = load_model(args.weights, args.device)
    found = _tag_all(model, paths, args)
    tagged = [photo for photo in found if photo.error is None]
    if args.json:
        print(json.dumps([_plain(photo) for photo in tagged], indent=2, ensure_ascii=False))
    if len(paths) > 1 and len(tagged) < len(paths):
        print(f"tilestack: {len(tagged):,} of {len(paths):,} photos could be read", file=sys.stderr)
    if args.html is not None and tagged:
        _write_page(tagged, args.html)
    return 0 if len(tagged) == len(paths) else 2


def load_model(path: str | None, device: str) -> EfficientNetLite:
    model = models.from_pretrained(weights.find(DEFAULT) if path is None else path, device=device)
    if not isinstance(model, EfficientNetLite):
        raise CommandError(f"--weights {path}: of a {type(model).__name__}, wanted an EfficientNet-Lite")
    return model


def in_words(tags: list[Tag]) -> str:
    return ", ".join(f"{name} {probability:.1%}" for name, probability in tags)


def _tag_all(model: EfficientNetLite, paths: list[str], args: argparse.Namespace) -> list[Tagged]:
    """Tells what it finds as it goes, with a bar on a terminal if there is more than one batch."""
    from .gallery import thumbnail

    found = []
    also = thumbnail if args.html is not None else None
    show = sys.stderr.isatty() and len(paths) > args.batch_size
    with tqdm(total=len(paths), unit=" photos", dynamic_ncols=True, leave=False, disable=not show) as bar:
        for photo in tag_photos(model, paths, args.top, args.batch_size, also):
            if photo.error is not None:
                bar.write(f"tilestack: {_named(photo.path, photo.error)}", file=sys.stderr)
            elif not args.json:
                bar.write(f"{photo.path}: {in_words(photo.tags)}", file=sys.stdout)
            bar.update()
            found.append(photo)
    return found


def _plain(photo: Tagged) -> dict[str, Any]:
    tags = [{"name": name, "probability": round(probability, 6)} for name, probability in photo.tags]
    return {"file": photo.path, "tags": tags}


def _write_page(tagged: list[Tagged], path: str) -> None:
    from tilestack.io import atomic_write_text

    from .gallery import page

    atomic_write_text(path, page(tagged))
    print(f"page: {path}", file=sys.stderr)
