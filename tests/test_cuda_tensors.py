"""Indexing, pooling, embeddings and data on the CUDA device beyond the cases of tests/cases: sizes for which kernels
take other paths, indices that meet, devices that mix. Skipped without a GPU, as tests/test_cuda.py is."""

from __future__ import annotations

import numpy as np
import pytest

import tilestack as ts
from tilestack import nn
from tilestack.data import DataLoader, TensorDataset

F = nn.functional

pytestmark = pytest.mark.skipif(not ts.cuda.is_available(), reason=f"no GPU: {ts.cuda.why_not()}")
DTYPES = ("float32", "float64", "bfloat16", "float16", "int64", "int32", "int8", "uint8")


def on_both(function, *arrays, dtype=None):
    """What function gives on the CPU and on the GPU, as numpy arrays."""
    found = []
    for device in ("cpu", "cuda"):
        tensors = [ts.tensor(x) if dtype is None or x.dtype.kind != "f" else ts.tensor(x).to(dtype) for x in arrays]
        found.append(function(*(x.to(device) for x in tensors)).detach().cpu().double().numpy())
    return found


def gradient(function):
    """Of x, for a fixed gradient of the result that differs from element to element."""

    def run(x, *rest):
        x = x.detach().requires_grad_()
        y = function(x, *rest)
        dy = np.random.default_rng(1).integers(-4, 5, tuple(y.shape)).astype("f4")
        y.backward(ts.tensor(dy).to(y.dtype).to(y.device))
        return x.grad

    return run


class TestPlaces:
    """More rows than one block sorts, and rows that meet often."""

    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize(
        ("shape", "count"), [((100, 64), 3000), ((50, 7), 9000), ((3000,), 5000), ((40, 8, 16), 90)]
    )
    def test_the_last_one_wins(self, shape, count, dtype) -> None:
        rng = np.random.default_rng(0)
        x, values = (rng.integers(0, 5, s).astype("f4") for s in (shape, (count, *shape[1:])))
        index = rng.integers(-shape[0], shape[0], count)

        def put(x, values, index):
            x[index] = values
            return x

        np.testing.assert_array_equal(*on_both(put, x, values, index, dtype=getattr(ts, dtype)))

    @pytest.mark.parametrize("dtype", [d for d in DTYPES if d not in ("bfloat16", "float16")])
    def test_sums_of_rows_that_meet(self, dtype) -> None:
        rng = np.random.default_rng(0)
        for shape, count in [((60, 32), 3000), ((7,), 9000), ((2, 5), 4000)]:
            x, values = (rng.integers(0, 5, s).astype("f4") for s in (shape, (count, *shape[1:])))
            index = rng.integers(0, shape[0], count)
            index[: count // 2] = 1
            want, got = on_both(
                lambda x, v, i: x.index_put_([i], v, accumulate=True), x, values, index, dtype=getattr(ts, dtype)
            )
            np.testing.assert_array_equal(got, want)

    @pytest.mark.parametrize(
        ("shape", "picks", "dim"),
        [((300, 50), (5000, 50), 0), ((20, 300), (20, 2000), 1), ((40000, 6), (40000, 9), 1), ((7,), (30000,), 0)],
    )
    def test_gather_backward(self, shape, picks, dim) -> None:
        rng = np.random.default_rng(0)
        x, index = rng.standard_normal(shape), rng.integers(0, shape[dim], picks)
        want, got = on_both(gradient(lambda x, i: ts.gather(x, dim, i)), x, index)
        np.testing.assert_array_equal(got, want)

    @pytest.mark.parametrize("vocabulary", [1, 7, 70000])
    @pytest.mark.parametrize("width", [3, 64])
    def test_embedding_backward(self, vocabulary, width) -> None:
        rng = np.random.default_rng(0)
        tokens = rng.integers(0, vocabulary, 5000)
        tokens[:2000] = tokens[0]
        weight = rng.standard_normal((vocabulary, width)).astype("f4")
        want, got = on_both(gradient(lambda w, t: F.embedding(t, w, padding_idx=-1)), weight, tokens)
        np.testing.assert_array_equal(got, want)

    def test_subscripts(self) -> None:
        rng = np.random.default_rng(0)
        x, i, j = rng.standard_normal((20, 30, 40)), rng.integers(0, 20, 6), rng.integers(-40, 40, 6)

        def change(x, i, j):
            x[i, :, j] = 7
            x[:, 3] = 2
            x[x > 1] = 1
            x[..., j] = x[0, 0, 0].clone()
            x.transpose(0, 2)[[1, 3]] = 9
            return x[:, i, j]

        np.testing.assert_array_equal(*on_both(change, x, i, j))

    @pytest.mark.parametrize("shape", [(9000,), (70, 300), (5, 6, 700), ()])
    def test_nonzero(self, shape) -> None:
        mask = np.asarray(np.random.default_rng(0).random(shape) < 0.3)
        assert ts.nonzero(ts.tensor(mask).to("cuda")).tolist() == np.argwhere(mask).tolist()

    def test_indices_of_the_cpu(self) -> None:
        x = ts.arange(12, device="cuda").reshape(3, 4)
        assert x[ts.tensor([2, 0])].tolist() == [[8, 9, 10, 11], [0, 1, 2, 3]]
        assert x[[1], np.array([3])].tolist() == [7]
        assert x[ts.tensor([True, False, True])].shape == (2, 4)
        x[ts.tensor([1])] = ts.tensor([5, 5, 5, 5])
        assert x[1].tolist() == [5, 5, 5, 5]
        with pytest.raises(ValueError, match="index: the index is on cuda:0, the tensor on cpu"):
            ts.arange(3)[ts.tensor([1]).to("cuda")]

    def test_bad_indices(self) -> None:
        x = ts.ones(3, 4, device="cuda")
        bad = ts.tensor([[9]]).to("cuda")
        for call, words in (
            (lambda: x[ts.tensor([0, -4])], "index: index -4 is out of range for size 3"),
            (lambda: ts.gather(x, 1, bad), "gather: index 9 is out of range for size 4"),
            (lambda: F.one_hot(bad, 4), "one_hot: index 9 is out of range for size 4"),
        ):
            y = call()
            with pytest.raises(IndexError, match=words):
                y.cpu()
        with pytest.raises(IndexError, match="num_classes 0"):
            F.one_hot(bad, 0)
        assert x.sum().item() == 12


@pytest.mark.parametrize(
    "pool",
    [
        lambda x: F.max_pool2d(x, 3, 2, 1),
        lambda x: F.adaptive_max_pool2d(x, 1),
        lambda x: F.adaptive_max_pool2d(x, (3, 2)),
    ],
)
@pytest.mark.parametrize("shape", [(2, 3, 9, 9), (1, 8, 12, 12), (2, 64, 40, 40)])
def test_pooling_of_nan_and_equal_elements(pool, shape) -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(-2, 3, shape).astype("f4")
    x[rng.random(shape) < 0.1] = -np.inf
    x[rng.random(shape) < 0.02] = np.nan
    np.testing.assert_array_equal(*on_both(pool, x))
    np.testing.assert_array_equal(*on_both(gradient(pool), x))


def test_new_tensors() -> None:
    x = ts.ones(3, 4, device="cuda")
    for y in (
        ts.randint(0, 5, (3,), device="cuda"),
        ts.normal(0.0, 1.0, (2,), device="cuda"),
        ts.empty_strided((2, 3), (1, 2), device="cuda"),
        ts.full_like(x, 2),
        ts.rand_like(x),
        ts.zeros_like(ts.ones(2), device="cuda"),
        ts.eye(2, device="cuda"),
        F.pad(x, (1, 2), mode="reflect"),
        ts.stack([x, x]),
        ts.cat([x, x], 1),
    ):
        assert y.device == "cuda:0"
    ts.manual_seed(0)
    want = ts.randperm(50).tolist()
    ts.manual_seed(0)
    assert ts.randperm(50, device="cuda").tolist() == want


class TestPinnedMemory:
    def test_copies_that_nobody_waits_for(self) -> None:
        for i in range(20):  # blocks come back only when their copy is done
            x = ts.full((100_000,), i).pin_memory()
            y = x.to("cuda", non_blocking=True)
            del x
            z = ts.full((100_000,), -1).pin_memory()
            assert y.sum().item() == i * 100_000
            del z

    def test_loader(self) -> None:
        x, target = np.arange(20, dtype="f4").reshape(10, 2), np.arange(10)
        for workers in (0, 1):
            loader = DataLoader(TensorDataset(x, target), 4, pin_memory=True, num_workers=workers)
            batches = [[t.to("cuda", non_blocking=True).cpu() for t in batch] for batch in loader]
            np.testing.assert_array_equal(np.concatenate([b[0].numpy() for b in batches]), x)
            np.testing.assert_array_equal(np.concatenate([b[1].numpy() for b in batches]), target)


class TestFiles:
    def test_load_to_the_gpu(self, tmp_path) -> None:
        state = nn.Linear(3, 2).to("cuda").state_dict()
        ts.io.save_file(state, tmp_path / "a.safetensors")
        ts.io.save_npz(state, tmp_path / "a.npz")
        for loaded in (
            ts.io.load_file(tmp_path / "a.safetensors", device="cuda"),
            ts.io.load_npz(tmp_path / "a.npz", device="cuda"),
        ):
            assert all(value.device == "cuda:0" for value in loaded.values())
            assert loaded["weight"].tolist() == state["weight"].tolist()


class TestFit:
    def fit(self, device: str, **options):
        rng = np.random.default_rng(0)
        x, target = rng.standard_normal((40, 1, 8, 8)).astype("f4"), rng.integers(0, 10, 40)
        ts.manual_seed(0)
        model = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 10)
        )
        loader = DataLoader(TensorDataset(x, target), 16, shuffle=True, seed=1, pin_memory=True)
        return ts.train.fit(model.to(device), loader, validation=(x, target), progress=False, clip=1.0, **options).rows

    def test_learns_what_the_cpu_learns(self) -> None:
        want, got, again = (self.fit(device, epochs=2) for device in ("cpu", "cuda", "cuda"))
        for a, b, c in zip(want, got, again, strict=True):
            assert b["loss"] == pytest.approx(a["loss"], rel=1e-4)
            assert b["val_loss"] == pytest.approx(a["val_loss"], rel=1e-4)
            assert (b["loss"], b["val_loss"]) == (c["loss"], c["val_loss"])

    def test_resumes(self, tmp_path) -> None:
        want = self.fit("cuda", epochs=2)
        self.fit("cuda", epochs=1, checkpoint=tmp_path)
        got = self.fit("cuda", epochs=2, checkpoint=tmp_path, resume=True)
        assert [row["loss"] for row in got] == [row["loss"] for row in want]

    def test_optimizer_follows_a_moved_model(self) -> None:
        model = nn.Linear(3, 2)
        optimizer = ts.optim.Adam(model.parameters())
        for device in ("cpu", "cuda", "cpu"):
            model.to(device)
            model(ts.ones(4, 3, device=device)).sum().backward()
            optimizer.step()
            assert all(state["exp_avg"].device == model.weight.device for state in optimizer.state.values())
