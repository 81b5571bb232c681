"""The libraries that results are compared with. Those that are not installed are left out."""

from __future__ import annotations

import importlib
from typing import Any

NAMES = ("numpy", "torch", "onnxruntime", "jax", "threadpoolctl")


def find(name: str) -> Any:
    """The module, or None where it is not installed. jax runs on the CPU, as everyone here does."""
    try:
        module = importlib.import_module(name)
    except ImportError:
        return None
    if name == "jax":
        module.config.update("jax_platforms", "cpu")
    return module


def onnx_call(op: str, arrays: list[Any], threads: int, **attributes: Any) -> Any:
    """A function that runs one ONNX op on these arrays by onnxruntime; None without onnxruntime and onnx."""
    runtime, onnx = find("onnxruntime"), find("onnx")
    if not runtime or not onnx:
        return None
    helper = onnx.helper
    names = [f"x{i}" for i in range(len(arrays))]
    float32 = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node(op, names, ["y"], **attributes)],
        op,
        [helper.make_tensor_value_info(name, float32, x.shape) for name, x in zip(names, arrays, strict=True)],
        [helper.make_tensor_value_info("y", float32, None)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    session = runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    inputs = dict(zip(names, arrays, strict=True))
    return lambda: session.run(None, inputs)


def onnx_product(a: Any, b: Any, threads: int) -> Any:
    """A B by ONNX's Gemm, which takes the transpose of either as an attribute."""
    turn_a, turn_b = (not x.flags.c_contiguous for x in (a, b))
    return onnx_call(
        "Gemm", [a.T if turn_a else a, b.T if turn_b else b], threads, transA=int(turn_a), transB=int(turn_b)
    )
