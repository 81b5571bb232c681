"""tilestack inspect."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tilestack as ts
from tilestack import models, nn, text
from tilestack.diagnose.attention import attention_maps
from tilestack.models import Seq2SeqTransformer
from tilestack.models.decoding import LanguageModel
from tilestack.models.published import PUBLISHED

from . import CommandError, classifier, weights
from .picture_nets import PictureNet, of_classifier, of_model
from .runs import use_machine

PROMPT = "To be, or not to be: that is the question."
DATE = "the third of March 1987"
TOP = 5
MOST_TOKENS = 96  # that can be drawn
TEXT_NETS = (
    models.GPT2LMHeadModel,
    models.LlamaForCausalLM,
    models.BertModel,
    models.BertForMaskedLM,
    Seq2SeqTransformer,
)


def inspect(args: argparse.Namespace) -> int:
    """Writes one page about a model."""
    from tilestack.io import atomic_write_text

    use_machine(args)
    if not Path(args.html).parent.is_dir():
        raise CommandError(f"--html {args.html}: there is no folder {Path(args.html).parent}")
    net = load(args.model, args.device)
    page = _picture_page(net, args) if isinstance(net, PictureNet) else _text_page(net, args)
    atomic_write_text(args.html, page)
    print(f"page: {args.html}")
    return 0


def load(path: str, device: str) -> PictureNet | Any:
    """A PictureNet, or a net for text."""
    known = Path(path).exists()
    if not known and path not in PUBLISHED:
        raise CommandError(
            f"no model at {path}: wanted a folder of `tilestack train`, a file or folder of weights, or one of "
            f"{', '.join(PUBLISHED)}"
        )
    if known and classifier.is_one(path):
        return of_classifier(path, device)
    model = models.from_pretrained(path if known else weights.find(path), device=device)
    if isinstance(model, TEXT_NETS):
        return model
    if any(isinstance(module, nn.Conv2d) for module in model.modules()):
        return of_model(model, device)
    raise CommandError(f"{path}: a {type(model).__name__} has neither convolutions nor attention to draw")


def _picture_page(net: PictureNet, args: argparse.Namespace) -> str:
    from .inspect_report import picture_page

    if args.prompt is not None:
        raise CommandError("--prompt is for nets that read text; this one takes --image and --data")
    pictures = net.pictures(args.data, args.most)
    image = net.prepare(args.image) if args.image is not None else None if pictures is None else pictures[0]
    return picture_page(net, _name(args.model), image, pictures, args.units)


def _text_page(model: Any, args: argparse.Namespace) -> str:
    from .inspect_report import attention_page

    if args.image is not None or args.data is not None:
        raise CommandError("--image and --data are for nets that see pictures; this one takes --prompt")
    tokenizer: Any = text.load_tokenizer(model.folder)
    prompt = args.prompt or (DATE if isinstance(model, Seq2SeqTransformer) else PROMPT)
    source = tokenizer.encode(prompt)
    if not 0 < len(source) <= MOST_TOKENS:
        raise CommandError(f"--prompt: wanted 1 to {MOST_TOKENS} tokens to draw, got {len(source):,}")
    ids = ts.tensor([source], device=args.device)
    if not isinstance(model, Seq2SeqTransformer):
        following = _following(model, ids, tokenizer) if isinstance(model, LanguageModel) else []
        maps = attention_maps(model, ids)
        return attention_page(model, _name(args.model), maps, _spelt(tokenizer, source), following=following)
    written = [tokenizer.ids["<bos>"], *tokenizer.encode(text.translate(model, prompt, tokenizer=tokenizer))]
    written = written[: model.positions.max_len]
    maps = attention_maps(model, ids, ts.tensor([written], device=args.device))
    return attention_page(model, _name(args.model), maps, _spelt(tokenizer, source), _spelt(tokenizer, written))


def _following(model: LanguageModel, ids: ts.Tensor, tokenizer: Any) -> list[tuple[str, float]]:
    """The likeliest next tokens, and how likely they are."""
    with ts.no_grad():
        chances, tokens = model(ids)[0, -1].float().softmax(-1).topk(min(TOP, tokenizer.vocab_size))
    return list(zip(_spelt(tokenizer, tokens.tolist()), chances.tolist(), strict=True))


def _name(path: str) -> str:
    return Path(path).resolve().name if Path(path).exists() else path


def _spelt(tokenizer: Any, ids: Sequence[int]) -> list[str]:
    """Each token as it can be shown."""
    shown = (tokenizer.decode([token]).replace(" ", "␣").replace("\n", "⏎") for token in ids)
    return [token or "·" for token in shown]
