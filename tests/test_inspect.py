"""What layers make of inputs, what excites their units, attention maps, and `tilestack inspect`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tilestack as ts
from test_cli import Page, command
from tilestack import models, nn, text
from tilestack.diagnose.attention import attention_maps
from tilestack.diagnose.seeing import layer_outputs, most_exciting, spread
from tilestack.nn import functional as F
from tilestack.text.dates import vocabulary
from tilestack.vision import write_png


def test_layers_come_with_the_norm_and_activation_that_follow() -> None:
    ts.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 5), nn.ReLU()
    )
    x = ts.randn(2, 3, 8, 8)
    with ts.no_grad():
        conv, linear = layer_outputs(model, x)
    assert model.training
    model.eval()
    assert (conv.name, conv.kind, linear.name, linear.kind) == ("0", "Conv2d", "5", "Linear")
    np.testing.assert_allclose(conv.output.numpy(), F.relu(model[1](model[0](x))).detach().numpy(), rtol=1e-6)
    np.testing.assert_array_equal(linear.output.numpy(), model(x).detach().numpy())
    assert all(module._hooks is None for module in model.modules())


def test_what_excites_a_unit_and_where() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.ReLU())
    with ts.no_grad():
        model[0].weight.zero_()
        model[0].bias.zero_()
        model[0].weight[0, 0] = 1.0  # of bright squares
        model[0].weight[1, 0] = -1.0  # of dark ones
    pictures = np.full((20, 10, 12), 50, np.uint8)
    spots = {3: (2, 4), 11: (7, 9), 17: (5, 1)}
    for image, (row, col) in spots.items():
        pictures[image, row - 1 : row + 2, col - 1 : col + 2] = 250 - image
    bright, dark = most_exciting(model, pictures, as_input, ["0"], units=2, count=3, batch_size=7)
    assert (bright.layer, bright.unit, bright.images) == ("0", 0, [3, 11, 17])
    assert bright.boxes == [(row - 1, col - 1, 3, 3) for row, col in spots.values()]
    np.testing.assert_allclose(bright.activations, [9 * (250 - image) / 255 for image in spots], rtol=1e-5)
    assert all(p.grad is None and p.requires_grad for p in model.parameters())
    assert dark.unit == 1
    assert dark.boxes == [(0, 0, 10, 12)] * 3  # it is off everywhere


def as_input(pictures: np.ndarray) -> ts.Tensor:
    return ts.from_numpy(pictures[:, None].astype(np.float32) / 255)


def test_spread() -> None:
    assert spread("abcdefg", 3) == ["a", "d", "g"]
    assert spread("ab", 5) == ["a", "b"]
    assert spread("", 5) == []


def test_attention_is_what_the_layer_itself_gives() -> None:
    ts.manual_seed(0)
    layer = nn.MultiheadAttention(16, 4, batch_first=True)
    x, other = ts.randn(1, 5, 16), ts.randn(1, 7, 16)
    hidden = ts.tensor([[False] * 5 + [True] * 2])

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = layer

        def forward(self, x: ts.Tensor, other: ts.Tensor) -> ts.Tensor:
            return self.inner(x, other, other, key_padding_mask=hidden, need_weights=False)[0]

    attend = F.scaled_dot_product_attention
    (found,) = attention_maps(Net(), x, other)
    assert F.scaled_dot_product_attention is attend
    wanted = layer(x, other, other, key_padding_mask=hidden, average_attn_weights=False)[1]
    assert found.name == "inner"
    np.testing.assert_allclose(found.weights, wanted.detach().numpy()[0], atol=1e-6)


def test_an_error_inside_leaves_attention_as_it_was() -> None:
    attend = F.scaled_dot_product_attention
    with pytest.raises(ValueError, match="more than n_positions"):
        attention_maps(gpt(), ts.zeros((1, 99), dtype=ts.int64))
    assert F.scaled_dot_product_attention is attend


def gpt() -> models.GPT2LMHeadModel:
    ts.manual_seed(0)
    return models.GPT2LMHeadModel(models.GPT2Config(vocab_size=30, n_positions=64, n_embd=16, n_layer=2, n_head=2))


@pytest.mark.parametrize("kind", ["gpt2", "llama", "bert"])
def test_attention_maps_reproduce_the_attention(kind: str) -> None:
    """Their product with the values is what the kernel gives."""
    ts.manual_seed(0)
    sizes = {"vocab_size": 30, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2}
    model = {
        "gpt2": gpt,
        "llama": lambda: models.LlamaForCausalLM(
            models.LlamaConfig(num_attention_heads=4, num_key_value_heads=2, **sizes)
        ),
        "bert": lambda: models.BertModel(models.BertConfig(num_attention_heads=4, **sizes)),
    }[kind]()
    ids = ts.tensor([[3, 1, 4, 1, 5, 9, 2, 6]])
    calls = []
    attend = F.scaled_dot_product_attention

    def note(q: ts.Tensor, k: ts.Tensor, v: ts.Tensor, *args, **options) -> ts.Tensor:
        y = attend(q, k, v, *args, **options)
        calls.append((v.numpy()[0], y.numpy()[0]))
        return y

    F.scaled_dot_product_attention = note
    try:
        maps = attention_maps(model, ids)
    finally:
        F.scaled_dot_product_attention = attend
    assert len(maps) == len(calls) == 2
    for one, (v, y) in zip(maps, calls, strict=True):
        np.testing.assert_allclose(one.weights.sum(-1), 1, rtol=1e-5)
        np.testing.assert_allclose(one.weights @ np.repeat(v, len(y) // len(v), 0), y, atol=1e-5)
        assert (np.triu(one.weights, 1) == 0).all() == (kind != "bert")


def page_of(*arguments: object) -> tuple[Page, str]:
    html = Path(str(arguments[-1]))
    run = command("inspect", *arguments[:-1], "--html", html)
    assert run.returncode == 0, run.stderr
    page = Page()
    page.feed(html.read_text("utf-8"))
    assert page.open == []
    assert all(source.startswith("data:image/") for source in page.sources)
    assert "http" not in html.read_text("utf-8")
    return page, run.stderr


@pytest.mark.parametrize("model", ["lenet", "mlp"])
def test_a_run_on_digits(model: str, tmp_path: Path) -> None:
    run = command("train", "mnist", "--model", model, "--epochs", 1, "--out", tmp_path / "run")
    assert run.returncode == 0, run.stderr
    page, _ = page_of(tmp_path / "run", "--most", 60, "--units", 2, tmp_path / "page.html")
    maps = ["Feature maps by depth", "features.3"] if model == "lenet" else []
    for title in ["First-layer filters", "The picture", "What excites units most", *maps]:
        assert title in page.text
    filters, layers = (6, 4) if model == "lenet" else (96, 3)
    channels = 6 + 16 if model == "lenet" else 0
    assert page.tags.count("img") == filters + 1 + channels + layers * 2 * 6


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for i in range(4):
        (folder / f"{i}.png").write_bytes(write_png(rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)))
    (folder / "note.jpg").write_text("a text\n")
    return folder


def test_a_net_for_photos(photos: Path, tmp_path: Path) -> None:
    ts.manual_seed(0)
    models.EfficientNetLite(0.25, 0.25, num_classes=2, classes=["plain", "dotted"]).save(tmp_path / "net")
    page, said = page_of(tmp_path / "net", "--image", photos / "1.png", "--data", photos, tmp_path / "page.html")
    for title in ("_conv_stem", "_conv_head", "plain", "dotted", "channels of 112 x 112", "What excites units most"):
        assert title in page.text
    assert "note.jpg" in said
    page, _ = page_of(tmp_path / "net", tmp_path / "bare.html")
    assert "First-layer filters" in page.text
    assert "Feature maps" not in page.text


def test_a_net_of_torchvisions_kind(photos: Path, tmp_path: Path) -> None:
    ts.manual_seed(0)
    models.resnet20(num_classes=3).save(tmp_path / "net")
    page, _ = page_of(tmp_path / "net", "--image", photos / "1.png", tmp_path / "page.html")
    assert "class 2" in page.text
    assert "16 channels of 32 x 32" in page.text


def test_a_language_model(tmp_path: Path) -> None:
    gpt().save(tmp_path / "net")
    text.Characters("abcdefghijklmnopqrstuvwxyz <>?").save(tmp_path / "net")
    page, _ = page_of(tmp_path / "net", "--prompt", "to < be", tmp_path / "page.html")
    assert "transformer.h.1.attn" in page.text
    assert "What comes next" in page.text
    assert page.text.count("<") >= 2
    assert page.tags.count("image") == 2  # a labelled map for each layer
    assert page.tags.count("img") == 4


def test_a_translator(tmp_path: Path) -> None:
    ts.manual_seed(0)
    size = vocabulary().vocab_size
    sizes = {"num_encoder_layers": 1, "num_decoder_layers": 1, "dim_feedforward": 16, "max_len": 32, "shared": True}
    models.Seq2SeqTransformer(size, size, d_model=16, nhead=2, **sizes).save(tmp_path / "net")
    vocabulary().save(tmp_path / "net")
    page, _ = page_of(tmp_path / "net", tmp_path / "page.html")
    for name in ("encoder.layers.0.self_attn", "decoder.layers.0.self_attn", "decoder.layers.0.multihead_attn"):
        assert f"transformer.{name}" in page.text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "no model at nowhere: wanted a folder of `tilestack train`"),
        (["{photos}"], "no weights in this folder"),
        (["{photos}/note.jpg"], "not a file of weights"),
        (["{net}", "--prompt", "x"], "--prompt is for nets that read text"),
        (["{gpt}", "--image", "{photos}/1.png"], "--image and --data are for nets that see pictures"),
        (["{gpt}", "--prompt", "ä"], "characters that are not in the vocabulary"),
        (["{gpt}", "--prompt", "{long}"], "wanted 1 to 96 tokens to draw, got 100"),
        (["{net}", "--image", "{photos}/note.jpg"], "not a picture"),
        (["{net}", "--data", "{empty}"], "no photos in this folder"),
        (["{net}", "--html", "nowhere/page.html"], "there is no folder nowhere"),
        (["{mlp}"], "a MLP has neither convolutions nor attention to draw"),
    ],
)
def test_wrong_input(arguments: list[str], words: str, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    models.LeNet().save(tmp_path / "net")
    models.MLP((4, 3)).save(tmp_path / "mlp")
    gpt().save(tmp_path / "gpt")
    text.Characters("abcdefghijklmnopqrstuvwxyz .,:").save(tmp_path / "gpt")
    places = {name: tmp_path / name for name in ("empty", "net", "gpt", "mlp")}
    filled = [word.format(photos=photos, long="a" * 100, **places) for word in arguments]
    if "--html" not in filled:
        filled += ["--html", str(tmp_path / "page.html")]
    run = command("inspect", *filled)
    assert run.returncode == 2
    assert words in run.stderr
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "page.html").exists()
