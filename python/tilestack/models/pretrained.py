"""What nets with published weights share: reading them by `from_pretrained`, writing them by `save`."""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, TypeVar

from tilestack import Tensor, nn

CONFIG = "config.json"
State = dict[str, Tensor]
P = TypeVar("P", bound="Pretrained")


class Checkpoint(NamedTuple):
    """Weights as they were found. config: of the config.json beside them, None if there is none."""

    path: Path
    folder: Path
    config: dict[str, Any] | None
    state: State


class Pretrained(nn.Module):
    """A net that reads and writes weights under the names by which they are published.

    A family states what differs: config_class, if its sizes are in a dataclass under the names of config.json; else
    `sizes_of`, which reads them off the tensors. `own_names` maps names of published files to the net's.
    """

    config_class: ClassVar[Any] = None
    model_type: ClassVar[str] = ""  # in config.json
    known_by: ClassVar[str] = ""  # the end of a tensor's name that no other family has
    unused: ClassVar[str] = r"(?!)"  # a pattern of names of tensors that published files have and the net does not need
    arguments: dict[str, Any]
    folder: Path | None = None

    def __new__(cls: type[P], *args: Any, **options: Any) -> P:
        """Notes the arguments for `save`."""
        model = super().__new__(cls)
        with contextlib.suppress(TypeError):  # __init__ will name the mistake; a copy is given its own later
            bound = inspect.signature(cls.__init__).bind(model, *args, **options)
            bound.apply_defaults()
            object.__setattr__(model, "arguments", dict(list(bound.arguments.items())[1:]))
        return model

    @classmethod
    def from_pretrained(
        cls: type[P], path: str | os.PathLike[str], *, dtype: Any = None, device: Any = None, **options: Any
    ) -> P:
        """The net with the weights of a folder (config.json and model.safetensors, in shards too, or pytorch_model.bin)
        or a file (safetensors, what torch.save wrote, .npz), in eval mode.

        dtype: of the parameters, float32 by default, whatever the file has. options: of the constructor, such as a
        dropout. Raises FileNotFoundError, or ValueError that names the file and, if they do not fit, the tensors that
        are missing, unexpected or of another shape.
        """
        return cls.from_checkpoint(read_checkpoint(path), dtype=dtype, device=device, **options)

    @classmethod
    def from_checkpoint(cls: type[P], found: Checkpoint, *, dtype: Any = None, device: Any = None, **options: Any) -> P:
        """from_pretrained of a checkpoint that is read already."""
        _check_type(cls, found)
        state = cls.own_names({name: x for name, x in found.state.items() if not re.search(cls.unused, name)})
        with _naming(found.path):
            model = nn.utils.skip_init(cls, **cls.arguments_for(found.config, state, options))
            if dtype is not None or device is not None:
                model = model.to(dtype=dtype, device=device)
            model.load_state_dict(completed(state, model))
        model.folder = found.folder
        return model.eval()

    @classmethod
    def arguments_for(
        cls, config: Mapping[str, Any] | None, state: State, options: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The constructor's arguments: as options say, else as the tensors do, else as config does."""
        if cls.config_class is not None:
            if config is None:
                raise ValueError(f"{cls.__name__}: the weights do not tell all sizes: {CONFIG} must be beside them")
            unknown = options.keys() - {field.name for field in dataclasses.fields(cls.config_class)}
            if unknown:
                raise ValueError(f"{cls.__name__}: its config has no {', '.join(sorted(unknown))}")
            return {"config": read_config(cls.config_class, {**config, **options})}
        known = inspect.signature(cls.__init__).parameters
        given = {name: value for name, value in (config or {}).items() if name in known and name != "self"}
        return {**given, **(cls.sizes_of(state) or {}), **options}

    @classmethod
    def sizes_of(cls, state: State) -> dict[str, Any] | None:
        """The constructor's arguments that names and shapes of the tensors tell; None if they are of another net."""
        return None

    @classmethod
    def own_names(cls, state: State) -> State:
        return state

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write config.json and model.safetensors, as Hugging Face's libraries read them, to a folder, made if need be.

        Parameters that are one, such as a tied embedding, are written once.
        """
        from tilestack.io import atomic_write_text, save_file

        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        save_file(without_twins(self), target / "model.safetensors")
        atomic_write_text(target / CONFIG, json.dumps(self.config_json(), indent=2, sort_keys=True) + "\n")

    def config_json(self) -> dict[str, Any]:
        """What `save` writes to config.json."""
        config = self.arguments.get("config")
        sizes = dataclasses.asdict(config) if config is not None else _plain(self.arguments)
        dtype = str(next(self.parameters()).dtype).rpartition(".")[2]
        kind = self.model_type or type(self).__name__.lower()
        return {"architectures": [type(self).__name__], "model_type": kind, "torch_dtype": dtype, **sizes}


def read_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Errors as of `Pretrained.from_pretrained`."""
    from tilestack.io import find_weights, load_weights

    file = find_weights(path)
    config_file = file.with_name(CONFIG)
    config = None
    if config_file.is_file():
        try:
            config = json.loads(config_file.read_text("utf-8"))
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{config_file}: bad JSON: {error}") from None
        if not isinstance(config, dict):
            raise ValueError(f"{config_file}: wanted a JSON object, got {type(config).__name__}")
    return Checkpoint(file, file.parent, config, load_weights(file))


def read_config(kind: Any, values: Mapping[str, Any]) -> Any:
    """A dataclass of the fields that config.json has. Refuses what kind.SUPPORTED says the net cannot do."""
    for name, supported in kind.SUPPORTED.items():
        if name in values and values[name] not in supported:
            wanted = " or ".join(map(repr, supported))
            raise ValueError(f"{kind.__name__}: {name} {values[name]!r} is not supported, it must be {wanted}")
    names = {field.name for field in dataclasses.fields(kind)}
    return kind(**{name: value for name, value in values.items() if name in names})


def completed(state: State, model: nn.Module) -> State:
    """state with what files leave out: twins of a parameter under other names, and counts of batches."""
    twins: dict[int, str] = {}
    whole = dict(state)
    own = model.state_dict(keep_vars=True)
    for name, x in own.items():
        if name in state:
            twins.setdefault(id(x), name)
    for name, x in own.items():
        if name not in state and id(x) in twins:
            whole[name] = state[twins[id(x)]]
        elif name not in state and name.endswith("num_batches_tracked"):
            whole[name] = x
    return whole


def without_twins(model: nn.Module) -> State:
    """model's state_dict with each parameter once, under its first name."""
    seen: set[int] = set()
    state = {}
    for name, x in model.state_dict(keep_vars=True).items():
        if id(x) not in seen:
            state[name] = x
        seen.add(id(x))
    return state


def prefixed(state: State, prefix: str, but: tuple[str, ...] = ()) -> State:
    """prefix before every name that has none and does not begin with one of `but`."""
    kept = (prefix, *but)
    return {name if name.startswith(kept) else prefix + name: x for name, x in state.items()}


def unprefixed(state: State, prefix: str) -> State:
    return {name.removeprefix(prefix): x for name, x in state.items()}


def count(state: State, pattern: str) -> int:
    """How many of the numbers 0, 1, ... stand where `pattern` has its group."""
    found = (re.match(pattern, name) for name in state)
    return 1 + max((int(match[1]) for match in found if match), default=-1)


def shape(state: State, name: str) -> tuple[int, ...]:
    """Of a tensor; () if there is none of that name."""
    return tuple(state[name].shape) if name in state else ()


def _check_type(cls: type[Pretrained], found: Checkpoint) -> None:
    kind = (found.config or {}).get("model_type")
    if cls.config_class is not None and kind not in (None, cls.model_type):
        raise ValueError(
            f"{found.folder / CONFIG}: of a net of type {kind!r}, {cls.__name__} is one of type {cls.model_type!r}"
        )


@contextlib.contextmanager
def _naming(path: Path) -> Any:
    """Begin errors with the path."""
    try:
        yield
    except (ValueError, TypeError, KeyError, ZeroDivisionError) as error:
        raise ValueError(f"{path}: {error}") from None


def _plain(value: Any) -> Any:
    """As JSON has it; a class by its name."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.__name__ if isinstance(value, type) else value
