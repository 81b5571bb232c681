"""Every sample input that torch has for an op of ours, forward and backward, agrees or is refused as is written down.

pytest -m peers
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tilestack as ts
from opinfo_refusals import ACCEPTED, REFUSED

torch = pytest.importorskip("torch")
pytest.importorskip("expecttest", reason="torch's generators need it")
pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]  # of torch

import opinfo  # noqa: E402
from opinfo import array_of, describe, difference, flat, full_name, type_name  # noqa: E402

RANDOM = {  # nothing to compare
    *(
        "bernoulli",
        "empty",
        "empty_like",
        "empty_strided",
        "multinomial",
        "new_empty",
        "normal",
        "rand_like",
        "randint",
    ),
    *("randn", "randn_like", "nn.functional.rrelu", "nn.functional.alpha_dropout", "nn.functional.dropout"),
    *("nn.functional.dropout2d", "nn.functional.dropout3d", "nn.functional.feature_alpha_dropout"),
}
UNTOLD = {  # complex numbers, other devices, callables, writing in place on the tape
    *("nn.functional.batch_norm/without_cudnn", "nn.functional.silu/complex", "to", "zero_"),
    "nn.functional.triplet_margin_with_distance_loss",
}
OPS = {full_name(op): op for op in opinfo.shared_ops(RANDOM) if full_name(op) not in UNTOLD}
# torch keeps a constant of the gradient in float32, or takes logarithms of the gradient.
COARSE = {"nn.functional.hardsigmoid", "logcumsumexp"}
# Where two positions may hold equal elements, libraries may name either: torch promises an order for stable sorts alone.
TIES = {"argsort", "kthvalue", "median", "mode", "msort", "nanmedian", "sort", "topk"}
# Samples of op_db whose arguments are in an order of its own.
REORDERED: dict[str, Callable[..., Any]] = {
    "where": lambda x, condition, other: ts.where(condition, x, other),
    "nn.functional.embedding": lambda weight, index, **kw: ts.nn.functional.embedding(index, weight, **kw),
    "nn.functional.embedding_bag": lambda weight, index, *a, **kw: ts.nn.functional.embedding_bag(
        index, weight, *a, **kw
    ),
    "einsum": lambda operands, equation: ts.einsum(equation, *operands),
    "unfold": ts.Tensor.unfold,
}
ERRORS = (ValueError, TypeError, IndexError)


def call_of(op: Any) -> Callable[..., Any]:
    return REORDERED.get(op.name) or opinfo.ours(op.name)


def check_refusal(name: str, error: Exception, what: str) -> str:
    """The reason in REFUSED that covers the error."""
    message = str(error)
    for reason in REFUSED.get(name, ()):
        if re.search(reason, message):
            return reason
    pytest.fail(f"{what}: {type(error).__name__}: {message[:300]}")


def indices_agree(op: Any, sample: Any, got: Any, want: Any) -> bool:
    """Whether indices differ only among equal elements."""
    if op.name not in TIES or got.dtype != ts.int64:
        return False
    x = sample.input
    if x.dim() == 0:
        return True
    dims = [
        d for d in (*sample.args[-2:], sample.kwargs.get("dim", -1)) if isinstance(d, int) and not isinstance(d, bool)
    ]
    for dim in {*dims, *range(x.dim())}:
        if not -x.dim() <= dim < x.dim():
            continue
        ours, theirs = torch.from_numpy(np.array(got.numpy())), want
        if ours.dim() < x.dim():
            ours, theirs = ours.unsqueeze(dim), theirs.unsqueeze(dim)
        try:
            a, b = x.detach().gather(dim, ours), x.detach().gather(dim, theirs)
        except RuntimeError:
            continue
        if torch.equal(a.nan_to_num(123.0), b.nan_to_num(123.0)):
            return True
    return False


def compare_results(op: Any, sample: Any, got: list[Any], want: list[Any], exact: list[Any], what: str) -> None:
    assert len(got) == len(want), f"{what}: {len(got)} results, torch {len(want)}"
    for i, (y, p, e) in enumerate(zip(got, want, exact, strict=True)):
        if not isinstance(p, torch.Tensor):
            assert y == p or y != y, f"{what}: {y}, torch {p}"
            continue
        assert type_name(y) == type_name(p), f"{what}: result {i} is {y.dtype}, torch {p.dtype}"
        wrong = difference(array_of(y), array_of(p), array_of(e), type_name(p))
        assert not wrong or indices_agree(op, sample, y, p), f"{what}: result {i}: {wrong}"
        same = (
            y.requires_grad == p.requires_grad or op.name == "nn.functional.linear_cross_entropy"
        )  # torch: not always
        assert same, f"{what}: result {i} requires_grad {y.requires_grad}"


def dy_of(i: int, shape: Any) -> np.ndarray:
    return np.resize(np.random.default_rng(i).choice([-1.0, 0.5, 1.0, 2.0], 64), tuple(shape))


def torch_gradients(results: list[Any], leaves: list[Any]) -> list[Any]:
    ys = [(i, y) for i, y in enumerate(results) if isinstance(y, torch.Tensor) and y.requires_grad]
    dys = [torch.from_numpy(dy_of(i, y.shape)).to(y.dtype) for i, y in ys]
    return list(torch.autograd.grad([y for _, y in ys], leaves, dys, allow_unused=True))


def among_equals(x: np.ndarray, gradients: list[np.ndarray], dim: int) -> list[np.ndarray]:
    """Each gradient of x along dim by the elements, those of equal elements by size: which of them got which is lost."""
    return [np.take_along_axis(g, np.lexsort((g, x), dim), dim) for g in gradients]


def compare_gradients(
    op: Any,
    got: list[Any],
    want: list[Any],
    exact: list[Any] | None,
    leaves: list[Any],
    wide_leaves: list[Any],
    what: str,
) -> None:
    ours = [(x, y) for x, y in leaves if x.requires_grad]
    if not ours or not any(isinstance(y, torch.Tensor) and y.requires_grad for y in want):
        return
    peers = torch_gradients(want, [x for x, _ in ours])
    exacts = peers if exact is None else torch_gradients(exact, wide_leaves)
    for i, y in enumerate(got):
        if isinstance(y, ts.Tensor) and y.requires_grad:
            y.backward(ts.from_numpy(dy_of(i, y.shape)).to(y.dtype), retain_graph=True)
    for i, ((x, y), p, e) in enumerate(zip(ours, peers, exacts, strict=True)):
        none = p is None or not p.any()  # torch is of two minds about gradients of 0
        assert y.grad is not None or none, f"{what}: no gradient of input {i}"
        if y.grad is None or p is None:
            continue
        assert type_name(y.grad) == type_name(p), f"{what}: gradient {i} is {y.grad.dtype}"
        # Gradients are sums of terms larger than themselves: sample values reach 9.
        forms = [[array_of(y.grad), array_of(p), array_of(e)]]
        if op.name in TIES:
            forms += [among_equals(array_of(x), forms[0], dim) for dim in range(x.dim())]
        wrong = [difference(*form, type_name(p), factor=64, least=1.0) for form in forms]
        assert not all(wrong), f"{what}: gradient {i}: {wrong[0]}"


def is_random(sample: Any) -> bool:
    return sample.kwargs.get("dropout_p", 0) > 0


def compare(op: Any, sample: Any, dtype: Any, used: set[str]) -> bool:
    """False if the sample can't be told to tilestack."""
    leaves: list[Any] = []
    if is_random(sample):
        return False
    try:
        args, kwargs = opinfo.to_ts((sample.input, *sample.args), leaves), opinfo.to_ts(sample.kwargs, leaves)
    except opinfo.Inexpressible:
        return False
    name = full_name(op)
    what = f"{name} {describe(sample)}"
    want = flat(op.op(sample.input, *sample.args, **sample.kwargs))
    if any(isinstance(y, torch.Tensor) and y.is_complex() for y in want):
        return False
    try:
        got = flat(call_of(op)(*args, **kwargs))
    except (*ERRORS, RuntimeError) as error:
        used.add(check_refusal(name, error, what))
        return True
    wide: list[Any] = []
    try:
        wide_args, wide_kwargs = opinfo.wider((sample.input, *sample.args), wide), opinfo.wider(sample.kwargs, wide)
        exact = flat(op.op(*wide_args, **wide_kwargs))
    except RuntimeError:
        exact = want
    if len(exact) != len(want):
        exact = want
    compare_results(op, sample, got, want, exact, what)
    if op.name in COARSE and dtype == torch.float64:
        return True
    wide_leaves = [x for x in wide if x.requires_grad]
    compare_gradients(op, got, want, None if exact is want else exact, leaves, wide_leaves, what)
    return True


@pytest.mark.parametrize("name", OPS)
def test_samples(name: str) -> None:
    op, told, used = OPS[name], 0, set()
    for dtype in opinfo.DTYPES:
        if dtype in op.supported_dtypes("cpu"):
            told += sum(compare(op, sample, dtype, used) for sample in opinfo.samples_of(op, dtype))
    assert told, f"{name}: no sample could be told"
    assert set(REFUSED.get(name, ())) <= used, f"{name}: refusals that do not happen: {set(REFUSED[name]) - used}"


def raised(function: Callable[..., Any], args: Any, kwargs: Any) -> Exception | None:
    try:
        function(*args, **kwargs)
    except (*ERRORS, RuntimeError) as error:
        return error
    return None


def in_place_name(op: Any) -> str:
    return getattr(op.get_inplace(), "__name__", "")


IN_PLACE = {name: op for name, op in OPS.items() if hasattr(ts.Tensor, in_place_name(op) or "no such name")}


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place(name: str) -> None:
    op = IN_PLACE[name]
    peer, ours = op.get_inplace(), getattr(ts.Tensor, in_place_name(op))
    for dtype in (torch.float32, torch.int64):
        if dtype not in op.supported_dtypes("cpu"):
            continue
        torch.manual_seed(0)
        for sample in op.sample_inputs("cpu", dtype):
            try:
                args, kwargs = opinfo.to_ts((sample.input, *sample.args)), opinfo.to_ts(sample.kwargs)
            except opinfo.Inexpressible:
                continue
            if sample.broadcasts_input:
                continue
            what = f"{ours.__name__} {describe(sample)}"
            refused = raised(peer, (sample.input, *sample.args), sample.kwargs)
            if refused:
                assert raised(ours, args, kwargs), f"{what}: should fail, as torch does: {refused}"
                continue
            try:
                assert ours(*args, **kwargs) is args[0], f"{what}: wanted the tensor itself back"
            except ERRORS as error:
                check_refusal(name, error, what)
                continue
            x = sample.input
            wrong = difference(array_of(args[0]), array_of(x), array_of(x), type_name(x))
            assert not wrong, f"{what}: {wrong}"


FAULTY = {name: op for name, op in OPS.items() if op.error_inputs_func is not None}


@pytest.mark.parametrize("name", FAULTY)
def test_error_inputs(name: str) -> None:
    """What torch refuses is refused, but for what is written down, and by an error that names the op."""
    op = FAULTY[name]
    for error_input in op.error_inputs("cpu"):
        sample = error_input.sample_input
        try:
            args, kwargs = opinfo.to_ts((sample.input, *sample.args)), opinfo.to_ts(sample.kwargs)
        except opinfo.Inexpressible:
            continue
        if "out" in kwargs:
            continue
        what = f"{name} {describe(sample)}, where torch says {error_input.error_regex!r}"
        if not error_input.error_regex:  # numbers in place of tensors, which ours take
            continue
        if any(re.search(pattern, str(error_input.error_regex)) for pattern in ACCEPTED.get(name, ())):
            continue
        error = raised(call_of(op), args, kwargs)
        assert error, f"{what}: should fail"
        assert re.match(r"\w+(\(\))?:|\w+\(\)", str(error)), f"{what}: the message names no op: {error}"
