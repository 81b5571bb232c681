"""Options of the commands for text."""

from __future__ import annotations

import argparse
from typing import Any

from . import _at_least, _Parser

PRECISIONS = ("float32", "bfloat16", "int8", "int4")


def add_shakespeare(tasks: argparse._SubParsersAction[_Parser]) -> None:
    parser = tasks.add_parser(
        "shakespeare",
        help="a language model on Shakespeare's plays, or on a text of yours",
        description="Train a small GPT, or to compare an LSTM, on Shakespeare's plays, which tilestack carries, or on a text "
        "file. Writes a folder from which `tilestack generate` and, a GPT, Hugging Face's libraries read it (config.json, "
        "model.safetensors, the tokenizer), log.csv and report.html.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--data", metavar="FILE", help="a text in UTF-8 (default: the Shakespeare in tilestack)")
    add("--bpe", metavar="DIR", help="GPT-2's tokens, from the vocab.json and merges.txt in DIR (default: characters)")
    add("--model", choices=("gpt", "lstm"), default="gpt", help="the net (default: %(default)s)")
    add("--layers", type=_at_least(1), metavar="N", help="blocks of the net (default: 4, lstm 2)")
    add("--heads", type=_at_least(1), metavar="N", help="attention heads of a gpt (default: 4)")
    add("--width", type=_at_least(1), metavar="N", help="channels (default: 128, lstm 256)")
    add("--block", type=_at_least(2), default=64, metavar="N", help="tokens that the net sees (default: 64)")
    add("--batch-size", type=_at_least(1), default=12, metavar="N", help="blocks a step (default: 12)")
    add("--steps", type=_at_least(1), default=2000, metavar="N", help="updates (default: 2000)")
    add("--lr", type=_at_least(0, float), metavar="RATE", help="largest learning rate (default: 0.001, lstm 0.003)")
    add("--dropout", type=_share, default=0.0, metavar="P", help="for long trainings, 0.2 (default: 0)")
    _add_common(parser, "runs/shakespeare")
    parser.set_defaults(run=_train_language)


def add_dates(tasks: argparse._SubParsersAction[_Parser]) -> None:
    parser = tasks.add_parser(
        "dates",
        help="a Transformer that translates dates in words",
        description="Train the encoder-decoder Transformer of 2017 to translate dates as people write them to ISO 8601 "
        "(the third of March 1987: 1987-03-03). The pairs are made up from a seed; a tenth of the days is held back. "
        "Writes config.json, model.safetensors, the vocabulary, log.csv and report.html.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--pairs", type=_at_least(1000), default=20_000, metavar="N", help="to train on (default: 20000)")
    add("--epochs", type=_at_least(1), default=4, metavar="N", help="passes over them (default: 4)")
    add("--batch-size", type=_at_least(1), default=32, metavar="N", help="pairs a step (default: 32)")
    add("--layers", type=_at_least(1), default=2, metavar="N", help="of encoder and decoder each (default: 2)")
    add("--heads", type=_at_least(1), default=4, metavar="N", help="attention heads (default: 4)")
    add("--width", type=_at_least(1), default=64, metavar="N", help="channels (default: 64)")
    add("--warmup", type=_at_least(1), default=400, metavar="N", help="steps of rising learning rate (default: 400)")
    add("--label-smoothing", type=_share, default=0.1, metavar="E", help="as in the paper (default: 0.1)")
    add("--dropout", type=_share, default=0.0, metavar="P", help="the paper has 0.1 (default: 0)")
    _add_common(parser, "runs/dates")
    parser.set_defaults(run=_train_dates)


def add_generate(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser(
        "generate",
        help="go on with a text",
        description="Go on with a text, by a model of `tilestack train shakespeare` or a GPT-2 or Llama in Hugging Face's "
        "files. With several prompts all are worked on together.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--model", default="runs/shakespeare", metavar="DIR", help="folder of the model (default: %(default)s)")
    add(
        "--prompt",
        action="append",
        metavar="TEXT",
        help="what to go on with; several times for several (default: new line)",
    )
    add("--ids", nargs="+", type=_at_least(0), metavar="N", help="token ids in place of a prompt; prints ids")
    add("--max-new-tokens", type=_at_least(1), default=300, metavar="N", help="at most so many (default: 300)")
    add(
        "--temperature",
        type=_at_least(0, float),
        default=0.8,
        metavar="T",
        help="0: the likeliest token (default: 0.8)",
    )
    add("--top-k", type=_at_least(1), metavar="K", help="draw from the K likeliest tokens only")
    add("--top-p", type=_share, metavar="P", help="draw from the fewest tokens that have probability P together")
    add("--repetition-penalty", type=_at_least(0, float), default=1.0, metavar="X", help="above 1: fewer repetitions")
    add(
        "--stop",
        action="append",
        default=[],
        metavar="TEXT",
        help="end before TEXT (\\n: new line); several times for several",
    )
    add("--seed", type=_at_least(0), metavar="S", help="the same seed gives the same text (default: another each time)")
    add("--crop", action="store_true", help="of a prompt longer than the model's context, take the end")
    add(
        "--precision",
        choices=PRECISIONS,
        default="float32",
        help="of the weights: the fewer bits, the faster, and the coarser (default: float32)",
    )
    _add_machine(parser)
    parser.set_defaults(run=_generate)


def add_translate(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser(
        "translate", help="translate by a model of `tilestack train dates`", allow_abbrev=False
    )
    parser.add_argument("texts", nargs="+", metavar="TEXT", help='what to translate, such as "3rd of March 1987"')
    parser.add_argument(
        "--model", default="runs/dates", metavar="DIR", help="folder of the model (default: %(default)s)"
    )
    parser.add_argument(
        "--beam", type=_at_least(1), default=1, metavar="N", help="width of the search (default: 1, greedy)"
    )
    _add_machine(parser)
    parser.set_defaults(run=_translate)


def _add_common(parser: argparse.ArgumentParser, out: str) -> None:
    add = parser.add_argument
    add("--seed", type=_at_least(0), default=0, metavar="S", help="the same seed gives the same model (default: 0)")
    add("--out", default=out, metavar="DIR", help="folder for the results (default: %(default)s)")
    _add_machine(parser)
    add("--resume", action="store_true", help="go on with the run that was interrupted in --out")


def _add_machine(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--device", choices=("cpu", "cuda"), default="cpu", help="where to run (default: cpu)")
    add("--threads", type=_at_least(1), metavar="N", help="processor threads (default: what the machine allows)")


def _share(text: str) -> float:
    value: float = _at_least(0, float)(text)
    if value > 1:
        raise argparse.ArgumentTypeError(f"wanted at most 1, got {text}")
    return value


def _train_language(args: Any) -> int:
    from .language import train

    return train(args)


def _train_dates(args: Any) -> int:
    from .dates import train

    return train(args)


def _generate(args: Any) -> int:
    from .generate import generate

    return generate(args)


def _translate(args: Any) -> int:
    from .translate import translate

    return translate(args)
