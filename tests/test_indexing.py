"""Subscripts, for reading and writing, against numpy."""

from __future__ import annotations

import numpy as np
import pytest

import tilestack as ts

MASK2 = np.arange(20).reshape(4, 5) % 3 == 0
SUBSCRIPTS = [
    0,
    -1,
    np.int64(2),
    (1, 2),
    (1, 2, 3),
    (-1, -2, -3),
    slice(None),
    slice(1, 3),
    slice(None, None, 2),
    slice(3, 1),
    slice(-3, None),
    slice(-100, 100, 3),
    (slice(None), slice(1, None, 2), slice(None, -1)),
    ...,
    (..., 0),
    (0, ...),
    (..., slice(1, 3), 2),
    (0, ..., 1),
    None,
    (None, 0, None, ..., None),
    (slice(None), None),
    [0, 2],
    [-1, 0, 0],
    [[0, 1], [2, 3]],
    [],
    ([0, 1], [1, 2]),
    ([0, 1, 3], [1, 2, 0], [5, -1, 2]),
    ([[0], [1]], [1, 2, 3]),
    (slice(None), [0, 2, 2]),
    (..., [0, 5]),
    (slice(1, 3), [0, 1], slice(None, None, 2)),
    (slice(None), [0, 1], [2, 3]),
    ([0, 1], slice(None), [2, 3]),
    ([0, 2], ..., [1]),
    ([[0, 1]], None, slice(2)),
    MASK2[:, 0],
    MASK2,
    (slice(None), MASK2[0]),
    (..., np.array([True, False, True, True, False, False])),
    (MASK2[:, 0], slice(1, 3)),
    (MASK2[:, 0], np.array([1, 2])),
    np.zeros((4, 5), bool),
    np.arange(120).reshape(4, 5, 6) % 7 == 0,
    True,
    False,
]


def name(subscript) -> str:
    return str(subscript).replace("\n", "")[:60]


def on_tensors(subscript):
    """The same with index tensors in place of arrays and lists."""
    if isinstance(subscript, tuple):
        return tuple(map(on_tensors, subscript))
    if isinstance(subscript, list):
        return ts.tensor(subscript, dtype=ts.int64)
    return ts.tensor(subscript) if isinstance(subscript, np.ndarray) else subscript


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((4, 5, 6)).astype(np.float32)


def check(got: ts.Tensor, want: np.ndarray) -> None:
    assert tuple(got.shape) == want.shape
    np.testing.assert_array_equal(got.numpy(), want)


@pytest.mark.parametrize("subscript", SUBSCRIPTS, ids=name)
def test_reading(subscript, values: np.ndarray) -> None:
    check(ts.tensor(values)[subscript], values[subscript])
    check(ts.tensor(values)[on_tensors(subscript)], values[subscript])
    swapped = np.ascontiguousarray(values.transpose(2, 1, 0))
    check(ts.tensor(swapped).permute(2, 1, 0)[subscript], values[subscript])


@pytest.mark.parametrize("subscript", SUBSCRIPTS, ids=name)
def test_writing(subscript, values: np.ndarray) -> None:
    picked = values[subscript]
    row = np.full(picked.shape[-1:], 3.5, np.float32)  # constant: which of two writes to one place wins is open
    for value, array in ((7.5, 7.5), (ts.tensor(row), row), (ts.zeros(picked.shape), np.zeros(picked.shape))):
        x, want = ts.tensor(values), values.copy()
        x[subscript] = value
        want[subscript] = array
        check(x, want)
    distinct = np.arange(picked.size, dtype=np.float32).reshape(picked.shape)
    want = values.copy()
    want[subscript] = distinct
    if np.isin(distinct, want).all():  # no place is written twice
        x = ts.tensor(values)
        x[subscript] = ts.tensor(distinct)
        check(x, want)


@pytest.mark.parametrize("subscript", SUBSCRIPTS, ids=name)
def test_gradient_goes_where_the_value_came_from(subscript, values: np.ndarray) -> None:
    x = ts.tensor(values, requires_grad=True)
    y = x[subscript]
    dy = np.random.default_rng(1).standard_normal(y.shape).astype(np.float32)
    y.backward(ts.tensor(dy))
    want = np.zeros(values.shape)
    np.add.at(want, subscript, dy)
    np.testing.assert_allclose(x.grad.numpy(), want, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("dtype", ["float64", "float16", "int64", "int32", "int8", "uint8", "bool"])
def test_dtypes(dtype: str) -> None:
    values = (np.arange(24).reshape(4, 6) % 5).astype(dtype)
    x = ts.tensor(values)
    check(x[[3, 0]], values[[3, 0]])
    check(x[x > 1], values[values > 1])
    check(x[:, ::2], values[:, ::2])
    x[1] = 1
    values[1] = 1
    check(x, values)


def test_int32_and_uint8_indices() -> None:
    x = ts.arange(10)
    assert x[ts.tensor([1, -1], dtype=ts.int32)].tolist() == [1, 9]


def test_overlapping_write_reads_first() -> None:
    x = ts.arange(6)
    x[1:] = x[:-1]
    assert x.tolist() == [0, 0, 1, 2, 3, 4]


def test_write_converts_and_ignores_leading_ones() -> None:
    x = ts.zeros(3)
    x[:2] = ts.tensor([[1, 2]])
    x[2] = True
    assert x.tolist() == [1, 2, 1]


@pytest.mark.parametrize(
    ("subscript", "error"),
    [
        (4, IndexError),
        (-5, IndexError),
        ((0, 0, 0, 0), IndexError),
        ((..., 0, ...), IndexError),
        ([4], IndexError),
        ([-5], IndexError),
        ((slice(None), [0, 5]), IndexError),
        (([0, 1], [0, 1, 2]), (IndexError, ValueError)),
        (np.ones(3, bool), IndexError),
        (np.ones((4, 4), bool), IndexError),
        (slice(None, None, -1), ValueError),
        (slice(None, None, 0), ValueError),
        (1.0, (IndexError, TypeError)),
        ("x", (IndexError, TypeError)),
        ([0.5], IndexError),
    ],
    ids=name,
)
def test_wrong_subscripts(subscript, error, values: np.ndarray) -> None:
    x = ts.tensor(values)
    with pytest.raises(error):
        x[subscript]
    with pytest.raises(error):
        x[subscript] = 0
    check(x, values)


def test_wrong_value_shape_changes_nothing(values: np.ndarray) -> None:
    x = ts.tensor(values)
    for subscript in (0, [0, 1], slice(2)):
        with pytest.raises(ValueError, match="7"):
            x[subscript] = ts.zeros(7)
    check(x, values)


def test_an_index_is_not_printed():
    """Not for a message that no one gets: numpy takes a millisecond for that."""

    class Unprintable(np.ndarray):
        def __repr__(self):
            raise AssertionError("printed")

    index = np.array([2, 0]).view(Unprintable)
    assert ts.arange(3)[index].tolist() == [2, 0]
    with pytest.raises(AssertionError, match="printed"):
        ts.arange(3)[index.astype(np.float32)]
