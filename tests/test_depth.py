"""tilestack depth: the nets, the order in which they are tried, and the command with what it writes."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import tilestack as ts
from test_cli import Page, command
from tilestack import cli
from tilestack.cli import depth as depth_command
from tilestack.cli.depth_net import HELPED, PLAIN, RECIPES, Cell, Recipe, Settings, build, run

SMALL = ["--depths", "12", "2", "--steps", "60", "--width", "24"]


@pytest.fixture(scope="module")
def results(tmp_path_factory: Any) -> Path:
    """A folder with the results of small nets."""
    folder: Path = tmp_path_factory.mktemp("depth") / "new"
    said = command("depth", *SMALL, "--jobs", 2, "--out", folder)
    assert said.returncode == 0, said.stderr
    folder.with_name("output.txt").write_text(said.stdout)
    return folder


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "depth.csv").open() as file:
        return list(csv.DictReader(file))


def test_what_it_writes(results: Path) -> None:
    assert sorted(path.name for path in results.iterdir()) == ["depth.csv", "report.html"]
    said = results.with_name("output.txt").read_text()
    assert re.search(r"ReLU, He, residual, norm, 12 layers: \d+%, \d+\.\d s", said)
    assert re.search(r"^layers +2 +12$", said, re.MULTILINE)
    assert re.search(r"^sigmoid, naive +\d+% +10%$", said, re.MULTILINE)
    assert str(results / "report.html") in said
    rows = rows_of(results)
    assert len(rows) == 24
    assert [int(row["layers"]) for row in rows[:2]] == [2, 12]


def test_the_story(results: Path) -> None:
    """Sigmoids and naive weights do not learn at 12 layers; their gradients vanish, those of the others do not."""
    deep = {
        Recipe(row["activation"], row["init"], row["residual"] == "True", row["norm"] == "True"): row
        for row in rows_of(results)
        if row["layers"] == "12"
    }
    assert list(deep) == RECIPES
    accuracy = {recipe: float(row["accuracy"]) for recipe, row in deep.items()}
    kept = {recipe: float(row["first_gradient"]) / float(row["last_gradient"]) for recipe, row in deep.items()}
    for recipe in (*PLAIN[:3], Recipe("relu", "naive")):
        assert accuracy[recipe] < 0.2
        assert kept[recipe] < 1e-4
    for recipe in (Recipe("relu", "he"), *(helped for helped in HELPED if helped.norm)):
        assert kept[recipe] > 0.1
    assert accuracy[Recipe("relu", "he", residual=True, norm=True)] > 0.6
    assert accuracy[Recipe("sigmoid", "xavier", residual=True, norm=True)] > 0.6


def test_the_page(results: Path) -> None:
    html = (results / "report.html").read_text("utf-8")
    page = Page()
    page.feed(html)
    assert page.open == []
    assert page.sources == []
    assert "http" not in html
    assert page.tags.count("svg") == 4
    for word in ("Which learn", "Gradients of plain nets", "Loss of plain nets", "Verdicts", "vanishing", "Settings"):
        assert word in page.text


def test_nets_do_not_depend_on_jobs_and_threads(results: Path) -> None:
    recipe = Recipe("relu", "he", residual=True, norm=True)
    cell = run(recipe, 12, Settings(None, 60, 24, 0.03, 64, 0))
    row = rows_of(results)[-1]
    assert row["layers"] == "12"
    assert round(cell.accuracy, 4) == float(row["accuracy"])
    assert cell.loss == float(row["loss"])
    assert cell.gradients[0] == float(row["first_gradient"])
    assert len(cell.gradients) == 12
    assert len(cell.losses) == len(cell.at) <= 50


@pytest.mark.parametrize("recipe", RECIPES, ids=str)
def test_build(recipe: Recipe) -> None:
    ts.manual_seed(0)
    net = build(784, 10, 5, 64, recipe)
    weights = [p for p in net.parameters() if p.dim() == 2]
    assert [tuple(w.shape) for w in weights] == [(64, 784), *3 * [(64, 64)], (10, 64)]
    expected = {"naive": 0.01, "xavier": math.sqrt(2 / 128), "he": math.sqrt(2 / 64)}[recipe.init]
    assert weights[1].std().item() == pytest.approx(expected, rel=0.05)
    assert len(list(net.parameters())) == (10 + 2 * 4 if recipe.norm else 10)
    x = ts.randn(3, 784)
    h = net.first(x, recipe.activation)
    y = net.hidden[0](h)
    plain = net.hidden[0].linear(net.hidden[0].norm(h), recipe.activation)
    assert ((y - plain - h if recipe.residual else y - plain) == 0).all() or recipe.residual
    assert (y - plain).abs().max().item() == pytest.approx(h.abs().max().item() if recipe.residual else 0, abs=1e-5)


def tried(accuracy: Callable[[Recipe, int], float], monkeypatch: Any, full: bool = False) -> tuple[list[Cell], int]:
    """The cells of a run with made-up accuracies, and how many layers were left out."""

    @contextmanager
    def at_once(jobs: int) -> Iterator[Callable[..., Future[Cell]]]:
        def submit(_run: Any, recipe: Recipe, depth: int, settings: Any) -> Future[Cell]:
            future: Future[Cell] = Future()
            future.set_result(Cell(recipe, depth, accuracy(recipe, depth)))
            return future

        yield submit

    monkeypatch.setattr(depth_command, "workers", at_once)
    settings = Settings(None, 1, 1, 0.1, 1, 0)
    cells = list(depth_command.run_all([2, 5, 50, 100, 200], settings, 1, full))
    return [cell for cell, _ in cells], sum(left_out for _, left_out in cells)


def test_a_row_ends_where_it_fails(monkeypatch: Any) -> None:
    cells, left_out = tried(lambda recipe, depth: 0.9 if depth < 5 else 0.1, monkeypatch)
    assert {cell.depth for cell in cells} == {2, 5, 50}
    assert (len(cells), left_out) == (3 * len(RECIPES), 300 * len(RECIPES))
    table = {(cell.recipe, cell.depth): cell for cell in cells}
    assert depth_command.deepest(table, RECIPES[0]) == 2
    lines = depth_command.text_table(table, [2, 50, 100]).splitlines()
    assert lines[2].split() == ["sigmoid,", "naive", "90%", "10%", "-"]
    cells, left_out = tried(lambda recipe, depth: 0.9 if recipe.norm else 0.1, monkeypatch)
    assert (len(cells), left_out) == (5 * 4 + 3 * 8, 300 * 8)
    cells, left_out = tried(lambda recipe, depth: 0.1, monkeypatch, full=True)
    assert (len(cells), left_out) == (5 * len(RECIPES), 0)


def broken(*_: Any) -> Cell:
    import os

    os._exit(1)


def test_a_process_that_dies(monkeypatch: Any, tmp_path: Path, capsys: Any) -> None:
    monkeypatch.setattr(depth_command, "run", broken)
    assert cli.main(["depth", "--quick", "--jobs", "1", "--out", str(tmp_path)]) == 2
    assert "a process ended before its net was trained" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--depths", "1"], "wanted at least 2, got 1"),
        (["--depths", "two"], "wanted a number, got 'two'"),
        (["--data", "gone"], "no such folder: gone"),
        (["--out", "file"], "--out file: cannot write there"),
        (["--lr", "-1"], "wanted at least 0, got -1"),
    ],
)
def test_errors(arguments: list[str], reason: str, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit) as stop:
        raise SystemExit(cli.main(["depth", *arguments]))
    said = capsys.readouterr().err
    assert stop.value.code == 2
    assert reason in said
    assert said.count("\n") == 1
