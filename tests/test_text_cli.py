"""The commands for text, in this process and with tiny nets, and in one of their own where signals matter."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tilestack as ts
from recipes import TEXT
from test_cli import Page, command
from test_tokenizers import small_bpe
from tilestack import cli, models, text
from tilestack.cli.language import warm_up_and_cosine

TINY = ["--layers", "1", "--heads", "2", "--width", "16", "--block", "16", "--batch-size", "4"]


@pytest.fixture(scope="module")
def language(tmp_path_factory: Any) -> Path:
    """A folder with the results of a short run."""
    folder: Path = tmp_path_factory.mktemp("run") / "play"
    run = command("train", "shakespeare", "--data", TEXT, "--steps", 40, *TINY, "--out", folder)
    assert run.returncode == 0, run.stderr
    folder.with_name("output.txt").write_text(run.stdout)
    return folder


@pytest.fixture(scope="module")
def dates(tmp_path_factory: Any) -> Path:
    folder: Path = tmp_path_factory.mktemp("run") / "dates"
    small = ["--pairs", 1000, "--epochs", 1, "--layers", 1, "--heads", 2, "--width", 16, "--batch-size", 50]
    run = command("train", "dates", *small, "--out", folder)
    assert run.returncode == 0, run.stderr
    folder.with_name("output.txt").write_text(run.stdout)
    return folder


def check_report(folder: Path, titles: tuple[str, ...]) -> None:
    html = (folder / "report.html").read_text("utf-8")
    page = Page()
    page.feed(html)
    assert page.open == []
    assert "http" not in html
    assert all(title in page.text for title in titles)
    assert "mages" not in page.text


def test_train_shakespeare(language: Path) -> None:
    names = ["characters.json", "config.json", "log.csv", "model.safetensors", "report.html"]
    assert sorted(path.name for path in language.iterdir()) == names
    said = language.with_name("output.txt").read_text()
    assert re.search(r"validation loss \d\.\d{4} nats a character", said)
    assert str(language / "model.safetensors") in said
    check_report(language, ("Loss", "What it writes", "Gradient norm of each layer", "Settings", "AdamW"))
    model = models.from_pretrained(language)
    assert type(model) is models.GPT2LMHeadModel
    assert (model.context, model.config.n_embd, model.config.n_layer) == (16, 16, 1)
    assert json.loads((language / "config.json").read_text())["model_type"] == "gpt2"


def test_a_run_is_reproducible(language: Path, tmp_path: Path) -> None:
    again = ["train", "shakespeare", "--data", str(TEXT), "--steps", "40", *TINY]
    assert cli.main([*again, "--out", str(tmp_path)]) == 0
    assert (tmp_path / "model.safetensors").read_bytes() == (language / "model.safetensors").read_bytes()
    assert cli.main([*again, "--seed", "1", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "model.safetensors").read_bytes() != (language / "model.safetensors").read_bytes()


SHORT = {
    "shakespeare": ["--data", TEXT, "--steps", 1000, *TINY],
    "dates": ["--pairs", 1000, "--epochs", 6, "--layers", 1, "--heads", 2, "--width", 8, "--batch-size", 50],
}


@pytest.mark.parametrize("task", SHORT)
def test_an_interrupted_run_is_resumed_to_the_same_model(task: str, tmp_path: Path) -> None:
    options = ["train", task, *SHORT[task]]
    assert command(*options, "--out", tmp_path / "whole").returncode == 0
    call = [sys.executable, "-c", "import sys; from tilestack.cli import main; sys.exit(main())", *map(str, options)]
    process = subprocess.Popen(
        [*call, "--out", str(tmp_path / "parts")], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    while process.poll() is None and not (tmp_path / "parts" / "checkpoint.safetensors").exists():
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 130, (said, errors)
    assert f"tilestack train {task} --resume".encode() in said
    other = command(*options, "--seed", 1, "--out", tmp_path / "parts", "--resume")
    assert "that run has seed 0, not 1" in other.stderr
    resumed = command(*options, "--out", tmp_path / "parts", "--resume")
    assert resumed.returncode == 0, resumed.stderr
    whole, parts = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "parts"))
    assert whole == parts
    assert not (tmp_path / "parts" / "checkpoint.safetensors").exists()


def test_train_with_gpt2s_tokens(tmp_path: Path, capsys: Any) -> None:
    small_bpe().save(tmp_path)
    out = tmp_path / "out"
    options = ["--bpe", str(tmp_path), "--data", str(TEXT), "--steps", "3", *TINY, "--out", str(out)]
    assert cli.main(["train", "shakespeare", *options]) == 0
    assert "nats a token" in capsys.readouterr().out
    assert isinstance(text.load_tokenizer(out), text.ByteLevelBPE)
    assert models.from_pretrained(out).config.eos_token_id == 262
    assert cli.main(["generate", "--model", str(out), "--prompt", "the hen", "--max-new-tokens", "4"]) == 0
    assert capsys.readouterr().out.startswith("the hen")


def test_train_and_generate_with_an_lstm(tmp_path: Path, capsys: Any) -> None:
    sizes = ["--layers", "1", "--width", "16", "--block", "16", "--batch-size", "4", "--steps", "20"]
    folder = tmp_path / "lstm"
    assert cli.main(["train", "shakespeare", "--model", "lstm", "--data", str(TEXT), *sizes, "--out", str(folder)]) == 0
    check_report(folder, ("What it writes", "LSTM, 1 layers, 16 wide"))
    model = models.from_pretrained(folder)
    assert type(model) is models.RecurrentLM
    capsys.readouterr()
    options = ["--prompt", "To be", "--max-new-tokens", "9", "--seed", "1"]
    assert cli.main(["generate", "--model", str(folder), *options]) == 0
    said = capsys.readouterr().out
    assert said == "To be" + text.complete(model, "To be", 9, temperature=0.8, seed=1) + "\n"
    assert cli.main(["inspect", str(folder), "--html", str(tmp_path / "page.html")]) == 2
    assert "a RecurrentLM has neither convolutions nor attention to draw" in capsys.readouterr().err


def test_the_learning_rate() -> None:
    rates = [warm_up_and_cosine(step, 1000) for step in range(1001)]
    assert rates[0] == pytest.approx(1 / 101)
    assert rates[100] == 1 == max(rates)
    assert rates[550] == pytest.approx(0.55)
    assert rates[1000] == pytest.approx(0.1)


def run(capsys: Any, *arguments: Any) -> str:
    assert cli.main([str(argument) for argument in arguments]) == 0
    return str(capsys.readouterr().out)


def test_generate(language: Path, capsys: Any) -> None:
    generate = ["generate", "--model", language, "--max-new-tokens", 30]
    first = run(capsys, *generate, "--prompt", "Before we", "--seed", 3)
    assert first.startswith("Before we")
    assert len(first) == 9 + 30 + 1
    assert run(capsys, *generate, "--prompt", "Before we", "--seed", 3) == first
    assert run(capsys, *generate, "--prompt", "Before we", "--seed", 4) != first
    assert run(capsys, *generate, "--prompt", "All") != run(capsys, *generate, "--prompt", "All")
    several = run(capsys, *generate, "--prompt", "Before we", "--prompt", "All", "--seed", 3)
    assert several.startswith(first + "---\nAll")
    stop = first[20:22].replace("\n", "\\n")
    stopped = run(capsys, *generate, "--prompt", "Before we", "--seed", 3, "--stop", stop)
    assert stopped == first[: first.find(first[20:22], 9)] + "\n"
    greedy = run(capsys, *generate, "--prompt", "All", "--temperature", 0)
    assert run(capsys, *generate, "--prompt", "All", "--temperature", 0.5, "--top-k", 1) == greedy
    assert run(capsys, *generate, "--prompt", "All", "--top-p", 0.0001) == greedy
    assert run(capsys, *generate, "--prompt", "All", "--temperature", 0, "--precision", "bfloat16").startswith("All")
    cropped = run(capsys, *generate, "--prompt", "a" * 20, "--crop")
    assert cropped.startswith("a" * 20)
    ids = [int(i) for i in run(capsys, *generate, "--ids", 5, 6, 7, "--temperature", 0).split()]
    assert ids == models.from_pretrained(language).generate([5, 6, 7], 30)


@pytest.mark.parametrize(("precision", "bits"), [("int8", 8), ("int4", 4)])
def test_generate_with_few_bits(precision: str, bits: int, tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    """It writes what the quantized model of the library writes."""
    ts.manual_seed(0)
    letters = text.Characters.of("to be, or not")
    config = {"n_positions": 32, "n_embd": 64, "n_layer": 1, "n_head": 2}
    models.GPT2LMHeadModel(models.GPT2Config(vocab_size=letters.vocab_size, **config)).save(tmp_path)
    letters.save(tmp_path)
    expected = ts.nn.quantize(models.from_pretrained(tmp_path), bits).generate([1, 2], 29, temperature=1, seed=0)
    used: list[int] = []
    quantize = ts.nn.quantize
    monkeypatch.setattr(ts.nn, "quantize", lambda model, bits: used.append(bits) or quantize(model, bits))
    options = ["generate", "--model", tmp_path, "--max-new-tokens", 29, "--precision", precision, "--seed", 0]
    said = run(capsys, *options, "--ids", 1, 2, "--temperature", 1)
    assert [int(i) for i in said.split()] == expected
    assert run(capsys, *options, "--prompt", "to").startswith("to")
    assert used == [bits, bits]


def test_bits_that_do_not_fit_the_model(language: Path, capsys: Any) -> None:
    assert cli.main(["generate", "--model", str(language), "--precision", "int4"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("tilestack: --precision int4: lm_head: quantize: ")
    assert "4 bits need in_features that are a multiple of 64, got 16; use 8 bits" in said


def test_generate_streams(language: Path, monkeypatch: Any) -> None:
    """Every piece is written by itself, while later ones are not there yet."""
    pieces: list[str] = []
    monkeypatch.setattr(sys.stdout, "write", lambda piece: pieces.append(piece) or len(piece))
    cli.main(["generate", "--model", str(language), "--prompt", "All", "--max-new-tokens", "10"])
    assert next(piece for piece in pieces if piece) == "All"
    assert len([piece for piece in pieces if piece]) == 12


def test_train_dates_and_translate(dates: Path, capsys: Any) -> None:
    names = ["characters.json", "config.json", "log.csv", "model.safetensors", "report.html"]
    assert sorted(path.name for path in dates.iterdir()) == names
    said = dates.with_name("output.txt").read_text()
    assert re.search(r"translated exactly: \d+\.\d% greedily, \d+\.\d% with 4 beams", said)
    check_report(dates, ("Greedy", "Beam search", "Translations", "Label smoothing", "warm-up"))
    lines = run(capsys, "translate", "--model", dates, "3rd of March 1987", "3.3.1987").splitlines()
    assert len(lines) == 2
    assert len(run(capsys, "translate", "--model", dates, "--beam", 3, "3rd of March 1987").splitlines()) == 1


def test_a_finished_run_has_learned_dates() -> None:
    """A few hundred steps of a small net on one form of date: more than chance could do."""
    from tilestack.cli import dates as command

    settings = command.Settings(1000, 1, 50, 1, 2, 16, 100, 0.1, 0.0, 0, "cpu")
    ts.manual_seed(0)
    model = command.build(settings)
    pairs = text.dates.make_pairs(200, 0)
    optimizer = ts.optim.Adam(model.parameters(), lr=3e-3)
    source, before, after = command.data_set(pairs).get_batch(np.arange(200))
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = command.smoothed_loss(model(source, before), after, 0.1)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]
    assert 0.2 < command.character_accuracy(model(source, before), after) <= 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["train", "shakespeare", "--data", "gone.txt"], "gone.txt: No such file"),
        (["train", "shakespeare", "--data", "binary"], "--data binary: not a text in UTF-8: byte 1 is 0xff"),
        (["train", "shakespeare", "--data", "empty"], "--data empty: the file is empty"),
        (["train", "shakespeare", "--data", "short"], "too few for a block of 64"),
        (
            ["train", "shakespeare", "--bpe", "."],
            "--bpe .: GPT-2's tokens are not there: neither vocab.json and merges.txt",
        ),
        (["train", "shakespeare", "--heads", "3"], "--width 128 must be a multiple of --heads 3"),
        (["train", "shakespeare", "--model", "lstm", "--heads", "2"], "--heads: an lstm has no attention heads"),
        (["train", "shakespeare", "--dropout", "1.5"], "wanted at most 1, got 1.5"),
        (["train", "shakespeare", "--resume"], "no unfinished run"),
        (["train", "dates", "--pairs", "5"], "wanted at least 1000"),
        (["train", "dates", "--width", "6"], "--width 6 must be even and a multiple of --heads 4"),
        (["generate"], "no trained model at runs/shakespeare: train one with `tilestack train shakespeare`"),
        (["generate", "--model", "short"], "short: not a file of weights"),
        (["generate", "--top-p", "2"], "wanted at most 1, got 2"),
        (["generate", "--precision", "int2"], "invalid choice: 'int2'"),
        (["translate"], "TEXT"),
        (["translate", "May"], "no trained model at runs/dates: train one with `tilestack train dates`"),
    ],
)
def test_errors(arguments: list[str], reason: str, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "binary").write_bytes(b"a\xff\x00")
    (tmp_path / "empty").write_text("")
    (tmp_path / "short").write_text("to be")
    with pytest.raises(SystemExit) as stop:
        sys.exit(cli.main(arguments))
    said = capsys.readouterr().err
    assert stop.value.code == 2
    assert reason in said
    assert said.startswith("tilestack")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--prompt", "a" * 17], "17 tokens are more than the 16 of the model's context; --crop takes the end"),
        (["--prompt", ""], "the prompt is empty"),
        (["--prompt", "é"], "not in the vocabulary: 'é'"),
        (["--ids", "99"], "there is no token 99"),
    ],
)
def test_prompts_that_do_not_fit(language: Path, capsys: Any, arguments: list[str], reason: str) -> None:
    assert cli.main(["generate", "--model", str(language), *arguments]) == 2
    assert reason in capsys.readouterr().err


def test_models_of_other_kinds(language: Path, dates: Path, tmp_path: Path, capsys: Any) -> None:
    assert cli.main(["generate", "--model", str(dates)]) == 2
    assert "Seq2SeqTransformer is not a model of `tilestack train shakespeare`" in capsys.readouterr().err
    assert cli.main(["translate", "--model", str(language), "May"]) == 2
    assert "GPT2LMHeadModel is not a model of `tilestack train dates`" in capsys.readouterr().err
    whole = (language / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "config.json").write_text((language / "config.json").read_text())
    assert cli.main(["generate", "--model", str(tmp_path)]) == 2
    assert "truncated" in capsys.readouterr().err
    (tmp_path / "model.safetensors").write_bytes(whole)
    assert cli.main(["generate", "--model", str(tmp_path)]) == 2
    assert "no tokenizer in this folder" in capsys.readouterr().err
    (tmp_path / "config.json").write_text('{"architectures": ["Mamba"], "model_type": "mamba"}')
    assert cli.main(["generate", "--model", str(tmp_path)]) == 2
    assert "unknown architecture Mamba" in capsys.readouterr().err
