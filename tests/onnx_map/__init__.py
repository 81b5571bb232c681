"""ONNX's operators as tilestack calls, written as one who ports a net would write them.

Each module registers functions by operator: they take a Node and its inputs as tensors (None where left out) and return
a tensor or a tuple of them.
"""

from onnx_map import elementwise, nets, reductions, sequences, shapes, windows  # noqa: F401  they register what they map
from onnx_map.graph import OPERATORS, Node, NotMapped, run

__all__ = ["OPERATORS", "Node", "NotMapped", "run"]
