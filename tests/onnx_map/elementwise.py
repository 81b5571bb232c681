"""Functions of each element, and of pairs of elements."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

import tilestack as ts
from onnx_map.graph import OPERATORS, NotMapped, operator, to_tensor

F = ts.nn.functional

UNARY = {
    "Abs": "abs",
    "Acos": "acos",
    "Acosh": "acosh",
    "Asin": "asin",
    "Asinh": "asinh",
    "Atan": "atan",
    "Atanh": "atanh",
    "BitwiseNot": "bitwise_not",
    "Ceil": "ceil",
    "Cos": "cos",
    "Cosh": "cosh",
    "Erf": "erf",
    "Exp": "exp",
    "Floor": "floor",
    "HardSwish": "hardswish",
    "IsNaN": "isnan",
    "Log": "log",
    "Mish": "mish",
    "Neg": "neg",
    "Not": "logical_not",
    "Reciprocal": "reciprocal",
    "Relu": "relu",
    "Round": "round",
    "Sigmoid": "sigmoid",
    "Sign": "sign",
    "Sin": "sin",
    "Sinh": "sinh",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Sqrt": "sqrt",
    "Tan": "tan",
    "Tanh": "tanh",
}
BINARY = {
    "And": "logical_and",
    "BitwiseAnd": "bitwise_and",
    "BitwiseOr": "bitwise_or",
    "BitwiseXor": "bitwise_xor",
    "Equal": "eq",
    "Greater": "gt",
    "GreaterOrEqual": "ge",
    "Less": "lt",
    "LessOrEqual": "le",
    "Mul": "mul",
    "Or": "logical_or",
    "Sub": "sub",
    "Xor": "logical_xor",
}


def named(name: str) -> Any:
    function = getattr(ts, name, None) or getattr(F, name)
    return lambda node, *inputs: function(*inputs)


# A function of torch's that tilestack does not have is an operator less.
OPERATORS.update({op: named(name) for op, name in UNARY.items() if hasattr(ts, name) or hasattr(F, name)})
OPERATORS.update({op: named(name) for op, name in BINARY.items()})


@operator("Add")
def add(node, x, y):
    return ts.add(x, y)


@operator("Sum")
def sum_of(node, *xs):
    return functools.reduce(ts.add, xs)


@operator("Mean")
def mean_of(node, *xs):
    return functools.reduce(ts.add, xs) / len(xs)


@operator("Max")
def max_of(node, *xs):
    return functools.reduce(ts.maximum, xs)


@operator("Min")
def min_of(node, *xs):
    return functools.reduce(ts.minimum, xs)


@operator("Identity")
def identity(node, x):
    return x.clone()


@operator("Div")
def div(node, x, y):
    if x.is_floating_point():
        return ts.div(x, y)
    quotient, rest = ts.floor_divide(x, y), ts.remainder(x, y)  # ONNX rounds towards zero
    return ts.where((rest != 0) & ((x < 0) != (y < 0)), quotient + 1, quotient)


@operator("Mod")
def mod(node, x, y):
    if not node("fmod", 0):
        return ts.remainder(x, y)
    if not hasattr(ts, "fmod"):
        raise NotMapped("tilestack has no fmod")
    return ts.fmod(x, y)


@operator("Pow")
def power(node, x, y):
    return ts.pow(x, y).to(x.dtype)


@operator("Where")
def where(node, condition, x, y):
    return ts.where(condition, x, y)


@operator("Clip")
def clip(node, x, low=None, high=None):
    low = node("min") if low is None else low.item()
    high = node("max") if high is None else high.item()
    if low is None and high is None:
        return x.clone()
    return ts.clamp(x, low, high)


@operator("IsInf")
def isinf(node, x):
    found = ts.isinf(x)
    if not node("detect_positive", 1):
        found = found & (x < 0)
    if not node("detect_negative", 1):
        found = found & (x > 0)
    return found


@operator("Celu")
def celu(node, x):
    return F.celu(x, node("alpha", 1.0))


@operator("Elu")
def elu(node, x):
    return F.elu(x, node("alpha", 1.0))


@operator("Selu")
def selu(node, x):
    if "alpha" not in node.attributes:
        return F.selu(x)
    return node("gamma") * F.elu(x, node("alpha"))


@operator("LeakyRelu")
def leaky_relu(node, x):
    return F.leaky_relu(x, node("alpha", 0.01))


@operator("ThresholdedRelu")
def thresholded_relu(node, x):
    return F.threshold(x, node("alpha", 1.0), 0.0)


@operator("HardSigmoid")
def hard_sigmoid(node, x):
    return ts.clamp(node("alpha", 0.2) * x + node("beta", 0.5), 0, 1)


@operator("Gelu")
def gelu(node, x):
    return F.gelu(x, approximate=node("approximate", "none"))


@operator("Swish")
def swish(node, x):
    return x * ts.sigmoid(node("alpha", 1.0) * x)


@operator("SwiGLU")
def swiglu(node, gate, up):
    alpha = node("alpha", 1.0)
    return F.swiglu(gate, up) if alpha == 1 else gate * ts.sigmoid(alpha * gate) * up


@operator("PRelu")
def prelu(node, x, slope):
    if node.opset < 7:
        return F.prelu(x, slope)
    if x.dim() > 1 and slope.dim() == x.dim() - 1 and slope.numel() == slope.shape[0] in (1, x.shape[1]):
        return F.prelu(x, slope.reshape(-1))
    return ts.where(x < 0, slope * x, x)


@operator("Shrink")
def shrink(node, x):
    level, bias = node("lambd", 0.5), node("bias", 0.0)
    return ts.where(x < -level, x + bias, ts.where(x > level, x - bias, ts.zeros_like(x))).to(x.dtype)


# TensorProto's numbers of the dtypes that there are.
DTYPES = {
    1: ts.float32,
    2: ts.uint8,
    3: ts.int8,
    6: ts.int32,
    7: ts.int64,
    9: ts.bool,
    10: ts.float16,
    11: ts.float64,
    16: ts.bfloat16,
}


def dtype_of(number: int) -> ts.dtype:
    if number not in DTYPES:
        raise NotMapped(f"dtype number {number}")
    return DTYPES[number]


@operator("Cast")
def cast(node, x):
    return x.to(dtype_of(node("to")))


@operator("CastLike")
def cast_like(node, x, like):
    return x.to(like.dtype)


@operator("BitCast")
def bit_cast(node, x):
    return x.view(dtype_of(node("to")))


@operator("Constant")
def constant(node):
    for name, kind in (("value_float", np.float32), ("value_floats", np.float32)):
        if name in node.attributes:
            return to_tensor(np.array(node(name), kind))
    for name in ("value_int", "value_ints"):
        if name in node.attributes:
            return to_tensor(np.array(node(name), np.int64))
    return to_tensor(node("value"))


@operator("Dropout")
def dropout(node, x, ratio=None, training=None):
    p = node("ratio", 0.5) if ratio is None else ratio.item()
    on = training is not None and bool(training.item())
    if on and p > 0:
        raise NotMapped("random numbers")
    y = F.dropout(x, p, training=on)
    return (y, ts.ones_like(x, dtype=ts.bool))[: node.outputs]
