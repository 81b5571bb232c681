"""Attention maps: which tokens look at which."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

import tilestack as ts
from tilestack._core import Tensor
from tilestack.nn import Module
from tilestack.nn import functional as F
from tilestack.train.evaluate import in_evaluation


class AttentionMap(NamedTuple):
    """name: of the module that attends. weights: (heads, tokens, source tokens) float32; each row adds up to 1."""

    name: str
    weights: np.ndarray


def attention_maps(model: Module, *args: Any) -> list[AttentionMap]:
    """The attention weights of each layer in one call `model(*args)`, in the order in which they are computed.

    The inputs have a batch of one sequence. The net is in eval mode meanwhile, and nothing is recorded on the tape.
    Works for every net whose attention is F.scaled_dot_product_attention: GPT-2, Llama, BERT, nn.Transformer.
    """
    found: list[AttentionMap] = []
    with in_evaluation(model), ts.no_grad(), _path_of(model) as path, _watched(path, found):
        model(*args)
    return found


@contextlib.contextmanager
def _path_of(model: Module) -> Iterator[list[str]]:
    """The names of the modules that run at the moment, the innermost last."""
    running: list[str] = []

    def enter(name: str) -> Callable[..., None]:
        return lambda *_: running.append(name)

    def leave(*_: Any) -> None:
        running.pop()

    with contextlib.ExitStack() as stack:
        for name, module in model.named_modules():
            stack.enter_context(module.register_forward_pre_hook(enter(name)))
            stack.enter_context(module.register_forward_hook(leave))
        yield running


@contextlib.contextmanager
def _watched(path: list[str], found: list[AttentionMap]) -> Iterator[None]:
    """Note the weights of every attention. The kernels never hold them, so they are computed again beside each call."""
    attend: Callable[..., Tensor] = F.scaled_dot_product_attention

    def watch(query: Tensor, key: Tensor, value: Tensor, *args: Any, **options: Any) -> Tensor:
        found.append(AttentionMap(path[-1], _weights(query, key, *args, **options)))
        return attend(query, key, value, *args, **options)

    F.scaled_dot_product_attention = watch
    try:
        yield
    finally:
        F.scaled_dot_product_attention = attend


def _weights(
    query: Tensor,
    key: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> np.ndarray:
    q, k = (x.float().to("cpu").numpy()[0] for x in (query, key))
    k = np.repeat(k, len(q) // len(k), 0)  # of fewer heads, with enable_gqa
    scores = q @ k.transpose(0, 2, 1) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    if is_causal:
        scores = np.where(np.tri(*scores.shape[1:]) == 1, scores, -np.inf)
    if attn_mask is not None:
        mask = attn_mask.to("cpu").numpy()
        mask = mask[0] if mask.ndim == 4 else mask
        scores = np.where(mask, scores, -np.inf) if mask.dtype == bool else scores + mask
    exps = np.exp(scores - scores.max(-1, keepdims=True))
    return (exps / exps.sum(-1, keepdims=True)).astype(np.float32)
