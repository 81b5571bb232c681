"""tilestack train dates."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import tilestack as ts
from tilestack import optim, text
from tilestack._core import Tensor
from tilestack.data import DataLoader
from tilestack.models import Seq2SeqTransformer
from tilestack.nn import functional as F
from tilestack.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tilestack.text.dates import FORMS, SPECIAL, Pairs, make_pairs, vocabulary
from tilestack.text.sequence_pairs import SequencePairs
from tilestack.train import GradientNorms, fit

from . import CommandError
from .runs import RunLog, prepare, print_results, use_machine, write_results

HELD_BACK = 1000  # pairs
BEAM = 4
LONGEST = 12  # tokens of a translation
DECAY = 0.99  # of the average of the weights that is kept, as the paper keeps one of its last checkpoints
PAD, BOS, EOS = range(len(SPECIAL))


@dataclass(frozen=True)
class Settings:
    """What decides the result."""

    pairs: int
    epochs: int
    batch_size: int
    layers: int
    heads: int
    width: int
    warmup: int
    label_smoothing: float
    dropout: float
    seed: int
    device: str


@dataclass
class Result:
    model: Seq2SeqTransformer
    rows: list[dict[str, Any]]
    step_losses: list[float]
    gradient_norms: list[dict[str, Any]]
    held_back: Pairs
    greedy: list[str]
    beam: list[str]
    seconds: float  # in training

    def right(self, translations: Sequence[str]) -> float:
        """The share that matches exactly."""
        pairs = zip(translations, self.held_back.iso, strict=True)
        return sum(found == wanted for found, wanted in pairs) / len(translations)


def train(args: argparse.Namespace) -> int:
    """Run `tilestack train dates` with the parsed options."""
    use_machine(args)
    settings = Settings(**{name: getattr(args, name) for name in Settings.__dataclass_fields__})
    if settings.width % settings.heads or settings.width % 2:
        raise CommandError(f"--width {settings.width} must be even and a multiple of --heads {settings.heads}")
    folder = Path(args.out)
    prepare(folder, settings, args.resume)
    training, held_back = make_pairs(settings.pairs, settings.seed), make_pairs(HELD_BACK, settings.seed, True)
    print(f"{settings.pairs:,} pairs in {len(FORMS)} forms to train on, {HELD_BACK:,} of other days held back, such as")
    print(f"  {held_back.written[0]} -> {held_back.iso[0]}")
    result = run(settings, training, held_back, folder, args.resume)
    if result is None:
        print(f"go on with: tilestack train dates --resume, with the same options, --out {folder}")
        return 130
    _write(result, settings, folder)
    return 0


def run(settings: Settings, training: Pairs, held_back: Pairs, folder: Path, resume: bool = False) -> Result | None:
    """Train. None if Ctrl-C ended it."""
    ts.manual_seed(settings.seed)
    model = build(settings).to(settings.device)
    optimizer = optim.Adam(model.parameters(), lr=1.0, betas=(0.9, 0.98), eps=1e-9)
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(DECAY))
    rate = partial(papers_rate, width=settings.width, warmup=settings.warmup)
    steps = settings.epochs * -(-settings.pairs // settings.batch_size)
    log, norms = RunLog(settings), GradientNorms(every=max(1, steps // 200))
    history = fit(
        model,
        DataLoader(data_set(training), settings.batch_size, shuffle=True, seed=settings.seed),
        loss=partial(smoothed_loss, smoothing=settings.label_smoothing),
        optimizer=optimizer,
        epochs=settings.epochs,
        validation=DataLoader(data_set(held_back), batch_size=250),
        metrics={"character_accuracy": character_accuracy},
        scheduler=optim.lr_scheduler.LambdaLR(optimizer, rate),
        schedule="step",
        ema=average,
        callbacks=[log, norms],
        checkpoint=folder,
        resume=resume,
    )
    if history.interrupted:
        return None
    trained: Any = average.module
    search = partial(text.translate, trained, held_back.written, tokenizer=vocabulary(), max_new_tokens=LONGEST)
    greedy, beam = (search(beam=width) for width in (1, BEAM))
    seconds = sum(history["seconds"])
    return Result(trained, history.rows, log.losses, norms.rows, held_back, greedy, beam, seconds)


def build(settings: Settings) -> Seq2SeqTransformer:
    """The net with new weights, drawn from the generator of `ts.manual_seed`."""
    size = vocabulary().vocab_size
    return Seq2SeqTransformer(
        size,
        size,
        d_model=settings.width,
        nhead=settings.heads,
        num_encoder_layers=settings.layers,
        num_decoder_layers=settings.layers,
        dim_feedforward=4 * settings.width,
        dropout=settings.dropout,
        max_len=128,
        pad_id=PAD,
        shared=True,
    )


def data_set(pairs: Pairs) -> SequencePairs:
    tokens = vocabulary()
    sources, targets = ([tokens.encode(one) for one in side] for side in pairs)
    return SequencePairs(sources, targets, PAD, BOS, EOS)


def papers_rate(step: int, width: int, warmup: int) -> float:
    """The learning rate of Vaswani et al.: it rises for `warmup` steps, then falls with the root of the steps."""
    return float(width**-0.5 * min((step + 1) ** -0.5, (step + 1) * warmup**-1.5))


def smoothed_loss(logits: Tensor, target: Tensor, smoothing: float) -> Tensor:
    """Cross-entropy with label smoothing; PAD does not count."""
    return F.cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=PAD, label_smoothing=smoothing)


def character_accuracy(logits: Tensor, target: Tensor) -> float:
    """The share of characters that are likeliest, given those before them."""
    counts = target != PAD
    hits = ts.logical_and(logits.argmax(-1) == target, counts)
    return hits.sum().item() / max(1, counts.sum().item())


def _write(result: Result, settings: Settings, folder: Path) -> None:
    from .text_report import dates_report

    result.model.save(folder)
    vocabulary().save(folder)
    write_results(folder, result.rows, dates_report(result, settings).html())
    print(
        f"held-back dates translated exactly: {result.right(result.greedy):.1%} greedily, "
        f"{result.right(result.beam):.1%} with {BEAM} beams; trained in {result.seconds:.1f} s"
    )
    print_results(folder / "model.safetensors")
    print(f'try it: tilestack translate --model {folder} "{result.held_back.written[0]}"')
