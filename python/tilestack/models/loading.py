"""from_pretrained: weights of any net that is known here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from .pretrained import CONFIG, Checkpoint, Pretrained, State, read_checkpoint


def from_pretrained(path: str | os.PathLike[str], *, dtype: Any = None, device: Any = None, **options: Any) -> Any:
    """The net whose weights are in a folder or file; arguments and errors as of `Pretrained.from_pretrained`.

    Which net it is, config.json says by `architectures` or `model_type`; without one the names and shapes of the tensors
    do, for all nets but those that have sizes that shapes don't tell (GPT-2, Llama, BERT, Seq2SeqTransformer).
    """
    found = read_checkpoint(path)
    return family_of(found).from_checkpoint(found, dtype=dtype, device=device, **options)


def families(cls: type[Pretrained] = Pretrained) -> Iterator[type[Pretrained]]:
    """The nets that are known, in the order in which they were defined."""
    for family in cls.__subclasses__():
        yield from (family, *families(family))


def family_of(found: Checkpoint) -> type[Pretrained]:
    config = found.config or {}
    known = {family.__name__: family for family in families()}
    names = config.get("architectures") or []
    for name in names if isinstance(names, list) else [names]:
        if name == "BertModel" and (found.folder / "modules.json").is_file():  # of sentence-transformers
            name = "SentenceEncoder"
        if name in known:
            return known[name]
    for family in known.values():
        if not names and family.known_by and config.get("model_type") == family.model_type:
            return family
    if names or "model_type" in config:
        kind = ", ".join(map(str, names)) or config["model_type"]
        raise ValueError(f"{found.folder / CONFIG}: unknown architecture {kind}; known are {', '.join(sorted(known))}")
    return recognised(found)


def recognised(found: Checkpoint) -> type[Pretrained]:
    """By names and shapes of tensors."""
    for family in families():
        if family.known_by and any(name.endswith(family.known_by) for name in found.state):
            return family
        if _sizes(family, found.state) is not None:
            return family
    some = ", ".join(list(found.state)[:3])
    raise ValueError(f"{found.path}: the weights of no net that is known here; they begin with {some}")


def _sizes(family: type[Pretrained], state: State) -> dict[str, Any] | None:
    try:
        return family.sizes_of(family.own_names(state))
    except (KeyError, IndexError, ValueError):  # of tensors that only begin like this family's
        return None
