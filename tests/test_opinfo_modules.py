"""Every sample that torch has for a layer of ours: with the same weights, the same results and gradients, in float64.

pytest -m peers
"""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import tilestack as ts

torch = pytest.importorskip("torch")
pytest.importorskip("expecttest", reason="torch's generators need it")
pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]  # of torch

from opinfo import Inexpressible, array_of, difference, flat, to_ts, type_name  # noqa: E402

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_modules import module_db

UNTOLD = {"RReLU", "TransformerEncoder"}  # random; made of a layer of torch
LAYERS = {
    info.module_cls.__name__: info
    for info in module_db
    if hasattr(ts.nn, info.module_cls.__name__) and info.module_cls.__name__ not in UNTOLD
}


def compare(name: str, info: Any, sample: Any, training: bool) -> None:
    made, called = sample.constructor_input, sample.forward_input
    what = f"{name}{tuple(map(str, made.args))} {made.kwargs}"
    peer = info.module_cls(*made.args, **made.kwargs).to(torch.float64).train(training)
    leaves: list[Any] = []
    args, kwargs = to_ts(called.args, leaves), to_ts(called.kwargs, leaves)
    want = flat(peer(*called.args, **called.kwargs))
    ours = getattr(ts.nn, name)(*to_ts(made.args), **to_ts(made.kwargs)).to(ts.float64).train(training)
    ours.load_state_dict({key: to_ts(value) for key, value in peer.state_dict().items()})
    got = flat(ours(*args, **kwargs))
    assert len(got) == len(want), f"{what}: {len(got)} results, torch {len(want)}"
    for i, (y, p) in enumerate(zip(got, want, strict=True)):
        if isinstance(p, torch.Tensor):
            wrong = difference(array_of(y), array_of(p), array_of(p), type_name(p))
            assert not wrong, f"{what}: result {i}: {wrong}"
            assert y.requires_grad == p.requires_grad, f"{what}: result {i} requires_grad {y.requires_grad}"
    pairs = [(x, y) for x, y in leaves if x.requires_grad]
    mine = dict(ours.named_parameters())
    pairs += [(x, mine[key]) for key, x in peer.named_parameters() if x.requires_grad]
    for p, y in zip(want, got, strict=True):
        if isinstance(p, torch.Tensor) and p.requires_grad:
            p.sum().backward(retain_graph=True)
            y.sum().backward(retain_graph=True)
    for i, (x, y) in enumerate(pairs):
        if x.grad is None or y.grad is None:
            assert x.grad is None or not x.grad.any(), f"{what}: no gradient {i}"
            continue
        grad = array_of(x.grad)
        # Inputs reach 9, and norms divide what cancels by deviations below 1.
        wrong = difference(array_of(y.grad), grad, grad, type_name(x), factor=64, least=8.0)
        assert not wrong, f"{what}: gradient {i}: {wrong}"


@pytest.mark.parametrize("name", LAYERS)
def test_layer(name: str) -> None:
    info, told = LAYERS[name], 0
    for training in (True, False):
        torch.manual_seed(0)
        inputs = info.module_inputs_func(info, device="cpu", dtype=torch.float64, requires_grad=True, training=training)
        for sample in inputs:
            try:
                compare(name, info, sample, training)
            except Inexpressible:
                continue
            told += 1
    assert told, f"{name}: no sample could be told"
