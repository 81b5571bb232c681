"""Sequences of several lengths as one tensor: padded, or packed step by step."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import tilestack as ts
from tilestack._core import Tensor


class PackedSequence(NamedTuple):
    """Sequences from the longest to the shortest, step after step: batch_sizes[t] of them have a step t.

    data: (sum of lengths, ...). batch_sizes: int64 on the CPU. sorted_indices: which sequence of the caller's each is;
    unsorted_indices: where each of the caller's is; None where they were sorted. Made by pack_padded_sequence.
    """

    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None = None
    unsorted_indices: Tensor | None = None

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """data at another device or in another dtype, as Tensor.to."""
        data = self.data.to(*args, **kwargs)
        orders = (None if order is None else order.to(data.device) for order in self[2:])
        return PackedSequence(data, self.batch_sizes, *orders)

    def cpu(self) -> PackedSequence:
        return self.to("cpu")

    def cuda(self) -> PackedSequence:
        return self.to("cuda")


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """Where each number stands in a permutation."""
    return None if permutation is None else ts.argsort(permutation)


def _lengths(op: str, lengths: Any, batch: int) -> list[int]:
    found = [int(n) for n in (lengths.tolist() if isinstance(lengths, Tensor) else lengths)]
    if len(found) != batch:
        raise ValueError(f"{op}: wanted one length for each of {batch} sequences, got {len(found)}")
    if any(n < 1 for n in found):
        raise ValueError(f"{op}: lengths must be at least 1, got {found}")
    return found


def pack_padded_sequence(
    input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Padded sequences, packed.

    input: (steps, batch, ...), or (batch, steps, ...) with batch_first. lengths: int64 tensor or list, one of each
    sequence, from 1 to steps. enforce_sorted: they must not grow; without it they may come in any order.
    """
    op = "pack_padded_sequence"
    x = input.transpose(0, 1) if batch_first else input
    steps, batch = x.shape[:2]
    sizes = _lengths(op, lengths, batch)
    if max(sizes, default=0) > steps:
        raise ValueError(f"{op}: lengths must be at most {steps}, the steps of input, got {sizes}")
    order = sorted(range(batch), key=lambda b: -sizes[b])
    if enforce_sorted and any(a < b for a, b in itertools.pairwise(sizes)):
        raise ValueError(f"{op}: lengths must not grow, or pass enforce_sorted=False, got {sizes}")
    if not batch:
        raise ValueError(f"{op}: wanted at least one sequence, got input of shape {tuple(input.shape)}")
    if enforce_sorted:
        order = list(range(batch))
    counts = [sum(size > t for size in sizes) for t in range(max(sizes))]
    places = [t * batch + b for t, count in enumerate(counts) for b in order[:count]]
    data = x.flatten(0, 1).index_select(0, ts.tensor(places, device=x.device))
    batch_sizes = ts.tensor(counts, dtype=ts.int64)
    if enforce_sorted:
        return PackedSequence(data, batch_sizes)
    indices = ts.tensor(order, device=x.device)
    return PackedSequence(data, batch_sizes, indices, invert_permutation(indices))


def packed_lengths(sequence: PackedSequence) -> list[int]:
    """The length of each sequence, from the longest to the shortest."""
    counts = sequence.batch_sizes.tolist()
    return [sum(count > b for count in counts) for b in range(counts[0])]


def padded(sequence: PackedSequence, padding_value: float = 0.0, total_length: int | None = None) -> Tensor:
    """(steps, batch, ...) in the packed order."""
    counts = sequence.batch_sizes.tolist()
    batch = counts[0]
    starts = [0]
    for count in counts:
        starts.append(starts[-1] + count)
    steps = len(counts) if total_length is None else total_length
    here = [t < len(counts) and b < counts[t] for t in range(steps) for b in range(batch)]
    places = [starts[t] + b if here[t * batch + b] else 0 for t in range(steps) for b in range(batch)]
    data = sequence.data
    x = data.index_select(0, ts.tensor(places, device=data.device))
    if not all(here):
        missing = ts.tensor([not there for there in here], device=data.device)
        x = x.masked_fill(missing.reshape(-1, *(1,) * (x.dim() - 1)), padding_value)
    return x.reshape(steps, batch, *data.shape[1:])


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """Packed sequences, padded: (steps, batch, ...), or (batch, steps, ...) with batch_first, and their int64 lengths.

    padding_value stands after the ends. total_length: the steps of the result, at least the longest.
    """
    longest = len(sequence.batch_sizes)
    if total_length is not None and total_length < longest:
        raise ValueError(f"pad_packed_sequence: total_length must be at least {longest}, got {total_length}")
    x = padded(sequence, padding_value, total_length)
    lengths = ts.tensor(packed_lengths(sequence), dtype=ts.int64)
    if sequence.unsorted_indices is not None:
        x = x.index_select(1, sequence.unsorted_indices)
        lengths = lengths.index_select(0, sequence.unsorted_indices.cpu())
    return (x.transpose(0, 1) if batch_first else x), lengths


def pad_sequence(
    sequences: Sequence[Tensor], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Tensors (length, ...) of several lengths as one: (steps, batch, ...), or (batch, steps, ...) with batch_first."""
    if padding_side not in ("right", "left"):
        raise ValueError(f"pad_sequence: padding_side must be right or left, got {padding_side!r}")
    if not len(sequences):
        raise ValueError("pad_sequence: wanted at least one sequence")
    steps = max(x.shape[0] for x in sequences)
    rows = []
    for x in sequences:
        extra = steps - x.shape[0]
        sides = [0, extra] if padding_side == "right" else [extra, 0]
        rows.append(ts.nn.functional.pad(x, [0, 0] * (x.dim() - 1) + sides, value=padding_value) if extra else x)
    return ts.stack(rows, 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """The sequences of a padded tensor, each of its own length."""
    rows = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    sizes = _lengths("unpad_sequence", lengths, rows.shape[0])
    return [rows[b, :size] for b, size in enumerate(sizes)]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Tensors (length, ...) of several lengths, packed."""
    lengths = [x.shape[0] for x in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences that were packed, each of its own length."""
    x, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(x, lengths, batch_first=True)
