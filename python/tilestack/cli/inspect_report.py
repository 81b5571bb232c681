"""The pages of `tilestack inspect`."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

import tilestack as ts
from tilestack import nn
from tilestack.diagnose.attention import AttentionMap
from tilestack.diagnose.report import (
    _section,
    data_uri,
    diverging,
    document,
    filter_note,
    filter_pictures,
    photo_uri,
    tiles,
)
from tilestack.diagnose.seeing import Excited, LayerOutput, layer_outputs, most_exciting, spread
from tilestack.vision.resampling import resize

from .picture_nets import PictureNet
from .report import footer

LAYERS, CHANNELS = 8, 16  # that are drawn of feature maps
EXCITED_LAYERS = 4
FILTERS = 96
MAP_SIDE = 64  # pixels, at most, of a map in the page
TOP = 5
ACCENT, GROUND = np.array([[42, 120, 214], [250, 250, 248]], np.float32)

STYLE = """
h3 { font-size: 14px; margin: 18px 0 6px; font-weight: 600; }
h3 small { color: var(--soft); font-weight: 400; margin-left: 8px; }
.strip { display: grid; grid-template-columns: repeat(auto-fill, minmax(var(--size), 1fr)); gap: 6px; }
.strip img, .seen img { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; image-rendering: pixelated;
  border-radius: 4px; outline: 1px solid var(--hair); }
.units { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(480px, 100%), 1fr)); gap: 12px 28px; }
.unit figcaption { margin: 0 0 3px; }
.unit .strip { grid-template-columns: repeat(6, 1fr); }
.seen { display: flex; flex-wrap: wrap; gap: 20px; align-items: flex-start; }
.seen img { width: 224px; image-rendering: auto; }
.seen ul { margin: 0; padding: 0; list-style: none; font-size: 15px; line-height: 1.8; font-variant-numeric: tabular-nums; }
.seen .row { display: flex; flex-wrap: wrap; gap: 0 28px; }
.attention { display: flex; flex-wrap: wrap; gap: 16px 32px; align-items: flex-start; }
.attention .strip { flex: 1 1 300px; gap: 10px; }
.attention svg text { font: 11px ui-monospace, "DejaVu Sans Mono", monospace; fill: var(--soft); }
.attention svg image { image-rendering: pixelated; }
.wide .attention svg { min-width: 0; max-width: 100%; }
"""


def picture_page(net: PictureNet, name: str, image: np.ndarray | None, pictures: np.ndarray | None, units: int) -> str:
    """image: whose feature maps to draw; pictures: among which to look for those that excite units."""
    with ts.no_grad():
        seen = [] if image is None else layer_outputs(net.model, net.to_input(image[None]))
    sections = [
        _filters(net.model, image),
        _image(net, image, seen),
        _maps(seen),
        _exciting(net, pictures, seen, units),
    ]
    return _page(net.model, name, [("Layers", f"{_depth(net.model)}", "with weights"), *_given(pictures)], sections)


def attention_page(
    model: nn.Module,
    name: str,
    maps: Sequence[AttentionMap],
    source: Sequence[str],
    target: Sequence[str] = (),
    following: Sequence[tuple[str, float]] = (),
) -> str:
    """source, target: the tokens, as text; target only of nets that write another sequence than they read. following: the
    likeliest next tokens."""
    facts = [
        ("Attention", f"{len(maps)} x {maps[0].weights.shape[0]}", "layers and heads"),
        ("Tokens", " + ".join(str(len(tokens)) for tokens in (source, target) if tokens), "drawn"),
    ]
    return _page(model, name, facts, [_following(following), *_attention(maps, source, target)])


def _page(model: nn.Module, name: str, facts: list[tuple[str, str, str]], sections: Sequence[str]) -> str:
    weights = sum(parameter.numel() for parameter in model.parameters())
    facts = [("Weights", f"{weights:,}", f"{4 * weights / 1e6:.2f} MB in float32"), *facts]
    body = f'{tiles(facts)}\n<div class="grid2">\n' + "\n".join(filter(None, sections)) + "\n</div>"
    return document(
        f"Inside {name}", f"What the layers of this {type(model).__name__} have learned", body, footer(), STYLE
    )


def _given(pictures: np.ndarray | None) -> list[tuple[str, str, str]]:
    return [] if pictures is None else [("Pictures", f"{len(pictures):,}", "looked through for what excites units")]


def _depth(model: nn.Module) -> int:
    return sum(isinstance(module, (nn.Conv2d, nn.Linear)) for module in model.modules())


def _filters(model: nn.Module, image: np.ndarray | None) -> str:
    """Of the first convolution, or of a first linear layer if a picture says how it is laid out."""
    first: Any = next(module for module in model.modules() if isinstance(module, (nn.Conv2d, nn.Linear)))
    weight = first.weight.detach().float().to("cpu").numpy()[:FILTERS]
    if weight.ndim == 2 and (image is None or weight.shape[1] != image.size):
        return ""
    if weight.ndim == 2 and image is not None:
        weight = weight.reshape(-1, *((1, *image.shape) if image.ndim == 2 else (3, *image.shape[:2])))
    drawn = "".join(f'<img src="{data_uri(f)}" alt="filter {i}">' for i, f in enumerate(filter_pictures(weight)))
    size = 64 if weight.shape[-1] > 4 or len(weight) <= 32 else 44
    grid = f'<div class="strip" style="--size:{size}px">{drawn}</div>'
    return _section("First-layer filters", filter_note(weight), grid, wide=len(weight) > 48)


def _image(net: PictureNet, image: np.ndarray | None, seen: Sequence[LayerOutput]) -> str:
    if image is None:
        return ""
    logits = seen[-1].output.float().flatten()
    chances = logits.softmax(-1).to("cpu").numpy()
    named = sorted(zip(chances.tolist(), net.classes, strict=False), key=lambda one: -one[0])[:TOP]
    lines = "".join(f"<li><b>{escape(name)}</b> {chance:.1%}</li>" for chance, name in named)
    body = f'<div class="seen"><img src="{_shown(image)}" alt="the picture"><ul>{lines}</ul></div>'
    return _section("The picture", "As the net gets it, and what the net says.", body)


def _maps(seen: Sequence[LayerOutput]) -> str:
    layers = spread([layer for layer in seen if layer.output.dim() == 4], LAYERS)
    if not layers:
        return ""
    note = (
        "What some layers make of the picture, the first on top; of each the channels that vary most over it. Red is above 0, "
        "blue below, each map on a scale of its own."
    )
    return _section("Feature maps by depth", note, "".join(map(_layer_maps, layers)), wide=True)


def _layer_maps(layer: LayerOutput) -> str:
    maps = layer.output[0].float().to("cpu").numpy()
    channels, height, width = maps.shape
    varying = np.sort(np.argsort(-maps.std((1, 2)), kind="stable")[:CHANNELS])
    drawn = "".join(f'<img src="{data_uri(_drawn(maps[i]))}" alt="channel {i}" title="channel {i}">' for i in varying)
    title = f"<h3>{escape(layer.name)} <small>{channels:,} channels of {height} x {width}</small></h3>"
    return f'{title}<div class="strip" style="--size:58px">{drawn}</div>'


def _drawn(values: np.ndarray) -> np.ndarray:
    """A map as colours."""
    if max(values.shape) > MAP_SIDE:
        scale = MAP_SIDE / max(values.shape)
        values = resize(values, max(1, round(values.shape[0] * scale)), max(1, round(values.shape[1] * scale)))
    return diverging(values / (np.abs(values).max() + 1e-12))


def _exciting(net: PictureNet, pictures: np.ndarray | None, seen: Sequence[LayerOutput], units: int) -> str:
    """seen: of one picture, to know the layers by."""
    if pictures is None or len(pictures) < 2:
        return ""
    *inner, last = [layer.name for layer in seen]
    found = most_exciting(net.model, pictures, net.to_input, [*spread(inner, EXCITED_LAYERS - 1), last], units)
    names = dict.fromkeys(one.layer for one in found)
    blocks = []
    for name in names:
        drawn = "".join(_unit(net, one, pictures, name == last) for one in found if one.layer == name)
        blocks.append(f'<h3>{escape(name)}</h3><div class="units">{drawn}</div>')
    note = (
        "Units that some pictures excite far more than the others, with those pictures, the strongest first; of each the part "
        "on which the unit depends."
    )
    return _section("What excites units most", note, "".join(blocks), wide=True)


def _unit(net: PictureNet, one: Excited, pictures: np.ndarray, is_class: bool) -> str:
    drawn = []
    for image, value, (top, left, height, width) in zip(one.images, one.activations, one.boxes, strict=True):
        part = pictures[image][top : top + height, left : left + width]
        drawn.append(f'<img src="{_shown(part)}" alt="" title="picture {image}: {value:.3g}">')
    title = net.classes[one.unit] if is_class and one.unit < len(net.classes) else f"unit {one.unit}"
    return f'<figure class="unit"><figcaption><b>{escape(title)}</b></figcaption><div class="strip">{"".join(drawn)}</div></figure>'


def _shown(picture: np.ndarray) -> str:
    large = picture.ndim == 3 and max(picture.shape[:2]) > MAP_SIDE
    return (photo_uri if large else data_uri)(np.ascontiguousarray(picture))


def _following(tokens: Sequence[tuple[str, float]]) -> str:
    if not tokens:
        return ""
    lines = "".join(f"<li><b>{escape(token)}</b> {chance:.1%}</li>" for token, chance in tokens)
    body = f'<div class="seen"><ul class="row">{lines}</ul></div>'
    return _section("What comes next", "The likeliest tokens after these.", body, wide=True)


def _attention(maps: Sequence[AttentionMap], source: Sequence[str], target: Sequence[str]) -> list[str]:
    sections: list[str] = []
    for one in maps:
        heads, rows, cols = one.weights.shape
        down = target if target and rows == len(target) else source
        across = target if target and cols == len(target) else source
        note = (
            ""
            if sections
            else f"Each row: how much a token looks at each of the others. Large: the mean of {heads} heads."
        )
        drawn = "".join(
            f'<figure><img src="{data_uri(_shade(head))}" alt="" style="aspect-ratio:{cols}/{rows}"><figcaption>head {i}</figcaption></figure>'
            for i, head in enumerate(one.weights)
        )
        body = (
            f'<div class="attention">{_labelled(one.weights.mean(0), down, across)}'
            f'<div class="strip" style="--size:{150 if heads <= 6 else 100}px">{drawn}</div></div>'
        )
        sections.append(_section(one.name or "attention", note, body, wide=True))
    return sections


def _shade(weights: np.ndarray) -> np.ndarray:
    """Shares as colours; their square root, so that small ones show."""
    share = np.sqrt(np.clip(weights, 0, 1))[..., None]
    return np.rint(GROUND + share * (ACCENT - GROUND)).astype(np.uint8)


def _labelled(weights: np.ndarray, down: Sequence[str], across: Sequence[str]) -> str:
    """A map with its tokens, as SVG. Long tokens above it are turned."""
    cell, left, top = 14, *(10 + 7 * max(map(len, tokens)) for tokens in (down, across))
    rows, cols = weights.shape
    width, height = left + cell * cols, top + cell * rows
    turned = "rotate(-90)" if top > 24 else "translate(-7 0)"
    labels = [
        f'<text x="{left - 5}" y="{top + cell * i + 11}" text-anchor="end">{escape(token)}</text>'
        for i, token in enumerate(down)
    ]
    labels += [
        f'<text transform="translate({left + cell * i + 11} {top - 5}) {turned}">{escape(token)}</text>'
        for i, token in enumerate(across)
    ]
    image = (
        f'<image x="{left}" y="{top}" width="{cell * cols}" height="{cell * rows}" preserveAspectRatio="none" '
        f'href="{data_uri(_shade(weights))}"/>'
    )
    shown = f"width:{min(1.5 * width, 560):.0f}px"
    return (
        f'<svg viewBox="0 0 {width} {height}" style="{shown}" role="img" aria-label="attention">{image}'
        f"{''.join(labels)}</svg>"
    )
