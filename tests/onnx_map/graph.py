"""The table of operators, and a graph run through it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import tilestack as ts

OPERATORS: dict[str, Callable[..., Any]] = {}


class NotMapped(Exception):
    """A form of an operator, or an operator, that has no counterpart among torch's functions or is left out here."""


@dataclass
class Node:
    attributes: dict[str, Any]
    outputs: int
    opset: int

    def __call__(self, name: str, default: Any = None) -> Any:
        return self.attributes.get(name, default)


def operator(*names: str) -> Callable[[Any], Any]:
    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            OPERATORS[name] = function
        return function

    return register


def numbers(x: ts.Tensor) -> list[Any]:
    """An input that says how, not what: shapes, axes, sizes."""
    return x.reshape(-1).tolist()


# What tensors can hold; ONNX has more.
NUMPY_DTYPES = ("float32", "float64", "float16", "int64", "int32", "int8", "uint8", "bool")


def to_tensor(array: Any) -> ts.Tensor:
    array = np.asarray(array)
    if array.dtype.name == "bfloat16":
        return ts.from_numpy(array.astype(np.float32)).to(ts.bfloat16)
    if array.dtype.name not in NUMPY_DTYPES:
        raise NotMapped(f"dtype {array.dtype.name}")
    return ts.from_numpy(np.array(array, order="C"))


def attributes_of(node: Any) -> dict[str, Any]:
    from onnx import helper, numpy_helper

    found = {}
    for attribute in node.attribute:
        value = helper.get_attribute_value(attribute)
        if isinstance(value, bytes):
            value = value.decode()
        elif hasattr(value, "raw_data"):
            value = numpy_helper.to_array(value)
        found[attribute.name] = value
    return found


def run(model: Any, inputs: list[Any]) -> list[ts.Tensor]:
    """The results of a model, node after node."""
    from onnx import numpy_helper

    graph = model.graph
    opset = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 0)
    unknown = sorted({n.op_type for n in graph.node if n.op_type not in OPERATORS or n.domain not in ("", "ai.onnx")})
    if unknown:
        raise NotMapped(f"operator {', '.join(unknown)}")
    if any(value is not None and not isinstance(value, np.ndarray | np.generic) for value in inputs):
        raise NotMapped("sequences and optional values")
    values: dict[str, Any] = {"": None}
    for tensor in graph.initializer:
        values[tensor.name] = to_tensor(numpy_helper.to_array(tensor))
    names = [item.name for item in graph.input if item.name not in values]
    for name, value in zip(names, inputs, strict=True):
        values[name] = None if value is None else to_tensor(value)
    for node in graph.node:
        call = Node(attributes_of(node), len(node.output), opset)
        results = OPERATORS[node.op_type](call, *(values[name] for name in node.input))
        results = results if isinstance(results, tuple | list) else (results,)
        values.update(zip(node.output, results, strict=False))
    return [values[item.name] for item in graph.output]
