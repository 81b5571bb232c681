"""The page of `tilestack tag --html`: photos with their tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np

from tilestack.diagnose.report import document, photo_uri
from tilestack.vision.photos import resize_photo, resized_shape
from tilestack.vision.tagging import Tag, Tagged

from .report import footer

SIDE = 240  # pixels of the shorter side of a thumbnail
MOST_COMMON = 12

STYLE = """
.photos { display: grid; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); gap: 14px; }
.photo { background: var(--card); border: 1px solid var(--hair); border-radius: 10px; overflow: hidden; }
.photo img { display: block; width: 100%; aspect-ratio: 4 / 3; object-fit: cover; }
.photo figcaption { margin: 0; padding: 10px 12px 12px; }
.photo .file { overflow-wrap: anywhere; }
.tags { list-style: none; margin: 6px 0 0; padding: 0; font-variant-numeric: tabular-nums; }
.tags li { display: flex; justify-content: space-between; gap: 12px; padding: 2px 6px; margin-top: 2px; border-radius: 4px;
  background: linear-gradient(to right, color-mix(in srgb, var(--accent) 24%, transparent) var(--p), transparent var(--p)); }
.tags li:first-child { color: var(--ink); font-weight: 600; }
"""


def thumbnail(picture: np.ndarray) -> str:
    """A data URI of (height, width, 3) uint8, made small."""
    if min(picture.shape[:2]) > SIDE:
        picture = resize_photo(picture, *resized_shape(picture, SIDE))
    return photo_uri(picture)


def page(tagged: Sequence[Tagged]) -> str:
    """The page. extra of each photo: its thumbnail."""
    common = Counter(photo.tags[0].name for photo in tagged).most_common(MOST_COMMON)
    kinds = ", ".join(f"{name} ({count})" if count > 1 else name for name, count in common)
    title = f"{len(tagged):,} photo{'s' if len(tagged) > 1 else ''}"
    body = f'<div class="photos">\n{"".join(map(_figure, tagged))}</div>'
    return document(title, kinds, body, footer(), STYLE)


def _figure(photo: Tagged) -> str:
    name = escape(Path(photo.path).name)
    return (
        f'<figure class="photo"><img src="{photo.extra}" alt="{escape(photo.tags[0].name)}" loading="lazy">'
        f'<figcaption><span class="file" title="{escape(photo.path)}">{name}</span>'
        f'<ul class="tags">{"".join(map(_tag, photo.tags))}</ul></figcaption></figure>\n'
    )


def _tag(tag: Tag) -> str:
    percent = f"{tag.probability:.1%}"
    return f'<li style="--p:{percent}"><span>{escape(tag.name)}</span><span>{percent}</span></li>'
