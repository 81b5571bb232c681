"""Data sets and loaders: order, threads, resuming."""

from __future__ import annotations

import threading
import time
import traceback

import numpy as np
import pytest

import tilestack as ts
from tilestack.data import (
    ConcatDataset,
    DataLoader,
    Dataset,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
    random_split,
)


class Squares(Dataset):
    """Samples (i, i * i) as Python numbers."""

    def __init__(self, size: int = 10, bad: int = -1, pause: float = 0) -> None:
        self.size, self.bad, self.pause = size, bad, pause

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> tuple[int, float]:
        if self.pause:
            time.sleep(self.pause)
        if index == self.bad:
            raise ValueError(f"sample {index} is broken")
        return index, float(index * index)


def first(loader) -> list[list[int]]:
    return [batch[0].tolist() for batch in loader]


def loader_threads() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name.startswith("tilestack-loader")]


def wait_for_no_threads() -> None:
    deadline = time.monotonic() + 5
    while loader_threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not loader_threads()


def test_batches() -> None:
    assert first(DataLoader(Squares(), 4)) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert first(DataLoader(Squares(), 4, drop_last=True)) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert (len(DataLoader(Squares(), 4)), len(DataLoader(Squares(), 4, drop_last=True))) == (3, 2)
    assert (DataLoader(Squares(), 4).samples, DataLoader(Squares(), 4, drop_last=True).samples) == (10, 8)
    assert first(DataLoader(Squares(0), 4)) == []
    i, square = next(iter(DataLoader(Squares(), 4)))
    assert (i.dtype, square.dtype, square.tolist()) == (ts.int64, ts.float32, [0, 1, 4, 9])


def test_tensor_dataset() -> None:
    x, y = np.arange(20, dtype=np.float32).reshape(10, 2), np.arange(10)
    data = TensorDataset(x, ts.from_numpy(y))
    assert len(data) == 10
    assert data[3][0].tolist() == [6, 7]
    for loader in (
        DataLoader(data, 3),
        DataLoader(data, 3, shuffle=True, seed=1),
        DataLoader(Subset(data, [5, 1, 7]), 2),
    ):
        for rows, labels in loader:
            np.testing.assert_array_equal(rows.numpy(), x[labels.numpy()])
    assert next(iter(DataLoader(data, 3)))[0].data_ptr() == x.ctypes.data, "batches in order are views"
    with pytest.raises(ValueError, match=r"agree in the first dimension, got shapes \[\(2,\), \(3,\)\]"):
        TensorDataset(ts.zeros(2), ts.zeros(3))
    with pytest.raises(ValueError, match="at least one"):
        TensorDataset()


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_order_depends_on_seed_and_epoch_only(workers: int) -> None:
    def epochs(seed: int):
        loader = DataLoader(Squares(50), 8, shuffle=True, seed=seed, num_workers=workers)
        return [first(loader) for _ in range(3)]

    a = epochs(5)
    ts.manual_seed(99)
    assert epochs(5) == a
    assert epochs(6) != a
    assert a[0] != a[1] != a[2]
    assert all(sorted(i for batch in epoch for i in batch) == list(range(50)) for epoch in a)
    assert a[0][0][:3] == [31, 21, 40], "the same on every machine"


def test_seed_comes_from_manual_seed() -> None:
    orders = []
    for seed in (1, 1, 2):
        ts.manual_seed(seed)
        orders.append(first(DataLoader(Squares(20), 4, shuffle=True)))
    assert orders[0] == orders[1] != orders[2]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("at", [0, 1, 4, 7])
def test_resume(workers: int, at: int) -> None:
    def make(seed: int):
        return DataLoader(Squares(50), 8, shuffle=True, seed=seed, num_workers=workers)

    whole = make(3)
    want = [first(whole) for _ in range(3)]
    loader = make(3)
    first(loader)
    batches = iter(loader)
    for _ in range(at):
        next(batches)
    state = loader.state_dict()
    assert state == {"epoch": 1, "position": at, "seed": 3}
    resumed = make(0)
    resumed.load_state_dict(state)
    if at != 7:
        assert first(resumed) == want[1][at:]
    assert first(resumed) == want[2]
    with pytest.raises(ValueError, match="position 8 of epoch 0 does not fit 7 batches"):
        resumed.load_state_dict({"epoch": 0, "position": 8})


def test_every_iter_begins_an_epoch() -> None:
    loader = DataLoader(Squares(20), 4, shuffle=True, seed=0)
    want = [first(loader) for _ in range(2)]
    loader = DataLoader(Squares(20), 4, shuffle=True, seed=0)
    old = iter(loader)
    next(old)
    assert first(loader) == want[1]
    next(old)
    assert loader.state_dict()["position"] == 5, "only the newest iterator counts"


def test_errors_in_threads_keep_their_traceback() -> None:
    loader = DataLoader(Squares(20, bad=9), 4, num_workers=2)
    got = []
    with pytest.raises(ValueError, match="sample 9 is broken") as error:
        got.extend(batch[0].tolist() for batch in loader)
    assert got == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert "__getitem__" in "".join(traceback.format_tb(error.value.__traceback__))
    del error
    wait_for_no_threads()


def test_threads_end_with_the_iterator() -> None:
    loader = DataLoader(Squares(1000, pause=0.001), 4, num_workers=3)
    for _ in loader:
        assert loader_threads()
        break
    wait_for_no_threads()
    batches = iter(loader)
    next(batches)
    del batches
    wait_for_no_threads()
    first(DataLoader(Squares(), 4, num_workers=2))
    wait_for_no_threads()


def test_threads_work_at_the_same_time() -> None:
    begun = time.perf_counter()
    first(DataLoader(Squares(16, pause=0.01), 1, num_workers=8))
    assert time.perf_counter() - begun < 0.12


def test_split_and_concat() -> None:
    parts = random_split(Squares(10), [0.75, 0.25], seed=0)
    assert [len(part) for part in parts] == [8, 2]
    assert sorted(part[i][0] for part in parts for i in range(len(part))) == list(range(10))
    assert [len(part) for part in random_split(Squares(10), [3, 7])] == [3, 7]
    with pytest.raises(ValueError, match="must add up to 10 samples or to 1"):
        random_split(Squares(10), [3, 8])
    both = Squares(3) + Squares(2)
    assert isinstance(both, ConcatDataset)
    assert [both[i][0] for i in range(5)] == [0, 1, 2, 0, 1]
    assert both[-1][0] == 1
    with pytest.raises(IndexError, match="index 5 is out of range for 5 samples"):
        both[5]


def test_weighted_sampler() -> None:
    sampler = WeightedRandomSampler([1, 0, 3], 4000, seed=0)
    counts = np.bincount(sampler.order(0), minlength=3)
    assert counts[1] == 0
    assert counts[2] / 4000 == pytest.approx(0.75, abs=0.03)
    assert not np.array_equal(sampler.order(0), sampler.order(1))
    assert len(first(DataLoader(Squares(3), 100, sampler=sampler))) == 40
    with pytest.raises(ValueError, match="weights must be finite"):
        WeightedRandomSampler([0, 0], 1, seed=0)


def test_collate() -> None:
    batch = default_collate(
        [{"x": ts.ones(2), "name": "a", "pair": (1, 2.5)}, {"x": ts.zeros(2), "name": "b", "pair": (3, 4.5)}]
    )
    assert batch["x"].tolist() == [[1, 1], [0, 0]]
    assert batch["name"] == ["a", "b"]
    assert [field.tolist() for field in batch["pair"]] == [[1, 3], [2.5, 4.5]]
    assert default_collate([np.float64(1), np.float64(2)]).dtype is ts.float64
    with pytest.raises(ValueError, match="samples differ in length"):
        default_collate([(1,), (1, 2)])
    own = DataLoader(Squares(), 5, collate_fn=len)
    assert list(own) == [5, 5]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"batch_size": 0}, "batch_size must be an int of at least 1, got 0"),
        ({"num_workers": -1}, "num_workers must be an int of at least 0"),
        ({"sampler": WeightedRandomSampler([1], 1, 0), "shuffle": True}, "not both"),
    ],
)
def test_bad_arguments(options, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        DataLoader(Squares(), **options)
    with pytest.raises(TypeError, match="must have __len__ and __getitem__"):
        DataLoader(iter([]))
