"""The `tilestack` command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0, 2 for an error of use or input, 130 after Ctrl-C.

    TILESTACK_TRACEBACK=1 shows where an error came from.
    """
    args = _parser().parse_args(argv)
    try:
        return int(args.run(args))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `tilestack doctor | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (OSError, ValueError, ImportError, FloatingPointError, MemoryError, CommandError) as error:
        if os.environ.get("TILESTACK_TRACEBACK"):
            raise
        print(f"tilestack: {_in_words(error)}", file=sys.stderr)
        return 2


class CommandError(Exception):
    """Something that the user can put right."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _in_words(error: BaseException) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror or type(error).__name__}"
    return str(error) or type(error).__name__


def _named(path: str, error: Exception) -> str:
    """What is wrong with a file of the user's."""
    message = _in_words(error)
    return message if path in message else f"{path}: {message}"


def _at_least(least: float, kind: type = int):  # type: ignore[no-untyped-def]
    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"wanted a number, got {text!r}") from None
        if not least <= value < float("inf"):
            raise argparse.ArgumentTypeError(f"wanted at least {least}, got {text}")
        return value

    return parse


def _parser() -> argparse.ArgumentParser:
    from tilestack import __version__

    from . import depth_options, photo_options, text_options

    parser = _Parser(prog="tilestack", description="Deep learning, whole, in one small wheel.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"tilestack {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=_Parser)
    _add_train(commands)
    _add_predict(commands)
    text_options.add_generate(commands)
    text_options.add_translate(commands)
    photo_options.add_tag(commands)
    photo_options.add_inspect(commands)
    photo_options.add_weights(commands)
    depth_options.add_depth(commands)
    doctor = commands.add_parser("doctor", help="print what tilestack found on this machine", allow_abbrev=False)
    doctor.set_defaults(run=_doctor)
    return parser


def _add_train(commands: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    from . import photo_options, text_options

    train = commands.add_parser("train", help="train a net and write a report", allow_abbrev=False)
    tasks = train.add_subparsers(title="tasks", metavar="TASK", required=True, parser_class=_Parser)
    mnist = tasks.add_parser(
        "mnist",
        help="handwritten digits, or Fashion-MNIST",
        description="Train on handwritten digits: the 5,000 that tilestack carries, or a folder with the files of "
        "MNIST or Fashion-MNIST. Writes model.safetensors, log.csv and report.html.",
        allow_abbrev=False,
    )
    mnist.add_argument("--model", choices=("lenet", "mlp"), default="lenet", help="the net (default: lenet)")
    _add_classifier(mnist, "15, or 12 for over 10,000 images", "0.003, mlp 0.001", "runs/mnist-lenet")
    mnist.add_argument(
        "--data", metavar="DIR", help="folder with the four IDX files, .gz or not (default: the digits in tilestack)"
    )
    mnist.set_defaults(run=_train, task="mnist")
    cifar = tasks.add_parser(
        "cifar",
        help="AlexNet, LeNet or an MLP on CIFAR-10's colour photos",
        description="Train on CIFAR-10, 32x32 photos of ten classes, an AlexNet for small pictures or, to compare, a LeNet or "
        "an MLP. Writes model.safetensors, log.csv and report.html.",
        allow_abbrev=False,
    )
    cifar.add_argument(
        "--model", choices=("alexnet", "lenet", "mlp"), default="alexnet", help="the net (default: alexnet)"
    )
    _add_classifier(cifar, "12", "0.001, lenet 0.003", "runs/cifar-10-alexnet")
    cifar.add_argument(
        "--data",
        required=True,
        metavar="PATH",
        help="CIFAR-10's archive or folder, Python or binary version, or an .npz of JPEGs",
    )
    cifar.set_defaults(run=_train, task="cifar")
    photo_options.add_train_photos(tasks)
    text_options.add_shakespeare(tasks)
    text_options.add_dates(tasks)


def _add_classifier(parser: argparse.ArgumentParser, epochs: str, lr: str, out: str) -> None:
    add = parser.add_argument
    add("--epochs", type=_at_least(1), metavar="N", help=f"passes over the data (default: {epochs})")
    add("--batch-size", type=_at_least(1), default=64, metavar="N", help="images a step (default: 64)")
    add("--lr", type=_at_least(0, float), metavar="RATE", help=f"largest learning rate (default: {lr})")
    add("--seed", type=_at_least(0), default=0, metavar="S", help="the same seed gives the same model (default: 0)")
    add("--out", metavar="DIR", help=f"folder for the results (default: {out}, named by data and model)")
    add("--device", choices=("cpu", "cuda"), default="cpu", help="where to train (default: cpu)")
    add("--threads", type=_at_least(1), metavar="N", help="processor threads (default: what the machine allows)")
    add("--resume", action="store_true", help="go on with the run that was interrupted in --out")


def _add_predict(commands: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    predict = commands.add_parser(
        "predict", help="say what pictures show, by a net that was trained here", allow_abbrev=False
    )
    predict.add_argument("images", nargs="+", metavar="IMAGE", help="a picture, such as one of a digit: digit.png")
    predict.add_argument(
        "--model",
        default="runs/mnist-lenet",
        metavar="DIR",
        help="folder of `tilestack train` (default: %(default)s)",
    )
    predict.set_defaults(run=_predict)


def _train(args: argparse.Namespace) -> int:
    from .train import train

    return train(args)


def _predict(args: argparse.Namespace) -> int:
    from .predict import predict

    return predict(args.images, args.model)


def _doctor(args: argparse.Namespace) -> int:
    from .doctor import doctor

    return doctor()
