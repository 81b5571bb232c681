"""What a diagnosis means, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .observer import Layer
from .weights import SQUASHING, Weight

if TYPE_CHECKING:
    from .diagnosis import Diagnosis

STEEP = 1e3  # from the last layer to the first: a gradient that shrinks or grows by more does not train both
MOST = 0.5  # share of saturated outputs from which on a layer is named
# Of dead units. Deep nets make all samples nearly alike, so that each unit is idle for all of them in half of the cases.
MOST_DEAD = 0.7
OFF = 5  # weights that are so many times larger or smaller than they should be
FEW = 16  # samples under which dead units say little
LOUD = 2  # a loss so many times that of equal chances
LARGE_STEP, SMALL_STEP = 0.1, 1e-7  # of the weights' norm


def verdict(found: Diagnosis) -> list[str]:
    """Sentences, the worst first; sets found.healthy."""
    broken = _not_finite(found)
    flow = [] if broken else _gradient_flow(found)
    problems = broken or [
        *flow,
        *_output_flow(found, bool(flow)),
        *_idle_units(found),
        *_initialisation(found, bool(flow)),
        *_steps(found),
        *_loss(found),
    ]
    if found.unused:
        problems.append(f"{_listed(found.unused)} got no gradient: the loss does not depend on it")
    found.healthy = not problems
    return problems or [_all_is_well(found)]


def _not_finite(found: Diagnosis) -> list[str]:
    for layer in found.layers:
        if layer.activation.not_finite:
            return [
                f"the output of {layer.name} has NaN or infinities: `with ts.trap_nan():` names the op that made the first"
            ]
    for layer in reversed(found.layers):
        if layer.gradient is not None and layer.gradient.not_finite:
            return [
                f"the gradient for the output of {layer.name} has NaN or infinities, in the backward pass: `with ts.trap_nan():` "
                "names the op that made the first"
            ]
    if not math.isfinite(found.loss):
        return [
            "the loss is not finite although all outputs are: look at the loss and its targets with `ts.trap_nan()`"
        ]
    return []


def _ends(found: Diagnosis) -> tuple[tuple[int, Layer], tuple[int, Layer]] | None:
    """The first and the last layer with weights that a gradient was computed for, with their numbers.

    Where layers stand in branches, as an attention's query, the first is the one of the first quarter that gets most: that
    is what reaches the beginning.
    """
    reached = [(i, layer) for i, layer in enumerate(found.depth, 1) if layer.gradient is not None]
    if len(reached) < 2:
        return None
    beginning = reached[: max(1, len(reached) // 4)] if found.residual else reached[:1]
    return max(beginning, key=lambda pair: pair[1].gradient_norm), reached[-1]


def _gradient_flow(found: Diagnosis) -> list[str]:
    ends = _ends(found)
    if ends is None:
        return []
    (first, low), (last, high) = ends
    if high.gradient_norm == 0:
        return [f"no gradient reaches the last layer ({high.name}): the loss is flat there"]
    if low.gradient_norm == 0:
        lost = [(i, layer) for i, layer in enumerate(found.depth, 1) if layer.gradient_norm == 0]
        number, layer = lost[-1]
        return [
            f"no gradient reaches layer {number} ({layer.name}) and those before it, on the way from layer {last} all of it is "
            f"lost: vanishing; {_advice_against_vanishing(found)}"
        ]
    ratio = low.gradient_norm / high.gradient_norm
    if 1 / STEEP < ratio < STEEP:
        return []
    verb, name = ("shrink", "vanishing") if ratio < 1 else ("grow", "exploding")
    advice = _advice_against_vanishing(found) if ratio < 1 else _advice_against_exploding(found)
    return [
        f"gradients {verb} by {_power(ratio)} from layer {last} ({high.name}) to layer {first} ({low.name}): {name}; {advice}"
    ]


def _advice_against_vanishing(found: Diagnosis) -> str:
    functions = _functions(found)
    if functions & SQUASHING:
        ways = ["ReLU with He initialisation"]
    elif _scale(found) < 0.8:
        ways = ["He initialisation (nn.init.kaiming_normal_)"]
    else:
        ways = []
    return _ways(found, ways)


def _advice_against_exploding(found: Diagnosis) -> str:
    ways = []
    if _scale(found) > 1.25:
        ways = ["smaller weights: " + ("Xavier" if _functions(found) & SQUASHING else "He") + " initialisation"]
    return _ways(found, ways)


def _ways(found: Diagnosis, ways: list[str]) -> str:
    if not found.residual:
        ways.append("residual connections")
    if not _has_norms(found):
        where = " at the start of each residual branch" if found.residual else ""
        ways.append(f"normalisation (nn.LayerNorm, nn.BatchNorm2d){where}")
    if len(ways) > 1:
        ways = [", ".join(ways[:-1]) + " or " + ways[-1]]
    return f"use {ways[0]}" if ways else "use fewer layers, or smaller weights at the end of each residual branch"


def _output_flow(found: Diagnosis, named: bool) -> list[str]:
    """Of outputs, where the gradients did not tell."""
    layers = found.depth[:-1]
    if named or len(layers) < 2 or not layers[0].activation.rms:
        return []
    ratio = layers[-1].activation.rms / layers[0].activation.rms
    if 1 / STEEP < ratio < STEEP:
        return []
    verb, ways = ("shrink", "larger") if ratio < 1 else ("grow", "smaller")
    return [
        f"outputs {verb} by {_power(ratio)} from layer 1 ({layers[0].name}) to layer {len(layers)} ({layers[-1].name}): {ways} "
        "weights or normalisation would keep their size"
    ]


def _idle_units(found: Diagnosis) -> list[str]:
    problems = []
    dead = [layer for layer in found.layers if (layer.dead or 0) > MOST_DEAD]
    flat = [layer for layer in found.layers if (layer.saturated or 0) > MOST]
    if dead:
        worst = max(dead, key=lambda layer: layer.dead or 0)
        few = f" ({found.samples} samples are few to tell)" if found.samples < FEW else ""
        problems.append(
            f"dead ReLUs: most units of {_names(dead)} let nothing through for any sample{few}, worst {worst.name} with {worst.dead:.0%}: "
            "try a smaller learning rate, smaller biases, normalisation, or leaky_relu"
        )
    if flat:
        worst = max(flat, key=lambda layer: layer.saturated or 0)
        problems.append(
            f"saturated: over half of the outputs of {_names(flat)} are where {worst.function} is flat, worst {worst.name} with {worst.saturated:.0%}: "
            "try inputs of mean 0 and variance 1, Xavier initialisation, or normalisation"
        )
    return problems


def _names(layers: Sequence[Layer]) -> str:
    return _listed([layer.name for layer in layers])


def _initialisation(found: Diagnosis, symptoms: bool) -> list[str]:
    problems = []
    same = [weight.name for weight in found.weights if weight.wanted and weight.std < 1e-4 * weight.wanted]
    if same:
        problems.append(
            f"all numbers of {_listed(same)} are the same: its units stay the same, or pass no gradient; use random ones "
            "(nn.init.kaiming_normal_, nn.init.xavier_uniform_)"
        )
    off = [(weight, weight.scale) for weight in found.weights if weight.scale and not weight.normalised]
    sides = {
        "smaller": [pair for pair in off if 1e-4 < pair[1] < 1 / OFF and symptoms],
        "larger": [pair for pair in off if pair[1] > OFF],
    }
    return problems + [_off(word, chosen) for word, chosen in sides.items() if chosen]


def _off(word: str, chosen: Sequence[tuple[Weight, float]]) -> str:
    weight, scale = max(chosen, key=lambda pair: abs(math.log(pair[1])))
    return (
        f"weights much {word} than initialisation makes them: {_listed([one.name for one, _ in chosen])}; {weight.name} has a "
        f"standard deviation of {weight.std:.3g}, {max(scale, 1 / scale):.2g} times {word} than {weight.scheme}'s "
        f"{weight.wanted:.3g}"
    )


def _steps(found: Diagnosis) -> list[str]:
    ratios = [(weight.ratio, weight) for weight in found.weights if weight.ratio is not None]
    if not found.updates or not ratios:
        return []
    ratios.sort(key=lambda pair: pair[0])
    middle = ratios[len(ratios) // 2][0]
    if middle > LARGE_STEP:
        return [
            f"a step changes weights by {middle:.0%} of their norm in the median (0.1 % is usual): the learning rate is too large"
        ]
    if middle < SMALL_STEP:
        return [
            f"a step changes weights by {middle:.1g} of their norm in the median (0.001 is usual): the learning rate is too small"
        ]
    return []


def _loss(found: Diagnosis) -> list[str]:
    if found.chance is None or found.loss <= LOUD * max(found.chance, 0.5):
        return []
    return [
        f"the loss, {found.loss:.3g}, is above the {found.chance:.3g} of equal chances: the model is sure and wrong; before "
        "training, the last layer's weights are too large, or its inputs are"
    ]


def _all_is_well(found: Diagnosis) -> str:
    ends = _ends(found)
    if ends is None:
        return "nothing is wrong"
    (first, low), (last, high) = ends
    ratio = low.gradient_norm / high.gradient_norm
    return (
        f"nothing is wrong: the gradient for layer {first} ({low.name}) is {ratio:.2g} times that for layer {last} "
        f"({high.name})"
    )


def _functions(found: Diagnosis) -> set[str]:
    return {layer.function for layer in found.layers if layer.function}


def _has_norms(found: Diagnosis) -> bool:
    return any("Norm" in layer.kind for layer in found.layers)


def _scale(found: Diagnosis) -> float:
    """The median of the weights' standard deviations over what they should be."""
    scales = sorted(weight.scale for weight in found.weights if weight.scale is not None)
    return scales[len(scales) // 2] if scales else 1.0


def _power(ratio: float) -> str:
    return f"10^{round(math.log10(ratio))}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{names[0]} to {names[-1]} ({len(names)} of them)"
