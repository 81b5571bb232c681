"""The report of `tilestack depth`."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from tilestack.diagnose.charts import Line, line_chart, power_of_ten
from tilestack.diagnose.report import _facts, _section, document

from . import machine
from .depth import ALL, FAILS, LEARNS, Table, deepest
from .depth_net import CLIP, HELPED, MOMENTUM, NAIVE, PLAIN, RECIPES, Cell, Recipe, Settings
from .text_report import footer

CURVES = 20  # the depth, or the largest tried below it, of loss curves; that of gradients is ALL

STYLE = """
.story td { height: 34px; min-width: 52px; } .story th:first-child { width: 1%; padding-right: 14px; text-align: left; }
.story .learns { --c: var(--s2); } .story .partly { --c: var(--s3); } .story .fails { --c: var(--wrong); }
.story .untried { background: none; color: var(--soft); }
.verdicts td { padding-left: 12px; }
"""


def page(table: Table, depths: list[int], settings: Settings) -> str:
    shown, curves = (max([d for d in depths if d <= most] or depths[:1]) for most in (ALL, CURVES))
    best = max(reversed(RECIPES), key=lambda recipe: deepest(table, recipe))
    body = "\n".join(
        [
            _tiles(table, best),
            '<div class="grid2">',
            _section("Which learn", _legend(settings), _matrix(table, depths), wide=True),
            _gradients("Gradients of plain nets", table, PLAIN, shown),
            _gradients("With residual connections and norms", table, HELPED, shown),
            _losses("Loss of plain nets", table, PLAIN, curves),
            _losses("Loss with residual connections and norms", table, HELPED, curves),
            _verdicts(table, shown),
            _facts("Settings", _settings(settings)),
            _facts(
                "Machine", [*machine.facts(), ("Training", f"{sum(c.seconds for c in table.values()):.0f} s of nets")]
            ),
            "</div>",
        ]
    )
    subtitle = (
        f"Nets of {depths[0]} to {depths[-1]:,} layers on handwritten digits: which learn, and what their gradients do"
    )
    return document("Depth", subtitle, body, footer(), STYLE)


def _tiles(table: Table, best: Recipe) -> str:
    chosen = [Recipe("sigmoid", "xavier"), Recipe("relu", "naive"), Recipe("relu", "he"), best]
    return (
        '<dl class="tiles">'
        + "".join(map(_tile, [(recipe, deepest(table, recipe)) for recipe in dict.fromkeys(chosen)]))
        + "</dl>"
    )


def _tile(entry: tuple[Recipe, int]) -> str:
    recipe, most = entry
    value = f"{most:,} layers" if most else "none"
    return (
        f'<div class="tile"><dt>{escape(str(recipe))}</dt><dd>{value}</dd><small>the deepest that learned</small></div>'
    )


def _legend(settings: Settings) -> str:
    return (
        f"Share of held-back digits that are read right after {settings.steps:,} steps; chance is 10%. Green: learned "
        f"({LEARNS:.0%} or more). Orange: did not (under {FAILS:.0%}). A dash: not tried, for less depth failed before. The number "
        "of layers is that of weight matrices."
    )


def _matrix(table: Table, depths: list[int]) -> str:
    head = "".join(f'<th scope="col">{depth:,}</th>' for depth in depths)
    rows = "".join(
        f'<tr><th scope="row">{escape(str(recipe))}</th>{"".join(_td(table.get((recipe, depth))) for depth in depths)}</tr>'
        for recipe in RECIPES
    )
    return (
        f'<div class="scroll"><table class="matrix story"><thead><tr><th scope="col">layers</th>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _td(cell: Cell | None) -> str:
    if cell is None:
        return '<td class="untried">-</td>'
    kind = "learns" if cell.accuracy >= LEARNS else "fails" if cell.accuracy < FAILS else "partly"
    return f'<td class="{kind}" style="--v:45%" title="{escape(cell.verdict)}">{cell.accuracy:.0%}</td>'


def _cells(table: Table, recipes: Iterable[Recipe], depth: int) -> list[Cell]:
    return [table[recipe, depth] for recipe in recipes if (recipe, depth) in table]


def _gradients(title: str, table: Table, recipes: list[Recipe], depth: int) -> str:
    lines = [
        Line(
            str(cell.recipe), range(1, len(cell.gradients) + 1), cell.gradients, RECIPES.index(cell.recipe) % len(PLAIN)
        )
        for cell in _cells(table, recipes, depth)
    ]
    note = (
        f"Norm of the loss's gradient for the output of each of {depth} layers, before training. Backpropagation goes from right "
        "to left: a line that falls to the left vanishes, one that rises explodes."
    )
    return _section(title, note, line_chart(lines, title, "layer", power_of_ten, log=True))


def _losses(title: str, table: Table, recipes: list[Recipe], depth: int) -> str:
    lines = [
        Line(str(cell.recipe), cell.at, cell.losses, RECIPES.index(cell.recipe) % len(PLAIN))
        for cell in _cells(table, recipes, depth)
    ]
    note = f"Cross-entropy of training batches, {depth} layers. Equal chances for ten digits: 2.30."
    return _section(title, note, line_chart(lines, title, "step", power_of_ten, log=True))


def _verdicts(table: Table, depth: int) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(str(cell.recipe))}</th><td>{escape(cell.verdict)}</td></tr>'
        for cell in _cells(table, RECIPES, depth)
    )
    note = f"What ts.diagnose says of the nets of {depth} layers before training."
    return _section("Verdicts", note, f'<table class="facts verdicts">{rows}</table>', wide=True)


def _settings(settings: Settings) -> list[tuple[str, str]]:
    return [
        (
            "Net",
            f"linear layers of {settings.width} units; residual: x + f(W norm(x)); norm: LayerNorm before each layer",
        ),
        ("Initialisation", f"naive: normal with deviation {NAIVE}; Xavier, He: normal; biases 0"),
        ("Training", f"{settings.steps:,} steps of {settings.batch_size} digits"),
        (
            "Optimizer",
            f"gradient descent, momentum {MOMENTUM}, learning rate {settings.lr:g}, gradient clipped to {CLIP:g}",
        ),
        ("Data", settings.data or "the digits of MNIST in tilestack"),
        ("Seed", str(settings.seed)),
    ]
