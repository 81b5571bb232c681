"""tilestack doctor."""

from __future__ import annotations

import os
import platform
from importlib import metadata, util
from pathlib import Path

import tilestack as ts

from . import machine

OPTIONAL = {  # distribution: what it adds, how to get it
    "pillow": "pictures other than PNG for predict: pip install tilestack[vision]",
    "tokenizers": "tokenizer.json of other models than GPT-2 and BERT: pip install tilestack[text]",
    "matplotlib": "plots of your own: pip install tilestack[plot]",
    "threadpoolctl": "limits threads from outside",
    "torch": "shares tensors through DLPack",
}


def doctor() -> int:
    """Print what tilestack found on this machine, and why it chose as it did."""
    for name, value in findings():
        print(f"{name + ':':<17}{value}")
    return 0


def findings() -> list[tuple[str, str]]:
    return [
        ("tilestack", f"{ts.__version__} in {Path(ts.__file__).parent}"),
        (
            "Python",
            f"{platform.python_version()} ({platform.python_implementation()}), numpy {metadata.version('numpy')}",
        ),
        ("System", platform.platform()),
        ("Processor", machine.processor()),
        ("Instruction set", _instruction_set()),
        ("Threads", f"{ts.get_num_threads()} ({ts.num_threads_reason()})"),
        ("Memory", _memory()),
        ("Huge pages", _huge_pages()),
        ("CUDA", "on" if ts.cuda.is_available() else f"off: {ts.cuda.why_not()}"),
        *((name, _package(name, use)) for name, use in OPTIONAL.items()),
    ]


def _instruction_set() -> str:
    known = ts.isas()
    asked = os.environ.get("TILESTACK_ISA")
    reason = f"TILESTACK_ISA={asked} asks for it" if asked else "the best that this processor runs"
    return f"{ts.isa()} ({reason}; it runs {', '.join(known)})"


def _memory() -> str:
    total, available = machine.memory()
    limit = machine.memory_limit()
    text = f"{total / 2**30:.1f} GiB"
    text += f", {available / 2**30:.1f} GiB available" if available else ""
    return text + (f", limited to {limit / 2**30:.1f} GiB by the cgroup" if limit else "")


def _huge_pages() -> str:
    mode = machine.huge_pages()
    effect = {
        "always": "large tensors use them",
        "madvise": "large tensors ask for them",
        "never": "switched off: large tensors are slower to touch first",
    }
    return f"{mode} ({effect.get(mode, 'unknown mode')})" if mode else "not known on this system"


def _package(name: str, use: str) -> str:
    module = {"pillow": "PIL"}.get(name, name)
    if util.find_spec(module) is None:
        return f"not installed ({use})"
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "installed, version unknown"
