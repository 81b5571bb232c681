"""Files as torch.save writes them, without torch: for the tests of the reader."""

from __future__ import annotations

import io
import pickle
import sys
import types
import zipfile
from collections import OrderedDict
from contextlib import contextmanager
from typing import Any

import numpy as np

KINDS = {
    "DoubleStorage": np.float64,
    "FloatStorage": np.float32,
    "HalfStorage": np.float16,
    "BFloat16Storage": np.uint16,
    "LongStorage": np.int64,
    "IntStorage": np.int32,
    "ShortStorage": np.int16,
    "CharStorage": np.int8,
    "ByteStorage": np.uint8,
    "BoolStorage": np.bool_,
    "ComplexFloatStorage": np.complex64,
}
MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001


class Storage:
    def __init__(self, kind: str, array: np.ndarray) -> None:
        self.kind, self.array = kind, np.ascontiguousarray(array, KINDS[kind]).ravel()


class Tensor:
    def __init__(self, storage: Storage, shape: Any, stride: Any, offset: int = 0) -> None:
        self.parts = (storage, offset, shape, stride, False, OrderedDict())

    def __reduce__(self) -> Any:
        return sys.modules["torch._utils"]._rebuild_tensor_v2, self.parts


def tensor(array: np.ndarray, kind: str) -> Tensor:
    """Contiguous, with a storage of its own."""
    strides = tuple(int(np.prod(array.shape[i + 1 :])) for i in range(array.ndim))
    return Tensor(Storage(kind, array), array.shape, strides)


@contextmanager
def fake_torch() -> Any:
    """Modules in which pickle finds the names that it writes."""
    modules = {name: types.ModuleType(name) for name in ("torch", "torch._utils")}
    for kind in KINDS:
        setattr(modules["torch"], kind, type(kind, (), {"__module__": "torch"}))

    def rebuild(*_: Any) -> None: ...

    rebuild.__module__, rebuild.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    modules["torch._utils"]._rebuild_tensor_v2 = rebuild  # type: ignore[attr-defined]
    before = {name: sys.modules.get(name) for name in modules}
    sys.modules.update(modules)
    try:
        yield modules["torch"]
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def pickled(value: Any, old: bool = False) -> tuple[bytes, dict[str, Storage]]:
    storages: dict[str, Storage] = {}

    class Pickler(pickle.Pickler):
        def persistent_id(self, item: Any) -> Any:
            if not isinstance(item, Storage):
                return None
            key = next((key for key, known in storages.items() if known is item), str(len(storages)))
            storages[key] = item
            pid = ("storage", getattr(sys.modules["torch"], item.kind), key, "cpu", item.array.size)
            return (*pid, None) if old else pid

    with fake_torch():
        file = io.BytesIO()
        Pickler(file, protocol=2).dump(value)
    return file.getvalue(), storages


def torch_zip(value: Any, folder: str = "archive", **more: bytes) -> bytes:
    """The format since torch 1.6. more: other files of the archive."""
    data, storages = pickled(value)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{folder}/data.pkl", data)
        archive.writestr(f"{folder}/byteorder", "little")
        contents = {f"data/{key}": storage.array.tobytes() for key, storage in storages.items()}
        for name, content in (contents | more).items():
            archive.writestr(f"{folder}/{name}", content)
    return file.getvalue()


def torch_sequence(value: Any, little_endian: bool = True) -> bytes:
    """The format before."""
    data, storages = pickled(value, old=True)
    machine = {"protocol_version": VERSION, "little_endian": little_endian, "type_sizes": {"short": 2}}
    parts = [*(pickle.dumps(part, 2) for part in (MAGIC, VERSION, machine)), data, pickle.dumps(sorted(storages), 2)]
    for key in sorted(storages):
        parts += [storages[key].array.size.to_bytes(8, "little"), storages[key].array.tobytes()]
    return b"".join(parts)
