"""tilestack generate."""

from __future__ import annotations

import argparse
import secrets
from pathlib import Path
from typing import Any

import tilestack as ts
from tilestack import models, nn, text
from tilestack.models.decoding import LanguageModel

from . import CommandError
from .runs import use_machine

BITS = {"int8": 8, "int4": 4}


def generate(args: argparse.Namespace) -> int:
    """Prints each prompt and what follows it, as it is made if there is one prompt."""
    use_machine(args)
    model = load_model(args.model, LanguageModel, "tilestack train shakespeare", args.precision, args.device)
    options: dict[str, Any] = {name: getattr(args, name) for name in ("temperature", "top_k", "top_p", "crop")}
    options["seed"] = secrets.randbelow(2**31) if args.seed is None else args.seed
    options["repetition_penalty"] = args.repetition_penalty
    if args.ids:
        _print_ids(model, args.ids, args.max_new_tokens, options)
        return 0
    tokenizer = text.load_tokenizer(args.model if Path(args.model).is_dir() else Path(args.model).parent)
    options |= {"tokenizer": tokenizer, "stop": [stop.replace("\\n", "\n") for stop in args.stop]}
    prompts = args.prompt or ["\n"]
    for prompt in prompts:
        _check(prompt, tokenizer, model, args.crop)
    if len(prompts) > 1:
        for prompt, more in zip(prompts, text.complete(model, prompts, args.max_new_tokens, **options), strict=True):
            print(f"{prompt}{more}\n---")
        return 0
    print(prompts[0], end="", flush=True)
    for piece in text.stream_text(model, prompts[0], args.max_new_tokens, **options):
        print(piece, end="", flush=True)
    print()
    return 0


def load_model(path: str, kind: type[Any], command: str, precision: str = "float32", device: str = "cpu") -> Any:
    """A model of one kind. command: what would have trained one. precision: one of PRECISIONS; int8 and int4 are of the
    weights of linear layers."""
    if not Path(path).exists():
        raise CommandError(f"no trained model at {path}: train one with `{command}`, or name it by --model")
    bits = BITS.get(precision)
    model = models.from_pretrained(path, dtype=getattr(ts, "float32" if bits else precision), device=device)
    if not isinstance(model, kind):
        raise CommandError(f"--model {path}: {type(model).__name__} is not a model of `{command}` or its kind")
    if bits is None:
        return model
    try:
        return nn.quantize(model, bits)
    except ValueError as error:
        raise CommandError(f"--precision {precision}: {error}") from None


def _check(prompt: str, tokenizer: Any, model: LanguageModel, crop: bool) -> None:
    if not prompt:
        raise CommandError("--prompt: the prompt is empty")
    count = len(tokenizer.encode(prompt))
    if count > model.context and not crop:
        raise CommandError(
            f"--prompt: {count:,} tokens are more than the {model.context:,} of the model's context; --crop takes the end"
        )


def _print_ids(model: LanguageModel, ids: list[int], count: int, options: dict[str, Any]) -> None:
    size = model.vocab_size
    wrong = next((i for i in ids if i >= size), None)
    if wrong is not None:
        raise CommandError(f"--ids: there is no token {wrong}, ids are 0 to {size - 1}")
    print(*ids, end="", flush=True)
    for token in model.stream(ids, count, **options):
        print(f" {token}", end="", flush=True)
    print()
