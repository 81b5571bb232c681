"""tilestack train shakespeare."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import tilestack as ts
from tilestack import nn, optim, text
from tilestack._core import Tensor
from tilestack.data import DataLoader, WeightedRandomSampler
from tilestack.models import GPT2Config, GPT2LMHeadModel, RecurrentLM
from tilestack.models.decoding import LanguageModel
from tilestack.nn import functional as F
from tilestack.text.blocks import Blocks
from tilestack.text.bpe import FILES
from tilestack.text.shakespeare import load_shakespeare
from tilestack.train import GradientNorms, fit

from . import CommandError
from .runs import RunLog, prepare, print_results, use_machine, write_results

EPOCH = 250  # steps between validations
WARM_UP = 100
HELD_BACK = 0.1  # of the text, its end
WEIGHT_DECAY = 0.1
SAMPLE = 400  # characters or tokens in the report
DEFAULTS: dict[str, dict[str, Any]] = {
    "gpt": {"layers": 4, "heads": 4, "width": 128, "lr": 1e-3},
    "lstm": {"layers": 2, "heads": 0, "width": 256, "lr": 3e-3},
}


@dataclass(frozen=True)
class Settings:
    """What decides the result, together with the text."""

    data: str
    characters: int
    tokens: str  # "characters" or "GPT-2"
    model: str  # "gpt" or "lstm"
    layers: int
    heads: int  # 0 in an lstm
    width: int
    block: int
    batch_size: int
    steps: int
    lr: float
    dropout: float
    seed: int
    device: str


@dataclass
class Result:
    model: LanguageModel
    tokenizer: text.Characters | text.ByteLevelBPE
    rows: list[dict[str, Any]]
    step_losses: list[float]
    gradient_norms: list[dict[str, Any]]
    sample: str
    seconds: float  # in training
    train_tokens: int
    held_back: int


def train(args: argparse.Namespace) -> int:
    """Run `tilestack train shakespeare` with the parsed options."""
    use_machine(args)
    data = load_shakespeare() if args.data is None else read_text(args.data)
    tokenizer = text.Characters.of(data) if args.bpe is None else _gpt2_tokens(args.bpe)
    settings = Settings(
        data="tiny Shakespeare" if args.data is None else Path(args.data).name,
        characters=len(data),
        tokens="characters" if args.bpe is None else "GPT-2",
        **_sizes(args),
        **{
            name: getattr(args, name) for name in ("model", "block", "batch_size", "steps", "dropout", "seed", "device")
        },
    )
    folder = Path(args.out)
    prepare(folder, settings, args.resume)
    ids = np.array(tokenizer.encode(data))
    cut = round(len(ids) * (1 - HELD_BACK))
    print(f"{len(ids):,} tokens, {tokenizer.vocab_size:,} different: {cut:,} to train on, {len(ids) - cut:,} held back")
    result = run(settings, tokenizer, ids[:cut], ids[cut:], folder, args.resume)
    if result is None:
        print(f"go on with: tilestack train shakespeare --resume, with the same options, --out {folder}")
        return 130
    _write(result, settings, folder)
    return 0


def _sizes(args: argparse.Namespace) -> dict[str, Any]:
    """layers, heads, width and lr as given, else the model's own."""
    sizes = {name: getattr(args, name) for name in ("layers", "heads", "width", "lr")}
    found = {name: DEFAULTS[args.model][name] if value is None else value for name, value in sizes.items()}
    if args.model == "lstm" and found["heads"]:
        raise CommandError("--heads: an lstm has no attention heads")
    if args.model == "gpt" and found["width"] % found["heads"]:
        raise CommandError(f"--width {found['width']} must be a multiple of --heads {found['heads']}")
    return found


def run(
    settings: Settings,
    tokenizer: text.Characters | text.ByteLevelBPE,
    train_ids: np.ndarray,
    held_back: np.ndarray,
    folder: Path,
    resume: bool = False,
) -> Result | None:
    """Train. None if Ctrl-C ended it."""
    ts.manual_seed(settings.seed)
    model = build(settings, tokenizer).to(settings.device)
    groups = optim.decay_groups(model, WEIGHT_DECAY)
    optimizer = optim.AdamW(groups, lr=settings.lr, betas=(0.9, 0.99))
    epochs = -(-settings.steps // EPOCH)
    steps = -(-settings.steps // epochs)
    blocks = Blocks(train_ids, settings.block)
    sampler = WeightedRandomSampler(np.ones(len(blocks)), steps * settings.batch_size, settings.seed)
    log, norms = RunLog(settings), GradientNorms(every=max(1, epochs * steps // 200))
    body, loss = parts(model)
    history = fit(
        body,
        DataLoader(blocks, settings.batch_size, sampler=sampler),
        loss=loss,
        optimizer=optimizer,
        epochs=epochs,
        validation=DataLoader(Blocks(held_back, settings.block, stride=settings.block), batch_size=64),
        scheduler=optim.lr_scheduler.LambdaLR(optimizer, partial(warm_up_and_cosine, steps=epochs * steps)),
        schedule="step",
        clip=1.0,
        callbacks=[log, norms],
        checkpoint=folder,
        resume=resume,
    )
    if history.interrupted:
        return None
    sample = _sample(model, tokenizer, int(train_ids[0]), settings.seed)
    seconds = sum(history["seconds"])
    sizes = {"train_tokens": len(train_ids), "held_back": len(held_back)}
    return Result(model, tokenizer, history.rows, log.losses, norms.rows, sample, seconds, **sizes)


def build(settings: Settings, tokenizer: text.Characters | text.ByteLevelBPE) -> LanguageModel:
    """The net with new weights, drawn from the generator of `ts.manual_seed`."""
    if settings.model == "lstm":
        width = settings.width
        return RecurrentLM(tokenizer.vocab_size, width, width, settings.layers, settings.dropout)
    config = GPT2Config(
        vocab_size=tokenizer.vocab_size,
        n_positions=settings.block,
        n_embd=settings.width,
        n_layer=settings.layers,
        n_head=settings.heads,
        embd_pdrop=settings.dropout,
        attn_pdrop=settings.dropout,
        resid_pdrop=settings.dropout,
        eos_token_id=tokenizer.eos_id,
    )
    return GPT2LMHeadModel(config)


def parts(model: LanguageModel) -> tuple[nn.Module, Callable[[Any, Tensor], Tensor]]:
    """What `fit` trains, and its loss, of its output and the token after each, (batch, tokens). A GPT's logits are never
    held whole."""
    if isinstance(model, GPT2LMHeadModel):
        return model.transformer, partial(next_token_loss, model.lm_head.weight)
    return model, lambda found, following: F.cross_entropy(found[0].flatten(0, 1), following.flatten())


def next_token_loss(weight: Tensor, hidden: Tensor, following: Tensor) -> Tensor:
    """hidden: (batch, tokens, width), weight: (vocabulary, width), following: (batch, tokens), the token after each."""
    return F.linear_cross_entropy(hidden.flatten(0, 1), weight, following.flatten())


def warm_up_and_cosine(step: int, steps: int) -> float:
    """Up to 1 in WARM_UP steps, then down to 0.1 by a cosine."""
    if step < WARM_UP:
        return (step + 1) / (WARM_UP + 1)
    done = min(1.0, (step - WARM_UP) / max(1, steps - WARM_UP))
    return 0.1 + 0.45 * (1 + math.cos(math.pi * done))


def read_text(path: str) -> str:
    """A user's text file."""
    try:
        data = Path(path).read_text("utf-8")
    except UnicodeDecodeError as error:
        raise CommandError(
            f"--data {path}: not a text in UTF-8: byte {error.start:,} is {error.object[error.start]:#x}"
        ) from None
    if not data:
        raise CommandError(f"--data {path}: the file is empty")
    return data


def _gpt2_tokens(folder: str) -> text.ByteLevelBPE:
    for vocabulary, merges in FILES:
        if (Path(folder) / vocabulary).is_file() and (Path(folder) / merges).is_file():
            return text.ByteLevelBPE.from_files(Path(folder) / vocabulary, Path(folder) / merges)
    names = " nor ".join(" and ".join(pair) for pair in FILES)
    raise CommandError(f"--bpe {folder}: GPT-2's tokens are not there: neither {names}")


def _sample(model: LanguageModel, tokenizer: Any, first: int, seed: int) -> str:
    ids = model.generate([first], SAMPLE, temperature=0.8, seed=seed)
    return str(tokenizer.decode(ids))


def _write(result: Result, settings: Settings, folder: Path) -> None:
    from .text_report import language_report

    result.model.save(folder)
    result.tokenizer.save(folder)
    write_results(folder, result.rows, language_report(result, settings).html())
    unit = "character" if settings.tokens == "characters" else "token"
    loss = result.rows[-1]["val_loss"]
    print(f"validation loss {loss:.4f} nats a {unit}; trained in {result.seconds:.1f} s. It writes:\n")
    print(result.sample.strip()[:300] + "\n")
    print_results(folder / "model.safetensors")
    print(f"more of it: tilestack generate --model {folder}")
