"""tilestack translate."""

from __future__ import annotations

import argparse

from tilestack import text
from tilestack.models import Seq2SeqTransformer

from .generate import load_model
from .runs import use_machine


def translate(args: argparse.Namespace) -> int:
    """Prints a line for each text."""
    use_machine(args)
    model = load_model(args.model, Seq2SeqTransformer, "tilestack train dates", device=args.device)
    for translation in text.translate(model, args.texts, args.beam):
        print(translation)
    return 0
