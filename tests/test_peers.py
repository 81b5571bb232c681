"""Random shapes, views and dtypes against torch: results, dtypes, gradients, and which calls are wrong.

pytest -m peers
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

import tilestack as ts
from harness import FLOATS, INTS, rounded
from parity import ROUNDOFF

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore::UserWarning")]  # of torch

Shape = tuple[int, ...]


@dataclass
class Input:
    """A leaf and a view of it, made alike in every library."""

    base: np.ndarray  # float64, int64 or bool
    view: Callable[[Any], Any]
    dtype: str
    grad: bool

    def make(self, lib: Library, dtype: str | None = None) -> tuple[Any, Any]:
        dtype = dtype if dtype and self.dtype in FLOATS else self.dtype
        leaf = lib.tensor(self.base, dtype)
        if self.grad and self.dtype in FLOATS:
            leaf.requires_grad_()
        return leaf, self.view(leaf)


class Library:
    def __init__(self, module: Any) -> None:
        self.module, self.functional = module, module.nn.functional

    def find(self, name: str) -> Callable[..., Any] | None:
        for place in (self.functional, self.module, self.module.Tensor):
            if hasattr(place, name):
                return getattr(place, name)
        return None

    def tensor(self, values: np.ndarray, dtype: str) -> Any:
        array = np.array(values, np.float32 if dtype == "bfloat16" else dtype)
        x = self.module.from_numpy(array)
        return x.to(self.module.bfloat16) if dtype == "bfloat16" else x


OURS, TORCH = Library(ts), Library(torch)


class Draw:
    """Random inputs of one call."""

    def __init__(self, seed: int, dtypes: tuple[str, ...] = FLOATS) -> None:
        self.rng = np.random.default_rng(seed)
        weights = np.array([4 if d == "float32" else 2 if d == "float64" else 1 for d in dtypes])
        self.dtype = str(self.rng.choice(dtypes, p=weights / weights.sum()))

    def int(self, low: int, high: int) -> int:
        """Both included."""
        return int(self.rng.integers(low, high + 1))

    def chance(self, p: float = 0.5) -> bool:
        return bool(self.rng.random() < p)

    def pick(self, *choices: Any) -> Any:
        return choices[self.int(0, len(choices) - 1)]

    def size(self) -> int:
        return self.pick(1, 2, 3, 5, 8, 17, 33) if self.chance(0.93) else 0

    def shape(self, least: int = 0, most: int = 4) -> Shape:
        return tuple(self.size() for _ in range(self.int(least, most)))

    def full_shape(self, least: int = 0, most: int = 4) -> Shape:
        return tuple(max(1, n) for n in self.shape(least, most))

    def dim(self, ndim: int) -> int:
        return self.int(-ndim, ndim - 1) if ndim else self.pick(0, -1)

    def values(self, shape: Shape, dtype: str, low: float | None, high: float | None) -> np.ndarray:
        if dtype == "bool":
            return self.rng.random(shape) < 0.5
        if dtype not in FLOATS:
            low, high = (0 if dtype == "uint8" else -5) if low is None else low, 6 if high is None else high
            return np.asarray(self.rng.integers(int(low), max(int(high), int(low) + 1), shape))
        values = self.rng.standard_normal(shape) if low is None else self.rng.uniform(low, high, shape)
        return rounded(np.asarray(values), dtype)

    def tensor(
        self, shape: Shape, low: Any = None, high: Any = None, dtype: str | None = None, grad: bool = True
    ) -> Input:
        dtype = dtype or self.dtype
        make = functools.partial(self.values, dtype=dtype, low=low, high=high)
        kind = self.pick("plain", "plain", "permuted", "stepped", "narrowed", "expanded", "channels last", "inner")
        if kind == "permuted" and shape:
            order = [int(i) for i in self.rng.permutation(len(shape))]
            back = [order.index(i) for i in range(len(shape))]
            return Input(make(tuple(shape[i] for i in order)), lambda x: x.permute(*back), dtype, grad)
        if kind == "stepped" and shape:
            base = make((*shape[:-1], 2 * shape[-1] + 1))
            return Input(base, lambda x: x[..., 1::2], dtype, grad)
        if kind == "narrowed" and shape:
            return Input(make((shape[0] + 2, *shape[1:])), lambda x: x[1:-1], dtype, grad)
        if kind == "expanded" and any(n > 1 for n in shape):
            dim = next(i for i, n in enumerate(shape) if n > 1)
            return Input(make((*shape[:dim], 1, *shape[dim + 1 :])), lambda x: x.expand(*shape), dtype, grad)
        if kind == "channels last" and len(shape) == 4:
            n, c, h, w = shape
            return Input(make((n, h, w, c)), lambda x: x.permute(0, 3, 1, 2), dtype, grad)
        if kind == "inner" and shape:
            return Input(make((*shape, 3)), lambda x: x[..., 1], dtype, grad)
        return Input(make(shape), lambda x: x, dtype, grad)

    def indices(self, shape: Shape, below: int) -> Input:
        return self.tensor(shape, 0, below, "int64", grad=False)

    def broadcast(self, count: int = 2) -> list[Shape]:
        full = self.shape(0, 4)
        shapes = [tuple(1 if self.chance(0.2) else n for n in full[self.int(0, len(full)) :]) for _ in range(count)]
        if self.chance(0.08) and shapes[0]:  # most often wrong
            shapes[0] = (*shapes[0][:-1], shapes[0][-1] + 1)
        return shapes


Call = tuple[list[Any], dict[str, Any]]
RECIPES: dict[str, Callable[[Draw], Call]] = {}
DTYPES: dict[str, tuple[str, ...]] = {}  # of RECIPES, where not FLOATS


def recipe(*names: str, dtypes: tuple[str, ...] = FLOATS) -> Callable[[Any], Any]:
    def add(make: Callable[..., Call]) -> Callable[..., Call]:
        for name in names:
            RECIPES[name], DTYPES[name] = make, dtypes
        return make

    return add


EVERY = (*FLOATS, *INTS, "bool")
NUMBERS = (*FLOATS, *INTS)


@recipe(
    "abs", "neg", "sign", "square", "floor", "ceil", "round", "trunc", "sgn", dtypes=(*FLOATS, "int64", "int32", "int8")
)
@recipe("exp", "sin", "cos", "tan", "tanh", "sigmoid", "erf", "exp2", "expm1", "sinh", "cosh", "atan", "asinh", "erfc")
@recipe(
    "relu",
    "relu6",
    "hardtanh",
    "hardswish",
    "softsign",
    "selu",
    "mish",
    "silu",
    "logsigmoid",
)
@recipe("hardsigmoid", dtypes=("float32", "bfloat16", "float16"))  # torch keeps 1/6 in float32
@recipe(
    "logical_not", "isnan", "isinf", "isfinite", "nonzero", "clone", "zeros_like", "ones_like", "detach", dtypes=EVERY
)
def unary(draw: Draw) -> Call:
    return [draw.tensor(draw.shape())], {}


@recipe("log", "sqrt", "rsqrt", "log2", "log10", "log1p", "reciprocal", "lgamma", "digamma")
def positive(draw: Draw) -> Call:
    return [draw.tensor(draw.shape(), 0.1, 4)], {}


@recipe("tanhshrink")  # x - tanh(x) near 0 is the rounding of its terms
def away_from_zero(draw: Draw) -> Call:
    return [draw.tensor(draw.shape(), 0.5, 4)], {}


@recipe("asin", "acos", "atanh", "logit")
def within_one(draw: Draw) -> Call:
    return [draw.tensor(draw.shape(), -0.9, 0.9)], {}


RECIPES["logit"] = lambda draw: ([draw.tensor(draw.shape(), 0.1, 0.9)], {})


@recipe("bitwise_not", dtypes=(*INTS, "bool"))
def bits(draw: Draw) -> Call:
    return [draw.tensor(draw.shape())], {}


@recipe("gelu")
def gelu(draw: Draw) -> Call:
    return [draw.tensor(draw.shape())], {"approximate": draw.pick("none", "tanh")}


@recipe("celu", dtypes=("float32", "bfloat16", "float16"))  # torch keeps 1/alpha in float32
@recipe("leaky_relu", "elu")
def sloped(draw: Draw) -> Call:
    return [draw.tensor(draw.shape()), draw.pick(0.01, 0.5, 1.0)], {}


@recipe("softplus")
def softplus(draw: Draw) -> Call:
    return [draw.tensor(draw.shape(), -30, 30)], draw.pick({}, {"beta": 2.0}, {"threshold": 5})


@recipe("threshold")
def threshold(draw: Draw) -> Call:
    return [draw.tensor(draw.shape()), 0.3, -2.0], {}


@recipe("softshrink", "hardshrink")
def shrink(draw: Draw) -> Call:
    return [draw.tensor(draw.shape()), 0.3], {}


@recipe("glu")
def glu(draw: Draw) -> Call:
    shape = (*draw.full_shape(0, 2), 2 * draw.int(1, 9))
    return [draw.tensor(shape)], {}


@recipe("prelu")
def prelu(draw: Draw) -> Call:
    shape = draw.full_shape(2, 4)
    return [draw.tensor(shape), draw.tensor((draw.pick(1, shape[1]),))], {}


def operands(draw: Draw, low: Any = None, high: Any = None) -> list[Any]:
    """Never uint8 with int8, for which torch has int16."""
    a, b = draw.broadcast()
    x = draw.tensor(a, low, high)
    if draw.chance(0.25):
        return [x, draw.pick(2, 3.0, 1) if low is None or low >= 0 else draw.pick(2, -1.5)]
    if draw.chance(0.15):
        other = draw.pick(*(n for n in NUMBERS if {n, draw.dtype} != {"int8", "uint8"}))
        return [x, draw.tensor(b, low, high, other)]
    return [x, draw.tensor(b, low, high)]


@recipe("add", "mul", "sub", dtypes=NUMBERS)
@recipe("eq", "ne", "lt", "le", "gt", "ge", dtypes=EVERY)
def binary(draw: Draw) -> Call:
    return operands(draw), {}


@recipe("maximum", "minimum", dtypes=NUMBERS)
@recipe("logical_and", "logical_or", "logical_xor", dtypes=EVERY)
@recipe("atan2", "hypot", "logaddexp", "fmin", "fmax")
def binary_of_tensors(draw: Draw) -> Call:
    a, b = draw.broadcast()
    return [draw.tensor(a), draw.tensor(b)], {}


@recipe("bitwise_and", "bitwise_or", "bitwise_xor", dtypes=(*INTS, "bool"))
def binary_bits(draw: Draw) -> Call:
    a, b = draw.broadcast()
    return [draw.tensor(a), draw.tensor(b)], {}


@recipe("div", "true_divide", dtypes=NUMBERS)
def div(draw: Draw) -> Call:
    return operands(draw, 1, 5), {}


@recipe("floor_divide", "remainder", "fmod", dtypes=NUMBERS)
def integer_division(draw: Draw) -> Call:
    x, y = draw.broadcast()
    return [draw.tensor(x, grad=False), draw.pick(draw.tensor(y, 1, 5, grad=False), 2, 1.5)], {}


@recipe("pow")
def power(draw: Draw) -> Call:
    return operands(draw, 0.2, 3), {}


@recipe("clamp", "clip", dtypes=NUMBERS)
def clamp(draw: Draw) -> Call:
    low = 0 if draw.dtype == "uint8" else -1
    return [draw.tensor(draw.shape())], draw.pick(
        {"min": low}, {"max": 1}, {"min": low, "max": 1}, {"min": 1, "max": low}
    )


@recipe("where")
def where(draw: Draw) -> Call:
    a, b, c = draw.broadcast(3)
    return [draw.tensor(a, dtype="bool", grad=False), draw.tensor(b), draw.pick(draw.tensor(c), 2.0)], {}


@recipe("masked_fill")
def masked_fill(draw: Draw) -> Call:
    a, b = draw.broadcast()
    return [draw.tensor(a), draw.tensor(b, dtype="bool", grad=False), draw.pick(2.0, 0, float("-inf"))], {}


@recipe("lerp")
def lerp(draw: Draw) -> Call:
    a, b = draw.broadcast()
    return [draw.tensor(a), draw.tensor(b), 0.3], {}


@recipe("addcmul", "addcdiv")
def addc(draw: Draw) -> Call:
    a, b, c = draw.broadcast(3)
    return [draw.tensor(a), draw.tensor(b), draw.tensor(c, 1, 3)], {"value": 0.5}


def reduced_dims(draw: Draw, ndim: int, several: bool = True) -> dict[str, Any]:
    if draw.chance(0.25):
        return {}
    if several and ndim and draw.chance(0.4):
        chosen = draw.rng.choice(ndim, draw.int(1, ndim), replace=False)
        return {"dim": tuple(int(d) - draw.pick(0, ndim) for d in chosen), "keepdim": draw.chance()}
    return {"dim": draw.dim(ndim), "keepdim": draw.chance()}


@recipe("sum", dtypes=EVERY)
@recipe("mean")
def reduction(draw: Draw) -> Call:
    shape = draw.shape()
    return [draw.tensor(shape)], reduced_dims(draw, len(shape))


@recipe("amax", "amin", dtypes=NUMBERS)
def extreme(draw: Draw) -> Call:
    shape = draw.full_shape()
    return [draw.tensor(shape)], reduced_dims(draw, len(shape))


@recipe("max", "min", dtypes=NUMBERS)
def extreme_with_index(draw: Draw) -> Call:
    shape = draw.full_shape(1)
    return [draw.tensor(shape)], reduced_dims(draw, len(shape), several=False)


@recipe("median")
def median(draw: Draw) -> Call:
    (x,), options = extreme_with_index(draw)
    # torch's median of a tensor that was expanded reads other memory.
    return [replace(x, view=lambda leaf: x.view(leaf).contiguous())], options


@recipe("argmax", "argmin", dtypes=NUMBERS)
def argmax(draw: Draw) -> Call:
    shape = draw.full_shape(1)
    return [draw.tensor(shape, grad=False)], reduced_dims(draw, len(shape), several=False)


@recipe("all", "any", dtypes=(*FLOATS, "int64", "int32", "int8", "bool"))  # torch gives uint8 for uint8
def truth(draw: Draw) -> Call:
    shape = draw.shape()
    return [draw.tensor(shape)], reduced_dims(draw, len(shape), several=False)


@recipe("prod")
def product(draw: Draw) -> Call:
    shape = tuple(min(n, 5) for n in draw.shape())
    return [draw.tensor(shape)], reduced_dims(draw, len(shape), several=False)


@recipe("var", "std")
def variance(draw: Draw) -> Call:
    shape = tuple(max(2, n) for n in draw.shape(1))
    return [draw.tensor(shape)], {
        **reduced_dims(draw, len(shape)),
        **draw.pick({}, {"correction": 0}, {"correction": 1}),
    }


@recipe("norm")
def norm(draw: Draw) -> Call:
    shape = draw.full_shape(1)
    return [draw.tensor(shape)], {"p": 2, **reduced_dims(draw, len(shape))}


@recipe("logsumexp")
def logsumexp(draw: Draw) -> Call:
    shape = draw.full_shape(1)
    return [draw.tensor(shape), draw.dim(len(shape))], {"keepdim": draw.chance()}


@recipe("cumsum", "cumprod")
@recipe("softmax", "log_softmax", "softmin")
def along(draw: Draw) -> Call:
    shape = draw.shape(0)
    return [draw.tensor(shape)], {"dim": draw.dim(len(shape))}


@recipe("matmul")
def matmul(draw: Draw) -> Call:
    m, k, n = draw.size(), draw.size(), draw.size()
    batch = draw.shape(0, 2)
    cut = [tuple(1 if draw.chance(0.2) else s for s in batch[draw.int(0, len(batch)) :]) for _ in range(2)]
    a = draw.pick((k,), (m, k), (*cut[0], m, k), (*cut[0], m, k))
    b = draw.pick((k,), (k, n), (*cut[1], k, n), (*cut[1], k, n))
    if draw.chance(0.05):
        a = (*a[:-1], k + 1)
    return [draw.tensor(a), draw.tensor(b)], {}


@recipe("mm")
def mm(draw: Draw) -> Call:
    m, k, n = draw.size(), draw.size(), draw.size()
    return [draw.tensor((m, k)), draw.tensor((k, n))], {}


@recipe("bmm")
def bmm(draw: Draw) -> Call:
    b, m, k, n = draw.size(), draw.size(), draw.size(), draw.size()
    return [draw.tensor((b, m, k)), draw.tensor((b, k, n))], {}


@recipe("mv")
def mv(draw: Draw) -> Call:
    m, k = draw.size(), draw.size()
    return [draw.tensor((m, k)), draw.tensor((k,))], {}


@recipe("dot")
def dot(draw: Draw) -> Call:
    n = draw.size()
    return [draw.tensor((n,)), draw.tensor((n,))], {}


@recipe("outer")
def outer(draw: Draw) -> Call:
    return [draw.tensor((draw.size(),)), draw.tensor((draw.size(),))], {}


@recipe("linear")
def linear(draw: Draw) -> Call:
    k, n = draw.size(), draw.size()
    return [draw.tensor((*draw.shape(0, 3), k)), draw.tensor((n, k)), draw.pick(None, draw.tensor((n,)))], {}


@recipe("conv2d")
def conv2d(draw: Draw) -> Call:
    groups = draw.pick(1, 1, 2, 3)
    c, o = groups * draw.int(1, 4), groups * draw.int(1, 5)
    kernel = (draw.int(1, 4), draw.int(1, 4))
    kwargs: dict[str, Any] = {
        "stride": draw.pick(1, 2, (1, 3)),
        "padding": draw.pick(0, 1, (2, 0)),
        "dilation": draw.pick(1, 1, 2, (1, 2)),
        "groups": groups,
    }
    if draw.chance(0.1):
        kwargs["padding"], kwargs["stride"] = draw.pick("same", "valid"), 1
    x = draw.tensor((draw.int(1, 3), c, draw.int(7, 14), draw.int(7, 14)))
    return [x, draw.tensor((o, c // groups, *kernel)), draw.pick(None, draw.tensor((o,)))], kwargs


@recipe("max_pool2d", "avg_pool2d")
def pool(draw: Draw) -> Call:
    kernel = draw.pick(2, 3, (2, 3))
    kwargs = {"stride": draw.pick(None, 1, 2, (2, 1)), "padding": draw.pick(0, 1), "ceil_mode": draw.chance(0.3)}
    return [draw.tensor((draw.int(1, 3), draw.int(1, 9), draw.int(4, 11), draw.int(4, 11))), kernel], kwargs


@recipe("adaptive_avg_pool2d", "adaptive_max_pool2d")
def adaptive_pool(draw: Draw) -> Call:
    return [
        draw.tensor((draw.int(1, 3), draw.int(1, 9), draw.int(4, 11), draw.int(4, 11))),
        draw.pick(1, 3, (2, 4)),
    ], {}


@recipe("layer_norm")
def layer_norm(draw: Draw) -> Call:
    shape = (*draw.full_shape(1, 3), draw.int(2, 33))
    inner = shape[-draw.int(1, 2) :]
    weights = draw.pick([], [draw.tensor(inner)], [draw.tensor(inner), draw.tensor(inner)])
    return [draw.tensor(shape), inner, *weights], {"eps": draw.pick(1e-5, 1e-2)}


@recipe("rms_norm")
def rms_norm(draw: Draw) -> Call:
    shape = (*draw.full_shape(0, 3), draw.int(2, 33))
    return [draw.tensor(shape), shape[-1:], draw.pick(None, draw.tensor(shape[-1:]))], {"eps": draw.pick(1e-5, 1e-2)}


@recipe("batch_norm")
def batch_norm(draw: Draw) -> Call:
    shape = (draw.int(2, 5), draw.int(1, 9), *draw.pick((), (draw.int(1, 5), draw.int(2, 6))))
    stats = [draw.tensor(shape[1:2], 0.5, 1.5, grad=False) for _ in range(2)]
    stats = [
        Input(np.array(draw.values(shape[1:2], draw.dtype, 0.5, 1.5)), lambda x: x, draw.dtype, False) for _ in stats
    ]
    weights = draw.pick([None, None], [draw.tensor(shape[1:2]), draw.tensor(shape[1:2])])
    return [draw.tensor(shape), *stats, *weights, draw.chance()], {}


@recipe("group_norm")
def group_norm(draw: Draw) -> Call:
    groups = draw.int(1, 3)
    shape = (draw.int(1, 3), groups * draw.int(1, 3), draw.int(2, 5), draw.int(2, 5))
    return [draw.tensor(shape), groups, *draw.pick([], [draw.tensor(shape[1:2]), draw.tensor(shape[1:2])])], {}


@recipe("embedding")
def embedding(draw: Draw) -> Call:
    rows = draw.int(1, 20)
    return [draw.indices(draw.shape(0, 3), rows), draw.tensor((rows, draw.size()))], draw.pick({}, {"padding_idx": 0})


@recipe("embedding_bag")
def embedding_bag(draw: Draw) -> Call:
    rows, mode = draw.int(2, 20), draw.pick("mean", "sum", "max")
    table = draw.tensor((rows, draw.int(1, 9)))
    options: dict[str, Any] = {"mode": mode, **draw.pick({}, {"padding_idx": 1})}
    if draw.chance():
        shape = (draw.int(1, 5), draw.int(1, 5))
        if mode == "sum" and draw.chance():
            options["per_sample_weights"] = draw.tensor(shape, 0.5, 2, grad=False)
        return [draw.indices(shape, rows), table], options
    total = draw.int(1, 12)
    offsets = draw.indices((draw.int(1, 4),), total + 1)
    offsets.base[...] = np.sort(offsets.base)
    offsets.base.flat[0] = 0
    return [draw.indices((total,), rows), table, offsets], options


@recipe("one_hot")
def one_hot(draw: Draw) -> Call:
    n = draw.int(1, 9)
    return [draw.indices(draw.full_shape(0, 3), n)], {"num_classes": n}


def reduction_name(draw: Draw) -> dict[str, str]:
    return {"reduction": draw.pick("mean", "sum", "none")}


@recipe("cross_entropy")
def cross_entropy(draw: Draw) -> Call:
    n, c = draw.int(1, 9), draw.int(2, 20)
    kwargs: dict[str, Any] = reduction_name(draw)
    kwargs["label_smoothing"] = draw.pick(0.0, 0.1)
    kwargs["weight"] = draw.pick(None, draw.tensor((c,), 0.5, 2, grad=False))
    target = draw.indices((n,), c)
    if n > 1 and draw.chance(0.3):
        target.base.flat[0] = -100
    return [draw.tensor((n, c)), target], kwargs


@recipe("nll_loss")
def nll_loss(draw: Draw) -> Call:
    n, c = draw.int(1, 9), draw.int(2, 20)
    return [draw.tensor((n, c)), draw.indices((n,), c)], reduction_name(draw)


@recipe("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
def difference_loss(draw: Draw) -> Call:
    shape = draw.full_shape()
    return [draw.tensor(shape), draw.tensor(shape)], reduction_name(draw)


@recipe("binary_cross_entropy_with_logits")
def bce_logits(draw: Draw) -> Call:
    shape = draw.full_shape()
    return [draw.tensor(shape), draw.tensor(shape, 0, 1, grad=False)], reduction_name(draw)


@recipe("binary_cross_entropy")
def bce(draw: Draw) -> Call:
    shape = draw.full_shape()
    return [draw.tensor(shape, 0.1, 0.9), draw.tensor(shape, 0.1, 0.9, grad=False)], reduction_name(draw)


@recipe("kl_div")
def kl_div(draw: Draw) -> Call:
    shape = draw.full_shape(1)
    return [draw.tensor(shape, -3, 0), draw.tensor(shape, 0.1, 1, grad=False)], reduction_name(draw)


@recipe("cosine_similarity")
def cosine(draw: Draw) -> Call:
    shape = tuple(n + 1 for n in draw.full_shape(2, 3))  # the slope along one number is 0 but for rounding
    return [draw.tensor(shape), draw.tensor(shape)], {"dim": draw.pick(-1, 0, 1)}


def signs(draw: Draw, n: int) -> Input:
    target = draw.tensor((n,), grad=False)
    target.base[...] = np.where(target.base > 0, 1, -1)
    return target


@recipe("cosine_embedding_loss")
def cosine_embedding(draw: Draw) -> Call:
    n, d = draw.int(1, 9), draw.int(2, 9)
    options = {"margin": draw.pick(0.0, 0.3), **reduction_name(draw)}
    return [draw.tensor((n, d)), draw.tensor((n, d)), signs(draw, n)], options


@recipe("margin_ranking_loss")
def margin_ranking(draw: Draw) -> Call:
    n = draw.int(1, 9)
    options = {"margin": draw.pick(0.0, 0.3), **reduction_name(draw)}
    return [draw.tensor((n,)), draw.tensor((n,)), signs(draw, n)], options


@recipe("pairwise_distance")
def pairwise_distance(draw: Draw) -> Call:
    shape = draw.full_shape(1, 3)
    options = {"p": draw.pick(1.0, 2.0, 3.0, float("inf")), "keepdim": draw.chance()}
    return [draw.tensor(shape), draw.tensor(shape)], options


@recipe("triplet_margin_loss")
def triplet(draw: Draw) -> Call:
    shape = (draw.int(1, 9), draw.int(2, 9))
    options = {"swap": draw.chance(), "p": draw.pick(1.0, 2.0), **reduction_name(draw)}
    return [draw.tensor(shape) for _ in range(3)], options


@recipe("linear_cross_entropy")
def linear_cross_entropy(draw: Draw) -> Call:
    n, d, c = draw.int(1, 9), draw.int(1, 9), draw.int(2, 20)
    options: dict[str, Any] = {"label_smoothing": draw.pick(0.0, 0.1), **reduction_name(draw)}
    return [draw.tensor((n, d)), draw.tensor((c, d)), draw.indices((n,), c)], options


@recipe("scaled_dot_product_attention")
def attention(draw: Draw) -> Call:
    batch, d, t, s = draw.full_shape(2, 2), draw.int(1, 16), draw.int(1, 9), draw.int(1, 9)
    return [draw.tensor((*batch, t, d)), draw.tensor((*batch, s, d)), draw.tensor((*batch, s, d))], {
        "is_causal": draw.chance()
    }


@recipe("cat", "concat", "concatenate", dtypes=EVERY)
def cat(draw: Draw) -> Call:
    shape = list(draw.shape(1))
    dim = draw.dim(len(shape))
    parts = []
    for _ in range(draw.int(1, 4)):
        shape[dim] = draw.size()
        parts.append(draw.tensor(tuple(shape), dtype=draw.pick(draw.dtype, draw.dtype, "float32")))
    return [parts], {"dim": dim}


@recipe("stack", dtypes=EVERY)
def stack(draw: Draw) -> Call:
    shape = draw.shape(0, 3)
    return [[draw.tensor(shape) for _ in range(draw.int(1, 4))]], {"dim": draw.dim(len(shape) + 1)}


@recipe("pad")
def pad(draw: Draw) -> Call:
    shape = tuple(n + 2 for n in draw.full_shape(1))
    widths = tuple(draw.int(-1, 3) for _ in range(2 * draw.int(1, len(shape))))
    return [draw.tensor(shape), widths], draw.pick({}, {"value": 1.5})


@recipe("gather")
def gather(draw: Draw) -> Call:
    shape = draw.full_shape(1, 3)
    dim = draw.dim(len(shape))
    size = list(shape)
    size[dim] = draw.int(1, 7)
    return [draw.tensor(shape), dim, draw.indices(tuple(size), shape[dim])], {}


@recipe("index_select")
def index_select(draw: Draw) -> Call:
    shape = draw.full_shape(1)
    dim = draw.dim(len(shape))
    return [draw.tensor(shape), dim, draw.indices((draw.int(1, 7),), shape[dim])], {}


@recipe("take_along_dim")
def take_along_dim(draw: Draw) -> Call:
    shape = draw.full_shape(1, 3)
    dim = draw.dim(len(shape))
    size = list(shape)
    size[dim] = draw.int(1, 7)
    return [draw.tensor(shape), draw.indices(tuple(size), shape[dim]), dim], {}


@recipe("tril", "triu")
def triangle(draw: Draw) -> Call:
    return [draw.tensor(draw.shape(2)), draw.int(-2, 2)], {}


@recipe("flatten", dtypes=EVERY)
def flatten(draw: Draw) -> Call:
    return [draw.tensor(draw.shape(1)), draw.int(0, 1)], {}


@recipe("reshape", dtypes=EVERY)
def reshape(draw: Draw) -> Call:
    shape = draw.full_shape(1)
    return [draw.tensor(shape), draw.pick((-1,), (shape[0], -1), (-1, shape[-1]), (1, -1, 1), (7, -1))], {}


@recipe("transpose", "swapaxes", dtypes=EVERY)
def transpose(draw: Draw) -> Call:
    shape = draw.shape(1)
    return [draw.tensor(shape), draw.dim(len(shape)), draw.int(-4, 4)], {}


@recipe("movedim")
def movedim(draw: Draw) -> Call:
    shape = draw.shape(1)
    return [draw.tensor(shape), draw.dim(len(shape)), draw.dim(len(shape))], {}


@recipe("permute")
def permute(draw: Draw) -> Call:
    shape = draw.shape(1)
    return [draw.tensor(shape), tuple(int(i) for i in draw.rng.permutation(len(shape)))], {}


@recipe("squeeze", "unsqueeze", "unbind", dtypes=EVERY)
def one_dim(draw: Draw) -> Call:
    shape = draw.shape(1)
    return [draw.tensor(shape), draw.int(-5, 4)], {}


@recipe("select", dtypes=EVERY)
def select(draw: Draw) -> Call:
    shape = draw.shape(1)
    return [draw.tensor(shape), draw.dim(len(shape)), draw.int(-3, 3)], {}


@recipe("narrow")
def narrow(draw: Draw) -> Call:
    return [draw.tensor(draw.shape(1)), 0, draw.int(-1, 3), draw.int(0, 4)], {}


@recipe("split", "chunk")
def split(draw: Draw) -> Call:
    return [draw.tensor(draw.shape(1)), draw.int(1, 5)], {"dim": draw.pick(0, -1)}


@recipe("t")
def t(draw: Draw) -> Call:
    return [draw.tensor(draw.shape(0, 2))], {}


@recipe("flip")
def flip(draw: Draw) -> Call:
    return [draw.tensor(draw.shape(1)), (draw.pick(0, -1),)], {}


@recipe("roll")
def roll(draw: Draw) -> Call:
    return [draw.tensor(draw.full_shape(1)), draw.int(-3, 3)], {"dims": 0}


@recipe("unflatten")
def unflatten(draw: Draw) -> Call:
    shape = draw.full_shape(1)
    return [draw.tensor(shape), 0, draw.pick((1, -1), (shape[0], 1), (2, -1))], {}


@recipe("full_like")
def full_like(draw: Draw) -> Call:
    return [draw.tensor(draw.shape()), 2.5], {}


@recipe("dropout")
def dropout(draw: Draw) -> Call:
    return [draw.tensor(draw.shape()), draw.pick(0.0, 1.0)], {"training": draw.chance(0.7)}


# Random, about the library itself, or checked elsewhere.
# Ops of fixed shapes: name -> shapes of the tensors, other arguments.
FIXED: dict[str, tuple[list[tuple[int, ...]], dict[str, Any]]] = {
    "argsort": ([(4, 7)], {}),
    "atleast_1d": ([()], {}),
    "atleast_2d": ([(5,)], {}),
    "atleast_3d": ([(5, 2)], {}),
    "avg_pool1d": ([(2, 3, 9)], {"kernel_size": 2}),
    "broadcast_to": ([(3, 1)], {"size": (2, 3, 4)}),
    "conv1d": ([(2, 3, 9), (4, 3, 3), (4,)], {}),
    "conv_transpose1d": ([(2, 3, 9), (3, 4, 3), (4,)], {"stride": 2}),
    "conv_transpose2d": ([(2, 3, 5, 4), (3, 4, 3, 3), (4,)], {"stride": 2, "padding": 1}),
    "count_nonzero": ([(4, 7)], {}),
    "diag": ([(4, 7)], {"diagonal": 1}),
    "diagonal": ([(4, 7)], {"offset": -1}),
    "fold": ([(2, 12, 9)], {"output_size": (4, 4), "kernel_size": (2, 2)}),
    "instance_norm": ([(2, 3, 9)], {}),
    "interpolate": ([(2, 3, 5, 4)], {"scale_factor": 2.0, "mode": "bilinear"}),
    "local_response_norm": ([(2, 7, 5)], {"size": 3, "alpha": 0.1}),
    "lp_pool1d": ([(2, 3, 9)], {"norm_type": 3, "kernel_size": 2}),
    "lp_pool3d": ([(2, 3, 4, 4, 4)], {"norm_type": 2, "kernel_size": 2}),
    "lp_pool2d": ([(2, 3, 6, 6)], {"norm_type": 2, "kernel_size": 2}),
    "max_pool1d": ([(2, 3, 9)], {"kernel_size": 2}),
    "moveaxis": ([(2, 3, 4)], {"source": 0, "destination": 2}),
    "pixel_shuffle": ([(2, 4, 3, 3)], {"upscale_factor": 2}),
    "pixel_unshuffle": ([(2, 1, 4, 6)], {"downscale_factor": 2}),
    "repeat_interleave": ([(3, 4)], {"repeats": 2, "dim": 1}),
    "swapdims": ([(2, 3)], {"dim0": 0, "dim1": 1}),
    "affine_grid": ([(2, 2, 3)], {"size": (2, 3, 5, 4), "align_corners": False}),
    "upsample": ([(2, 3, 5, 4)], {"size": (7, 9), "mode": "bilinear"}),
    "unfold": ([(2, 3, 5, 4)], {"kernel_size": (2, 2)}),
    "sort": ([(4, 7)], {}),
    "std_mean": ([(4, 7)], {}),
    "tile": ([(3, 4)], {"dims": (2, 1)}),
    "topk": ([(4, 7)], {"k": 2}),
}
for fixed, (shapes, options) in FIXED.items():
    RECIPES[fixed] = lambda draw, s=shapes, o=options: ([draw.tensor(shape) for shape in s], dict(o))
    DTYPES[fixed] = FLOATS
DTYPES["lp_pool3d"] = ("float32", "float64")  # all that torch has

EXCUSED = set(
    # their cases say what they do
    "dropout1d index_add masked_select meshgrid scatter scatter_add var_mean "
    "rand randn randint randperm rand_like randn_like randint_like bernoulli normal multinomial manual_seed seed empty empty_like empty_strided zeros ones "
    "full arange linspace eye tensor as_tensor from_numpy from_dlpack get_num_threads set_num_threads is_grad_enabled no_grad "
    "is_autocast_enabled get_autocast_dtype "
    "get_float32_matmul_precision set_float32_matmul_precision "
    "enable_grad set_grad_enabled device dtype Tensor Generator is_tensor save load initial_seed get_rng_state set_rng_state".split()
)


def shared_names() -> list[str]:
    """Functions that both libraries have."""
    names = {n for place in (ts, ts.nn.functional) for n in dir(place) if not n.startswith("_")}
    found = {n for n in names if callable(OURS.find(n)) and n[0].islower() and not isinstance(OURS.find(n), type)}
    return sorted(n for n in found if any(callable(getattr(p, n, None)) for p in (torch, torch.nn.functional)))


NAMES = [name for name in RECIPES if OURS.find(name) and TORCH.find(name)]


def test_every_shared_name_has_a_recipe() -> None:
    """Or samples of torch's own, which test_opinfo.py runs."""
    pytest.importorskip("expecttest", reason="torch's generators need it")
    from opinfo import op_db

    sampled = {op.name.split(".")[-1] for op in op_db} | {alias.name for op in op_db for alias in op.aliases}
    assert not set(shared_names()) - set(RECIPES) - EXCUSED - sampled


@dataclass
class Outcome:
    error: Exception | None
    results: list[Any]
    gradients: list[np.ndarray | None]


def array_of(x: Any) -> np.ndarray:
    x = x.detach()
    if "bfloat16" in str(x.dtype):
        x = x.float()
    # torch has tensors of zeros only, without memory.
    return np.array(x.numpy(force=True) if isinstance(x, torch.Tensor) else x.numpy(), np.float64)


def flat(results: Any) -> list[Any]:
    return list(results) if isinstance(results, (tuple, list)) else [results]


def run(lib: Library, name: str, call: Call, dtype: str | None = None, dys: list[np.ndarray] | None = None) -> Outcome:
    """With every float input in dtype, if it is given."""
    leaves: list[Any] = []

    def made(item: Any) -> Any:
        if isinstance(item, Input):
            leaf, view = item.make(lib, dtype)
            leaves.append(leaf)
            return view
        if isinstance(item, list):
            return [made(x) for x in item]
        return item

    args, kwargs = call
    args, kwargs = [made(a) for a in args], {k: made(v) for k, v in kwargs.items()}
    try:
        results = flat(lib.find(name)(*args, **kwargs))
    except (ValueError, TypeError, IndexError, RuntimeError, ZeroDivisionError) as error:
        return Outcome(error, [], [])
    differentiable = [i for i, y in enumerate(results) if y.requires_grad]
    for i in differentiable:
        dy = lib.tensor(
            np.resize(np.random.default_rng(i).choice([-1.0, 0.5, 1.0, 2.0], 64), tuple(results[i].shape)),
            type_name(results[i]),
        )
        results[i].backward(dy, retain_graph=True)
    return Outcome(None, results, [None if x.grad is None else array_of(x.grad) for x in leaves])


def type_name(x: Any) -> str:
    return str(x.dtype).split(".")[-1]


def check_close(got: np.ndarray, peer: np.ndarray, exact: np.ndarray, dtype: str, what: str) -> None:
    """Within rounding of the float64 result, or about as far from it as torch is."""
    assert got.shape == peer.shape, f"{what}: shape {got.shape}, torch {peer.shape}"
    with np.errstate(all="ignore"):
        unit = ROUNDOFF.get(dtype, 0.0)
        scale = np.abs(exact) + (np.sqrt(np.nanmean(np.where(np.isfinite(exact), exact, 0) ** 2)) if exact.size else 0)
        off = np.abs(peer - exact)
        # torch's own float64, with which ours is compared, is no more exact than ours.
        allowed = (
            (512 if dtype == "float64" else 8) * unit * scale
            + 4 * np.nan_to_num(np.where(np.isfinite(off), off, 0)).max(initial=0)
            + 2.0**-24 * (dtype == "float16")
            + 64 * unit * (scale <= 64 * unit)  # what has cancelled, of terms about 1
        )
        wrong = ~((got == peer) | (np.isnan(got) & np.isnan(peer)) | (np.abs(got - exact) <= allowed))
    if wrong.any():
        at = tuple(map(int, np.argwhere(wrong)[0]))
        pytest.fail(
            f"{what}: {int(wrong.sum())} of {got.size} wrong, at {at}: {got[at]}, torch {peer[at]}, in float64 {exact[at]}"
        )


@pytest.mark.parametrize("name", NAMES)
def test_op(name: str) -> None:
    ran = 0
    for number in range(60):
        draw = Draw(zlib.crc32(name.encode()) + number, DTYPES[name])
        call = RECIPES[name](draw)
        compare(name, call, draw.dtype, f"{name} #{number} {describe(call)}")
        ran += 1
    assert ran


def describe(call: Call) -> str:
    def say(item: Any) -> str:
        if isinstance(item, Input):
            view = item.view(torch.empty(item.base.shape))
            return f"{item.dtype}{tuple(view.shape)} strides {view.stride()}"
        return str([say(x) for x in item]) if isinstance(item, list) else repr(item)

    return ", ".join([say(a) for a in call[0]] + [f"{k}={say(v)}" for k, v in call[1].items()])


def compare(name: str, call: Call, dtype: str, what: str) -> None:
    peer = run(TORCH, name, call)
    ours = run(OURS, name, call)
    if peer.error or ours.error:
        assert ours.error, f"{what}: should fail, as torch does: {peer.error}"
        assert peer.error, f"{what}: torch accepts this: {type(ours.error).__name__}: {ours.error}"
        return
    exact = run(TORCH, name, call, "float64")
    exact = peer if exact.error else exact
    assert len(ours.results) == len(peer.results), what
    for i, (y, p, e) in enumerate(zip(ours.results, peer.results, exact.results, strict=True)):
        assert type_name(y) == type_name(p), f"{what}: result {i} is {y.dtype}, torch {p.dtype}"
        check_close(array_of(y), array_of(p), array_of(e), type_name(y), f"{what}: result {i}")
        assert y.requires_grad == p.requires_grad, f"{what}: result {i} requires_grad {y.requires_grad}"
    inputs = [
        i for a in (*call[0], *call[1].values()) for i in (a if isinstance(a, list) else [a]) if isinstance(i, Input)
    ]
    for i, (g, p, e) in enumerate(zip(ours.gradients, peer.gradients, exact.gradients, strict=True)):
        assert (g is None) == (p is None), f"{what}: gradient of input {i}: {g}, torch {p}"
        if g is not None:
            check_close(g, p, e, inputs[i].dtype, f"{what}: gradient of input {i}")


# Programs of several steps. Each step: lib, x, a fresh tensor of a shape -> x. Smooth, so that rounding stays rounding.
def steps(draw: Draw) -> Callable[[Library, Callable[..., Any], Any], Any]:
    kind = draw.int(0, 17)
    number, flag = draw.int(1, 3), draw.chance()

    def step(lib: Library, fresh: Callable[..., Any], x: Any) -> Any:
        m, last = lib.module, x.shape[-1] if x.ndim else 1
        if kind == 0:
            return m.tanh(x * 0.7 + 0.1)
        if kind == 1:
            return m.sigmoid(x) * x
        if kind == 2 and x.ndim:
            return m.softmax(x, -1 if flag else 0)
        if kind == 3 and x.ndim > 1:
            return x.transpose(0, -1)
        if kind == 4 and x.ndim and x.shape[0] > 1:
            return x[1:] - x[:-1]
        if kind == 5 and x.ndim:
            return x + fresh((last,))
        if kind == 6 and x.ndim:
            return x @ fresh((last, number + 1)) * 0.5
        if kind == 7 and x.ndim:
            return x.mean(-1 if flag else 0, keepdim=True) + x * 0.5
        if kind == 8 and x.ndim:
            return m.cat([x, x * 0.5], 0 if flag else -1)
        if kind == 9:
            return x.reshape(-1, 1) if x.numel() else x
        if kind == 10 and x.ndim:
            return lib.functional.layer_norm(x * 3, (last,), fresh((last,)), fresh((last,)), 0.1)
        if kind == 11 and x.ndim:
            return x[..., :: min(number, 2)]
        if kind == 12 and x.ndim:
            return lib.functional.linear(x, fresh((number + 2, last)) * 0.5, fresh((number + 2,)))
        if kind == 13:
            return x.unsqueeze(0).expand(number, *x.shape) * 0.5 if x.ndim < 4 else x
        if kind == 14 and x.ndim:
            return x.sum(0) * 0.3
        if kind == 15 and x.ndim and x.shape[0]:
            return x[m.tensor([0, -1, 0])]
        if kind == 16 and x.ndim:
            return m.log_softmax(x, -1) * 0.3
        return lib.functional.gelu(x) + m.exp(-x * x)

    return step


@pytest.mark.parametrize("block", range(20))
def test_programs(block: int) -> None:
    """Twenty chains of ops on one tensor, in float32 and float64."""
    for seed in range(20 * block, 20 * block + 20):
        draw = Draw(seed, ("float32", "float64"))
        start = draw.tensor(draw.full_shape(1, 3))
        chain = [steps(draw) for _ in range(draw.int(3, 8))]

        def outcome(
            lib: Library, dtype: str, seed: int = seed, start: Input = start, chain: Any = chain
        ) -> tuple[np.ndarray, list[np.ndarray]]:
            rng, leaves = np.random.default_rng(seed), []

            def fresh(shape: Shape) -> Any:
                leaves.append(lib.tensor(rng.standard_normal(shape).astype(np.float32), dtype).requires_grad_())
                return leaves[-1]

            leaf, x = start.make(lib, dtype)
            for step in chain:
                x = step(lib, fresh, x)
            x.backward(lib.tensor(rng.standard_normal(tuple(x.shape)).astype(np.float32), dtype))
            return array_of(x), [array_of(leaf.grad), *(array_of(w.grad) for w in leaves if w.grad is not None)]

        (y, grads), (py, pgrads), (ey, egrads) = (
            outcome(OURS, draw.dtype),
            outcome(TORCH, draw.dtype),
            outcome(TORCH, "float64"),
        )
        what = f"program {seed} {draw.dtype}{start.base.shape}"
        size = max([1.0, *(np.abs(g).max(initial=0) for g in egrads)])
        for i, (got, peer, exact) in enumerate(zip([y, *grads], [py, *pgrads], [ey, *egrads], strict=True)):
            allowed = 64 * ROUNDOFF[draw.dtype] * size + 8 * np.abs(peer - exact).max(initial=0)
            assert got.shape == peer.shape, f"{what}: {i}"
            assert np.abs(got - exact).max(initial=0) <= allowed, (
                f"{what}: {'result' if i == 0 else f'gradient {i - 1}'}"
            )
