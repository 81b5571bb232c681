"""Photos: as nets take them, and what `tilestack tag` and `tilestack weights` say, with a tiny net."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import tilestack as ts
from test_cli import command
from tilestack.models import EfficientNetLite, from_pretrained, published
from tilestack.vision import as_batch, centre_crop, imagenet_classes, to_rgb, write_png
from tilestack.vision.resampling import bicubic, resize, triangle
from tilestack.vision.tagging import find_photos, probabilities, tag_photos

CLASSES = ["plain", "striped", "dotted"]


@pytest.fixture(scope="module")
def net() -> EfficientNetLite:
    ts.manual_seed(0)
    model = EfficientNetLite(0.25, 0.25, num_classes=3, classes=CLASSES).eval()
    return model


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    (folder / "more").mkdir()
    for name, shape in (("a.png", (300, 260, 3)), ("b.png", (256, 400, 1)), ("more/c.PNG", (260, 260, 4))):
        (folder / name).write_bytes(write_png(rng.integers(0, 256, shape, dtype=np.uint8)))
    (folder / "note.jpg").write_text("not a picture\n")
    (folder / "readme.txt").write_text("nor this\n")
    return folder


@pytest.mark.parametrize("kernel", [triangle, bicubic])
def test_resizing_keeps_planes_and_averages(kernel) -> None:
    ramp = np.add.outer(np.arange(40.0), 2 * np.arange(30.0)).astype(np.float32)
    for height, width in ((20, 15), (40, 30), (80, 60)):
        out = resize(ramp, height, width, kernel)
        y, x = ((np.arange(n) + 0.5) * m / n - 0.5 for n, m in ((height, 40), (width, 30)))
        want = np.add.outer(y, 2 * x)
        inner = (
            slice(height // 4, -height // 4),
            slice(width // 4, -width // 4),
        )  # edges have samples on one side only
        np.testing.assert_allclose(out[inner], want[inner], atol=1e-3)
    np.testing.assert_allclose(resize(np.full((9, 7, 3), 5, np.uint8), 4, 11, kernel), 5, rtol=1e-6)


def test_the_crop_is_the_middle() -> None:
    image = np.zeros((512, 768, 3), np.uint8)
    image[:, 128:640] = 200  # the middle square; a crop of 224 of 256 is within it
    crop = centre_crop(image, 224)
    assert crop.shape == (224, 224, 3)
    assert (crop == 200).all()
    x = as_batch([crop, crop])
    assert x.shape == (2, 3, 224, 224)
    assert x.min().item() == x.max().item() == (200 - 127) / 128


def test_colours_of_gray_and_transparent_pictures() -> None:
    gray = np.array([[[10], [20]]], np.uint8)
    np.testing.assert_array_equal(to_rgb(gray), [[[10] * 3, [20] * 3]])
    half = np.array([[[0, 0, 0, 0], [100, 0, 50, 255]]], np.uint8)
    np.testing.assert_array_equal(to_rgb(half), [[[255] * 3, [100, 0, 50]]])


def test_imagenet_names() -> None:
    names = imagenet_classes()
    assert len(names) == 1000
    assert (names[0], names[281], names[967]) == ("tench", "tabby", "espresso")


def test_batches_do_not_matter_and_bad_files_are_told(net: EfficientNetLite, photos: Path) -> None:
    paths = find_photos([photos])
    assert [Path(path).name for path in paths] == ["a.png", "b.png", "c.PNG", "note.jpg"]
    one, all_ = (list(tag_photos(net, paths, 2, size)) for size in (1, 16))
    for alone, beside in zip(one, all_, strict=True):
        assert alone.path == beside.path
        assert [tag.name for tag in alone.tags] == [tag.name for tag in beside.tags]
        np.testing.assert_allclose([t.probability for t in alone.tags], [t.probability for t in beside.tags], rtol=1e-4)
    assert [len(photo.tags) for photo in all_] == [2, 2, 2, 0]
    assert isinstance(all_[3].error, ValueError)
    likeliest = [
        max(row) for row in probabilities(net, as_batch([centre_crop(np.zeros((300, 300, 3), np.uint8), 224)]))
    ]
    assert 1 / 3 <= likeliest[0] <= 1


def test_names_must_be_as_many_as_classes() -> None:
    with pytest.raises(ValueError, match="num_classes is 3, but there are 2 names"):
        EfficientNetLite(0.25, 0.25, num_classes=3, classes=CLASSES[:2])


@pytest.fixture(scope="module")
def weights(net: EfficientNetLite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights") / "net"
    net.save(folder)
    return folder


def test_tag(weights: Path, photos: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    run = command("tag", photos, "--weights", weights, "--top", 1, "--html", page)
    assert run.returncode == 2, run.stderr  # of note.jpg
    lines = run.stdout.splitlines()
    assert [line.split(": ")[0] for line in lines] == [str(photos / name) for name in ("a.png", "b.png", "more/c.PNG")]
    assert all(line.split(": ")[1].split(" ")[0] in CLASSES for line in lines)
    assert "note.jpg: " in run.stderr
    assert "3 of 4 photos could be read" in run.stderr
    html = page.read_text("utf-8")
    assert html.count("data:image/") == 3
    assert "http://" not in html.replace("http://www.w3.org", "")
    assert "note.jpg" not in html


def test_tag_as_json(weights: Path, photos: Path) -> None:
    run = command("tag", photos / "a.png", "--weights", weights, "--json")
    assert run.returncode == 0, run.stderr
    (found,) = json.loads(run.stdout)
    assert found["file"] == str(photos / "a.png")
    assert sorted(tag["name"] for tag in found["tags"]) == sorted(CLASSES)
    assert sum(tag["probability"] for tag in found["tags"]) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.png"], "missing.png"),
        (["{empty}"], "no photos in this folder"),
        (["{photos}", "--weights", "{photos}/note.jpg"], "not a file of weights"),
        (["{photos}", "--html", "nowhere/page.html"], "there is no folder nowhere"),
        (["{photos}"], "tilestack weights get efficientnet-lite0"),
    ],
)
def test_wrong_input(
    arguments: list[str], words: str, weights: Path, photos: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("TILESTACK_CACHE", str(tmp_path / "cache"))
    (tmp_path / "empty").mkdir()
    filled = [word.format(photos=photos, empty=tmp_path / "empty") for word in arguments]
    if "--weights" not in filled and words != "tilestack weights get efficientnet-lite0":
        filled += ["--weights", str(weights)]
    run = command("tag", *filled)
    assert run.returncode == 2
    assert words in run.stderr
    assert "Traceback" not in run.stderr


def test_published_weights_are_kept_if_they_are_the_right_ones(weights: Path, tmp_path: Path, monkeypatch) -> None:
    file = weights / "model.safetensors"
    given = tmp_path / "given"
    shutil.copytree(weights, given)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    entry = published.Published("package==1", file.name, digest, 1, "a tiny net")
    monkeypatch.setitem(published.PUBLISHED, "tiny", entry)
    monkeypatch.setenv("TILESTACK_CACHE", str(tmp_path / "cache"))
    assert published.cached("tiny") is None
    folder = published.keep("tiny", given / file.name)
    assert published.cached("tiny") == folder
    kept = from_pretrained(folder).state_dict()
    assert all(ts.equal(x, kept[name]) for name, x in from_pretrained(weights).state_dict().items())

    (given / file.name).write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ValueError, match="as it was published, or damaged"):
        published.keep("tiny", given / file.name)
    assert published.cached("tiny") == folder
    with pytest.raises(ValueError, match="no published weights are called 'other'; there are efficientnet-lite0"):
        published.keep("other", file)


def test_list_and_get_of_an_unknown_net(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("TILESTACK_CACHE", str(tmp_path))
    run = command("weights", "list")
    assert run.returncode == 0
    assert run.stdout.count("tilestack weights get") == 3
    run = command("weights", "get", "resnet9000")
    assert run.returncode == 2
    assert "efficientnet-lite0" in run.stderr
