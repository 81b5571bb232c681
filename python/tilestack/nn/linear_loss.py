"""Cross-entropy of a linear layer's output that is never held whole."""

from __future__ import annotations

from typing import Any

import tilestack as ts
from tilestack._autocast import is_autocast_enabled
from tilestack._core import Tensor, cross_entropy, linear

_LOGITS = 1 << 22  # elements of the logits of a chunk


def _chunk_rows(features: int, classes: int) -> int:
    """Every chunk adds to the whole gradient of the weight: the more logits beside it, the fewer passes over it."""
    return max(1, features // 2, _LOGITS // max(1, classes))


def _added(total: Tensor | None, part: Tensor, dtype: ts.dtype) -> Tensor:
    return part.to(dtype) if total is None else total.add_(part)


def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    chunk_rows: int | None = None,
) -> Tensor:
    """cross_entropy(linear(input, linear_weight, linear_bias), target) in memory for a few rows of logits.

    input: (..., features); linear_weight: (classes, features); target: (...) class indices; weight: (classes) factors.
    chunk_rows: rows whose logits are held at a time; by default about four million logits, or half as many as the weight
    has elements. With "mean" and "sum" the gradients are computed together with the loss, so a language model's logits
    cost neither memory nor a second product; "none" computes them again in backward.
    """
    if target.shape != input.shape[:-1]:
        raise ValueError(
            f"linear_cross_entropy: input {tuple(input.shape)} needs a target of shape {tuple(input.shape[:-1])}, "
            f"got {tuple(target.shape)}"
        )
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"linear_cross_entropy: reduction must be 'mean', 'sum' or 'none', got {reduction!r}")
    if chunk_rows is not None and chunk_rows < 1:
        raise ValueError(f"linear_cross_entropy: chunk_rows must be positive, got {chunk_rows}")
    rows, classes = input.reshape(-1, input.shape[-1]), target.reshape(-1)
    size = chunk_rows or _chunk_rows(input.shape[-1], linear_weight.shape[0])
    chunks = [slice(start, start + size) for start in range(0, max(1, rows.shape[0]), size)]
    options: dict[str, Any] = {"ignore_index": ignore_index, "label_smoothing": label_smoothing}
    if reduction == "none":

        def losses(x: Tensor, w: Tensor, b: Tensor | None, t: Tensor) -> Tensor:
            return cross_entropy(linear(x, w, b), t, weight, reduction="none", **options)

        parts = [ts.checkpoint(losses, rows[at], linear_weight, linear_bias, classes[at]) for at in chunks]
        return ts.cat(parts).reshape(target.shape)
    return _LinearCrossEntropy.apply(
        rows, linear_weight, linear_bias, classes, weight, reduction == "mean", chunks, options, ts.is_grad_enabled()
    )


class _LinearCrossEntropy(ts.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        w: Tensor,
        b: Tensor | None,
        target: Tensor,
        weight: Tensor | None,
        mean: bool,
        chunks: list[slice],
        options: dict[str, Any],
        recorded: bool,
    ) -> Tensor:
        wants_x, wants_w, wants_b = (recorded and wants for wants in ctx.needs_input_grad[:3])
        # Sums of many chunks: in float32 where the parameters have 16 bits.
        sums = w.dtype if w.dtype in (ts.float32, ts.float64) else ts.float32
        dx: list[Tensor] = []
        dw = db = None
        total = ts.zeros((), dtype=sums, device=x.device)
        scale = ts.ones((), dtype=sums, device=x.device)
        if mean:
            counted = target != options["ignore_index"]
            if weight is None:
                scale = 1 / counted.to(sums).sum()
            else:
                scale = 1 / (weight[ts.where(counted, target, 0)].to(sums) * counted.to(sums)).sum()
        for at in chunks:
            logits = linear(x[at], w, b)
            if not (wants_x or wants_w or wants_b):
                total += cross_entropy(logits, target[at], weight, reduction="sum", **options)
                continue
            logits.requires_grad = True
            with ts.enable_grad():
                loss = cross_entropy(logits, target[at], weight, reduction="sum", **options)
            loss.backward(scale.to(loss.dtype))
            total += loss.detach()
            slopes = logits.grad
            assert slopes is not None
            if wants_x:
                dx.append(slopes @ w)
            if wants_w:
                dw = _added(dw, slopes.t() @ x[at], sums)
            if wants_b:
                db = _added(db, slopes.sum(0), sums)
        ctx.present = (wants_x, wants_w, wants_b)
        all_dx = dx[0] if len(dx) == 1 else ts.cat(dx) if dx else None
        ctx.save_for_backward(*(slope for slope in (all_dx, dw, db) if slope is not None))
        loss = total * scale
        return loss if is_autocast_enabled() else loss.to(x.dtype)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
        saved = iter(ctx.saved_tensors)
        # Mostly the loss itself is differentiated; on a GPU looking would wait for it.
        one = dy.device.type == "cpu" and dy.item() == 1
        slopes = [(next(saved) if one else next(saved) * dy) if there else None for there in ctx.present]
        return (*slopes, None, None, None, None, None, None)
