"""`tilestack train photos`, with a tiny net and pictures that are made up."""

from __future__ import annotations

import csv
import os
import re
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest

import tilestack as ts
from test_cli import Page, command
from tilestack import cli
from tilestack.cli.runs import RunLog
from tilestack.models import EfficientNetLite, from_pretrained
from tilestack.vision import write_png
from tilestack.vision.augment import random_colours, random_crop, random_view
from tilestack.vision.folders import PhotoDataset, find_classes, hold_back


def picture(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Warm or cold noise, (height, width, 3) uint8."""
    height, width = rng.integers(40, 60, 2)
    image = rng.integers(0, 80, (height, width, 3))
    image[..., {"warm": 0, "cold": 2}[kind]] += 150
    return image.astype(np.uint8)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for kind in ("warm", "cold"):
        (folder / kind / "more").mkdir(parents=True)
        for i in range(12):
            (folder / kind / ("more" if i % 3 else ".") / f"{i}.png").write_bytes(write_png(picture(kind, rng)))
    (folder / "warm" / "note.jpg").write_text("a text\n")
    (folder / "empty").mkdir()
    (folder / ".hidden").mkdir()
    (folder / "readme.txt").write_text("nor this\n")
    return folder


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    ts.manual_seed(0)
    folder = tmp_path_factory.mktemp("weights") / "net"
    EfficientNetLite(0.25, 0.25, num_classes=5).save(folder)
    return folder


@pytest.fixture(scope="module")
def trained(photos: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "photos"
    run = command("train", "photos", photos, "--weights", weights, "--epochs", 2, "--batch-size", 8, "--out", out)
    assert run.returncode == 0, run.stderr
    out.with_name("output.txt").write_text(run.stdout + run.stderr)
    return out


def test_training_learns_and_writes_its_files(trained: Path) -> None:
    assert sorted(path.name for path in trained.iterdir()) == [
        "config.json",
        "log.csv",
        "model.safetensors",
        "report.html",
    ]
    said = trained.with_name("output.txt").read_text()
    assert "24 photos of 2 classes: 20 to train on, 4 held back" in said
    assert "skipped" in said
    assert "note.jpg" in said
    assert re.search(r"[34] of 4 held-back photos are right", said), said
    rows = list(csv.DictReader((trained / "log.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    assert all(float(row["val_accuracy"]) >= 0.5 for row in rows)
    model = from_pretrained(trained)
    assert model.classes == ["cold", "warm"]


def test_the_best_epoch_is_kept(photos: Path, weights: Path, tmp_path: Path) -> None:
    """A rate that ruins the net: what the last layer alone can do is left."""
    options = ["--weights", weights, "--epochs", 1, "--batch-size", 4, "--lr", 10]
    run = command("train", "photos", photos, *options, "--out", tmp_path / "out")
    assert run.returncode == 0, run.stderr
    assert "no epoch of all layers was better than the last layer alone, which is kept" in run.stdout
    alone = re.search(r"the last layer alone: (\S+) of those", run.stdout)
    assert alone
    assert f"held-back photos are right ({alone[1]})" in run.stdout


def test_its_report_is_whole(trained: Path) -> None:
    html = (trained / "report.html").read_text("utf-8")
    page = Page()
    page.feed(html)
    assert page.open == []
    assert all(source.startswith("data:image/") for source in page.sources)
    assert "http" not in html
    for title in ("Loss", "Accuracy", "Confusion matrix", "First-layer filters", "Last layer alone", "_fc"):
        assert title in page.text


def test_tag_and_predict_know_the_users_classes(trained: Path, photos: Path) -> None:
    tagged = command("tag", photos / "cold", "--weights", trained, "--top", 1)
    assert tagged.returncode == 0, tagged.stderr
    names = [line.split(": ")[1].split(" ")[0] for line in tagged.stdout.splitlines()]
    assert len(names) == 12
    assert names.count("cold") >= 10
    predicted = command("predict", photos / "warm" / "0.png", photos / "warm" / "note.jpg", "--model", trained)
    assert predicted.returncode == 2
    assert re.fullmatch(r".*0\.png: warm \(\d+\.\d%; next cold, \d+\.\d%\)\n", predicted.stdout)
    assert "note.jpg" in predicted.stderr


def test_the_seed_decides_the_net_and_threads_do_not(photos: Path, weights: Path, tmp_path: Path) -> None:
    def train(out: str, *options: object) -> bytes:
        run = command("train", "photos", photos, "--weights", weights, "--epochs", 1, "--out", tmp_path / out, *options)
        assert run.returncode == 0, run.stderr
        return (tmp_path / out / "model.safetensors").read_bytes()

    one = train("1", "--threads", 1)
    assert train("2", "--threads", 2) == one
    assert train("3", "--seed", 1) != one


def test_an_interrupted_run_is_resumed_to_the_same_net(
    photos: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["train", "photos", str(photos), "--weights", str(weights), "--epochs", "2", "--batch-size", "10"]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert cli.main([*options, "--out", str(whole)]) == 0
    with monkeypatch.context() as patch:
        patch.setattr(RunLog, "on_epoch_start", lambda *_: os.kill(os.getpid(), signal.SIGINT))
        assert cli.main([*options, "--out", str(parts)]) == 130
    assert f"--resume, with the same options, --out {parts}" in capsys.readouterr().out
    assert [path.name for path in parts.iterdir()] == ["checkpoint.safetensors"]
    assert cli.main([*options, "--out", str(parts)]) == 2
    assert cli.main([*options, "--out", str(parts), "--resume"]) == 0
    assert (whole / "model.safetensors").read_bytes() == (parts / "model.safetensors").read_bytes()


def test_the_last_layer_alone(photos: Path, weights: Path, tmp_path: Path) -> None:
    run = command("train", "photos", photos, "--weights", weights, "--epochs", 0, "--out", tmp_path / "out")
    assert run.returncode == 0, run.stderr
    before, after = from_pretrained(weights).state_dict(), from_pretrained(tmp_path / "out").state_dict()
    changed = {
        name for name in after if after[name].shape != before[name].shape or not ts.equal(after[name], before[name])
    }
    assert changed == {"_fc.weight", "_fc.bias"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing"], "missing: no such folder"),
        (["{photos}/readme.txt"], "a file, not a folder"),
        (["{photos}/empty"], "no photos in this folder; wanted at least two folders, one for each class"),
        (["{photos}/warm"], "only one class, more; wanted at least two folders"),
        (["{photos}/warm/more"], "photos, but in no folders"),
        (["{photos}", "--weights", "{photos}/readme.txt"], "not a file of weights"),
        (["{photos}", "--weights", "{half}"], "truncated"),
        (["{photos}", "--weights", "{lenet}"], "of a LeNet, wanted an EfficientNet-Lite"),
        (["{photos}", "--held-back", "2"], "--held-back: wanted at most 1"),
        (["{broken}"], "class warm: 1 of 2 photos can be read, wanted at least two"),
        (["{split}"], "its folders, test, train, are parts of a data set, not classes"),
        (["{photos}", "--resume"], "there is no unfinished run"),
    ],
)
def test_wrong_input(arguments: list[str], words: str, photos: Path, weights: Path, tmp_path: Path) -> None:
    half, broken = tmp_path / "half.safetensors", tmp_path / "broken"
    half.write_bytes((weights / "model.safetensors").read_bytes()[:-1000])
    ts.models.LeNet().save(tmp_path / "lenet")
    shutil.copytree(photos / "cold", broken / "cold")
    (broken / "warm").mkdir()
    shutil.copy(photos / "warm" / "0.png", broken / "warm")
    (broken / "warm" / "text.png").write_text("a text")
    for part in ("train", "test"):
        shutil.copytree(photos / "cold", tmp_path / "split" / part / "cold")
    places = {
        "split": tmp_path / "split",
        "photos": photos,
        "half": half,
        "lenet": tmp_path / "lenet",
        "broken": broken,
    }
    filled = [word.format(**places) for word in arguments]
    if "--weights" not in filled:
        filled += ["--weights", str(weights)]
    run = command("train", "photos", *filled, "--out", tmp_path / "out")
    assert run.returncode == 2
    assert words in run.stderr
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "out" / "model.safetensors").exists()


def test_without_weights_it_says_how_to_get_them(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILESTACK_CACHE", str(tmp_path))
    run = command("train", "photos", photos, "--out", tmp_path / "out")
    assert run.returncode == 2
    assert "tilestack weights get efficientnet-lite0" in run.stderr


def test_holding_back() -> None:
    labels = np.repeat([0, 1, 2], [2, 10, 100])
    held = hold_back(labels, 0.2, seed=3)
    assert np.bincount(labels[held]).tolist() == [1, 2, 20]
    np.testing.assert_array_equal(held, hold_back(labels, 0.2, seed=3))
    assert (held != hold_back(labels, 0.2, seed=4)).any()
    assert np.bincount(labels[hold_back(labels, 1.0, 0)]).tolist() == [1, 9, 99]
    assert np.bincount(labels[hold_back(labels, 0.0, 0)]).tolist() == [1, 1, 1]


def test_random_views() -> None:
    rng = np.random.default_rng(0)
    photo = np.zeros((90, 120, 3), np.uint8)
    photo[:, :60], photo[:, 60:] = (200, 40, 40), (40, 40, 200)
    whole = random_crop(photo, 32, rng, share=(1, 1), stretch=1)
    assert whole.shape == (32, 32, 3)
    small = [random_crop(photo, 16, rng, share=(0.05, 0.1)) for _ in range(20)]
    assert len({crop.tobytes() for crop in small}) > 2
    np.testing.assert_array_equal(random_colours(photo, rng, 0, 0, 0), photo)
    gray = np.full((4, 4, 3), 100, np.uint8)
    assert {float(random_colours(gray, rng, 0.2, 0, 0.5).std()) for _ in range(5)} == {0.0}
    sides = [random_view(photo, 8, rng)[:, 0, 0].mean() for _ in range(30)]
    assert min(sides) < 80 < 140 < max(sides)  # mirrored, or of the other half


def test_views_depend_on_seed_and_samples_only(photos: Path) -> None:
    found = find_classes(photos)
    chosen = np.flatnonzero([not path.endswith("note.jpg") for path in found.paths])
    paths, labels = [found.paths[i] for i in chosen], found.labels[chosen]
    one, other = (PhotoDataset(paths, labels, 32, augment=True, seed=seed) for seed in (0, 1))
    x, y = one.get_batch(np.array([3, 5]))
    again, _ = one.get_batch(np.array([3, 5]))
    assert x.shape == (2, 3, 32, 32)
    assert y.tolist() == labels[[3, 5]].tolist()
    assert ts.equal(x, again)
    assert not ts.equal(x, other.get_batch(np.array([3, 5]))[0])
