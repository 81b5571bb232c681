"""Creation, views, conversion and printing of tensors, against numpy."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest

import tilestack as ts
from harness import ALL, FLOATS, INTS, to_array

DTYPES = {name: getattr(ts, name) for name in ALL}


def counting(*shape: int) -> tuple[np.ndarray, ts.Tensor]:
    values = np.arange(math.prod(shape), dtype=np.float32).reshape(shape)
    return values, ts.tensor(values)


def check(x: ts.Tensor, want: np.ndarray) -> None:
    assert tuple(x.shape) == want.shape
    np.testing.assert_array_equal(x.detach().numpy(), want)


def test_creation() -> None:
    check(ts.zeros(2, 3), np.zeros((2, 3)))
    check(ts.ones((2, 3), dtype=ts.int64), np.ones((2, 3)))
    check(ts.full((2,), 7.5), np.full(2, 7.5))
    check(ts.arange(5), np.arange(5))
    check(ts.arange(1, 2, 0.25), np.arange(1, 2, 0.25))
    check(ts.eye(3), np.eye(3))
    np.testing.assert_allclose(ts.linspace(0, 1, 7).numpy(), np.linspace(0, 1, 7), rtol=1e-7)
    assert ts.empty(3, 0).shape == (3, 0)
    like = ts.zeros_like(ts.ones(2, 2, dtype=ts.float64))
    assert like.dtype is ts.float64
    check(like, np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("data", "dtype"),
    [(1, "int64"), (1.5, "float32"), (True, "bool"), ([1, 2.0], "float32"), ([[True]], "bool"), ([], "float32")],
)
def test_dtype_of_python_values(data, dtype: str) -> None:
    x = ts.tensor(data)
    assert x.dtype is DTYPES[dtype]
    assert x.shape == np.shape(data)
    assert x.tolist() == data


@pytest.mark.parametrize("name", [name for name in ALL if name != "bfloat16"])
def test_numpy_keeps_its_dtype(name: str) -> None:
    values = np.array([[0, 1], [1, 0]], dtype=name)
    x = ts.tensor(values)
    assert x.dtype is DTYPES[name]
    assert x.dtype.itemsize == values.itemsize
    values[:] = 0
    assert x.numpy().sum() == 2, "ts.tensor copies"


def test_requires_grad_of_integers_is_refused() -> None:
    with pytest.raises(RuntimeError, match="float"):
        ts.tensor([1], requires_grad=True)


def test_attributes() -> None:
    x = ts.zeros(2, 3, 4)
    assert (x.ndim, x.dim(), x.numel(), x.size(), x.size(-1)) == (3, 3, 24, (2, 3, 4), 4)
    assert (x.stride(), x.stride(0), x.is_contiguous()) == ((12, 4, 1), 12, True)
    assert (x.itemsize, x.nbytes, len(x), str(x.device)) == (4, 96, 2, "cpu")
    assert isinstance(x.shape, tuple)
    assert not x.transpose(0, 1).is_contiguous()


VIEWS = {
    "reshape": (lambda x: x.reshape(4, -1), lambda a: a.reshape(4, -1)),
    "reshape tuple": (lambda x: x.reshape((24,)), lambda a: a.reshape(24)),
    "view": (lambda x: x.view(3, 8), lambda a: a.reshape(3, 8)),
    "flatten": (lambda x: x.flatten(1), lambda a: a.reshape(2, 12)),
    "flatten middle": (lambda x: x.flatten(0, 1), lambda a: a.reshape(6, 4)),
    "transpose": (lambda x: x.transpose(0, -1), lambda a: a.swapaxes(0, 2)),
    "permute": (lambda x: x.permute(2, 0, 1), lambda a: a.transpose(2, 0, 1)),
    "permute negative": (lambda x: x.permute((-1, 0, -2)), lambda a: a.transpose(2, 0, 1)),
    "T": (lambda x: x[0].T, lambda a: a[0].T),
    "mT": (lambda x: x.mT, lambda a: a.swapaxes(1, 2)),
    "unsqueeze": (lambda x: x.unsqueeze(1), lambda a: a[:, None]),
    "unsqueeze last": (lambda x: x.unsqueeze(-1), lambda a: a[..., None]),
    "squeeze": (lambda x: x[:1, :, :1].squeeze(), lambda a: a[0, :, 0]),
    "squeeze one": (lambda x: x[:1, :, :1].squeeze(0), lambda a: a[0, :, :1]),
    "squeeze wide": (lambda x: x.squeeze(1), lambda a: a),
    "expand": (lambda x: x[:, :1].expand(2, 5, 4), lambda a: np.broadcast_to(a[:, :1], (2, 5, 4))),
    "expand keeps": (lambda x: x[:1].expand(3, -1, -1), lambda a: np.broadcast_to(a[:1], (3, 3, 4))),
    "expand new": (lambda x: x.expand(2, 2, 3, 4), lambda a: np.broadcast_to(a, (2, 2, 3, 4))),
    "narrow": (lambda x: x.narrow(2, 1, 2), lambda a: a[:, :, 1:3]),
    "select": (lambda x: x.select(1, -1), lambda a: a[:, -1]),
    "unflatten": (lambda x: x.unflatten(2, (2, 2)), lambda a: a.reshape(2, 3, 2, 2)),
    "movedim": (lambda x: x.movedim(0, 2), lambda a: np.moveaxis(a, 0, 2)),
}


@pytest.mark.parametrize("name", VIEWS)
def test_views_share_memory(name: str) -> None:
    make, expected = VIEWS[name]
    values, x = counting(2, 3, 4)
    check(make(x), expected(values))
    x[:] = -1
    assert (make(x).numpy() == -1).all()
    y = make(x)
    x[:] = 5
    assert (y.numpy() == 5).all(), "a view sees what is written through its base"


def test_reshape_of_a_transposed_tensor_copies_and_view_refuses() -> None:
    values, x = counting(3, 4)
    check(x.T.reshape(12), values.T.reshape(12))
    with pytest.raises((ValueError, RuntimeError), match="view"):
        x.T.view(12)
    check(x.T.view(2, 2, 3), values.T.reshape(2, 2, 3))  # splits one dimension: no copy needed


@pytest.mark.parametrize("shape", [(), (0,), (1,), (0, 3), (2, 0, 4), (1,) * 8])
def test_unusual_shapes(shape: tuple[int, ...]) -> None:
    values, x = counting(*shape)
    check(x, values)
    check(x + 1, values + 1)
    check(x.reshape(-1) if values.size else x.reshape(0), values.reshape(-1))
    check(x.sum(), values.sum())
    assert x.clone().is_contiguous()


def test_split_chunk_unbind() -> None:
    values, x = counting(7, 2)
    for got, want in zip(x.split(3), np.split(values, [3, 6]), strict=True):
        check(got, want)
    for got, want in zip(x.split([1, 4, 2]), np.split(values, [1, 5]), strict=True):
        check(got, want)
    assert [len(part) for part in x.chunk(3)] == [3, 3, 1]
    assert len(x.unbind(1)) == 2
    check(x.unbind(1)[1], values[:, 1])


def test_broadcasting_as_numpy() -> None:
    rng = np.random.default_rng(0)
    for _ in range(100):
        full = rng.integers(1, 4, rng.integers(0, 5))
        shapes = []
        for _ in range(2):
            shape = np.where(rng.random(full.size) < 0.3, 1, full)
            shapes.append(tuple(int(n) for n in shape[rng.integers(0, full.size + 1) :]))
        a, b = (rng.standard_normal(shape).astype(np.float32) for shape in shapes)
        check(ts.tensor(a) - ts.tensor(b), a - b)


def promoted(a: str, b: str) -> str:
    """torch's table, but for uint8 with int8, which is int32 here for want of int16."""
    if a == b:
        return a
    floats = [name for name in (a, b) if name in FLOATS]
    if len(floats) == 1:
        return floats[0]
    if floats:
        return "float64" if "float64" in floats else "float32"
    if {a, b} == {"uint8", "int8"}:
        return "int32"
    order = ["bool", "uint8", "int8", "int32", "int64"]
    return max(a, b, key=order.index)


@pytest.mark.parametrize("a", ALL)
@pytest.mark.parametrize("b", ALL)
def test_promotion(a: str, b: str) -> None:
    x, y = ts.ones(3, dtype=DTYPES[a]), ts.ones(3, dtype=DTYPES[b])
    want = DTYPES[promoted(a, b)]
    assert (x + y).dtype is want
    assert (x * y).dtype is want
    assert (x == y).dtype is ts.bool
    assert (x[0] + y[1]).dtype is want, "two without dimensions promote alike"


@pytest.mark.parametrize("name", ALL)
def test_numbers_do_not_widen(name: str) -> None:
    x = ts.ones(3, dtype=DTYPES[name])
    assert (x + 1.5).dtype is (x.dtype if name in FLOATS else ts.float32)
    assert (x * 2).dtype is (ts.int64 if name == "bool" else x.dtype)
    assert (2 * x).dtype is (x * 2).dtype
    assert (x + ts.tensor(1.0, dtype=ts.float64)).dtype is (x.dtype if name in FLOATS else ts.float64)
    assert (x / 2).dtype is (x.dtype if name in FLOATS else ts.float32), "true division"


@pytest.mark.parametrize("a", ALL)
@pytest.mark.parametrize("b", ALL)
def test_conversion(a: str, b: str) -> None:
    values = np.array([0, 1, 2, 100], bool if a == "bool" else np.float64)
    x = ts.tensor(values).to(DTYPES[a])
    y = x.to(DTYPES[b])
    assert y.dtype is DTYPES[b]
    assert (y is x) == (a == b)
    np.testing.assert_array_equal(to_array(y), to_array(x).astype(bool) if b == "bool" else to_array(x))


def test_rounding_to_16_bits() -> None:
    values = np.array([1 + 2**-9, 1 + 3 * 2**-9, 65519, 65520, 1e-8, -0.0, np.nan, np.inf, 3.4e38], np.float32)
    with np.errstate(over="ignore"):
        half = values.astype(np.float16)
    np.testing.assert_array_equal(ts.tensor(values).half().numpy(), half)
    brain = ts.tensor(values).bfloat16().float().numpy()
    np.testing.assert_array_equal(brain[[0, 1, 5, 6, 7]], np.array([1, 1 + 2**-7, -0.0, np.nan, np.inf], np.float32))
    assert np.signbit(brain[5])
    assert brain[8] == np.inf, "rounds up beyond the largest bfloat16"


def test_every_float16_survives() -> None:
    every = np.arange(65536, dtype=np.uint16).view(np.float16)
    x = ts.from_numpy(every)
    np.testing.assert_array_equal(x.float().numpy(), every.astype(np.float32))
    np.testing.assert_array_equal(x.float().half().numpy(), every)


def test_item_and_numbers() -> None:
    assert ts.tensor(2.5).item() == 2.5
    assert ts.tensor([[7]]).item() == 7
    assert type(ts.tensor(True).item()) is bool
    assert type(ts.tensor(3).item()) is int
    assert float(ts.tensor(1.5)) == 1.5
    assert int(ts.tensor(3.7)) == 3
    assert [10, 20, 30][ts.tensor(2)] == 30
    assert math.isnan(ts.tensor(float("nan"), dtype=ts.bfloat16).item())
    with pytest.raises((ValueError, RuntimeError), match=r"\(2,\)"):
        ts.ones(2).item()


def test_truth() -> None:
    assert ts.tensor(1)
    assert not ts.tensor([[0.0]])
    with pytest.raises((ValueError, RuntimeError), match="truth|ambiguous"):
        bool(ts.ones(2))


def test_iteration_and_length() -> None:
    values, x = counting(3, 2)
    assert len(x) == 3
    for row, want in zip(x, values, strict=True):
        check(row, want)
    with pytest.raises(TypeError):
        len(ts.tensor(1))
    with pytest.raises(TypeError):
        iter(ts.tensor(1))


def test_hash_is_identity() -> None:
    x, y = ts.ones(2), ts.ones(2)
    assert len({x, y, x}) == 2
    assert (x == y).all()
    assert hash(x) == hash(x)
    assert {x: "x"}[x] == "x"


def test_copies() -> None:
    x = ts.tensor([1.0, 2.0], requires_grad=True)
    for y in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert y.requires_grad
        assert y.dtype is x.dtype
        with ts.no_grad():
            y[0] = 9
        assert x.tolist() == [1, 2]
    assert pickle.loads(pickle.dumps(ts.bfloat16)) is ts.bfloat16
    assert copy.deepcopy(ts.float32) is ts.float32
    brain = pickle.loads(pickle.dumps(ts.tensor([1.5], dtype=ts.bfloat16)))
    assert (brain.dtype, brain.tolist()) == (ts.bfloat16, [1.5])


def test_clone_and_contiguous() -> None:
    values, x = counting(3, 4)
    y = x.clone()
    x[:] = 0
    check(y, values)
    assert y.contiguous() is y
    assert y.T.contiguous().is_contiguous()
    check(y.T.contiguous(), values.T)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ([1.0, 2.0, 3.0], "tensor([1., 2., 3.])"),
        ([[1, 2], [3, 4]], "tensor([[1, 2],\n        [3, 4]])"),
        (3.0, "tensor(3.)"),
        (True, "tensor(True)"),
        ([True, False], "tensor([ True, False])"),
        ([float("nan"), float("inf"), -1.0], "tensor([nan, inf, -1.])"),
        ([], "tensor([], dtype=tilestack.float32)"),
        (list(range(2000)), "tensor([   0,    1,    2, ..., 1997, 1998, 1999])"),
    ],
)
def test_printing(data, text: str) -> None:
    assert repr(ts.tensor(data)) == text
    assert str(ts.tensor(data)) == text


def test_printing_says_what_is_special() -> None:
    assert repr(ts.tensor([1, 2], dtype=ts.int32)) == "tensor([1, 2], dtype=tilestack.int32)"
    assert "dtype=tilestack.bfloat16" in repr(ts.tensor([1.5], dtype=ts.bfloat16))
    assert "size=(2, 0)" in repr(ts.zeros(2, 0))
    x = ts.ones(2, requires_grad=True)
    assert repr(x) == "tensor([1., 1.], requires_grad=True)"
    assert "grad_fn=" in repr(x * 2)
    assert "0.12" in repr(ts.tensor([0.12345678]))
    assert "e-" in repr(ts.tensor([1e-8, 1.0]))
    assert "[[[" in repr(ts.zeros(2, 2, 2))
    assert "[65504.]" in repr(ts.tensor([65504.0], dtype=ts.float16))


def test_dtype_names() -> None:
    assert str(ts.float32) == "tilestack.float32"
    assert ts.zeros(1, dtype="float16").dtype is ts.float16
    assert ts.zeros(1, dtype=np.int8).dtype is ts.int8
    assert ts.float16.is_floating_point
    assert not any(DTYPES[name].is_floating_point for name in (*INTS, "bool"))
