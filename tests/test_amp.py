"""Autocast: which functions compute in which dtype, its scope, gradients; loss scaling for float16."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import tilestack as ts
from tilestack import nn, optim
from tilestack.nn import functional as F

BF16, FP16, FP32 = ts.bfloat16, ts.float16, ts.float32


def image(*shape: int) -> ts.Tensor:
    return ts.randn(shape)


# name -> f(half) with a float32 and a 16-bit argument where it takes several, and the dtype that must come out.
LOW = {
    "matmul": lambda h: ts.matmul(h, ts.randn((4, 3))),
    "@": lambda h: ts.randn((3, 3)) @ h,
    "mm": lambda h: h.mm(ts.randn((4, 3))),
    "bmm": lambda h: ts.bmm(h[None], ts.randn((1, 4, 3))),
    "linear": lambda h: F.linear(h, ts.randn((5, 4)), ts.randn(5)),
    "fused_linear": lambda h: F.fused_linear(h, ts.randn((5, 4)), ts.randn(5), "gelu"),
    "conv1d": lambda h: F.conv1d(h[None], ts.randn((2, 3, 2)), ts.randn(2)),
    "conv2d": lambda h: F.conv2d(image(1, 3, 4, 4), ts.randn((2, 3, 3, 3)), padding="same"),
    "conv_transpose2d": lambda h: F.conv_transpose2d(image(1, 3, 4, 4), ts.randn((3, 2, 3, 3))),
    "attention": lambda h: F.scaled_dot_product_attention(h[None], ts.randn((1, 3, 4)), h[None]),
    "lstm": lambda h: nn.LSTM(4, 5)(h[None])[0],
    "gru cell": lambda h: nn.GRUCell(4, 5)(h),
    "prelu": lambda h: F.prelu(h, ts.full((4,), 0.1)),
}
HIGH = {
    "softmax": lambda h: F.softmax(h, -1),
    "log_softmax": lambda h: h.log_softmax(-1),
    "layer_norm": lambda h: F.layer_norm(h, (4,), ts.ones(4)),
    "rms_norm": lambda h: F.rms_norm(h, (4,), ts.ones(4)),
    "batch_norm": lambda h: nn.BatchNorm1d(4)(h),
    "group_norm": lambda h: F.group_norm(h, 2, ts.ones(4), ts.zeros(4)),
    "instance_norm": lambda h: F.instance_norm(h[None], ts.zeros(3), ts.ones(3)),
    "cross_entropy": lambda h: F.cross_entropy(h, ts.tensor([0, 1, 2])),
    "linear_cross_entropy": lambda h: F.linear_cross_entropy(h, ts.randn((6, 4)), ts.tensor([0, 1, 2])),
    "mse_loss": lambda h: F.mse_loss(h, ts.zeros((3, 4))),
    "smooth_l1_loss": lambda h: F.smooth_l1_loss(h, ts.zeros((3, 4))),
    "binary_cross_entropy": lambda h: F.binary_cross_entropy(h.sigmoid(), ts.zeros((3, 4))),
    "bce_with_logits": lambda h: F.binary_cross_entropy_with_logits(h, ts.zeros((3, 4))),
    "cosine_similarity": lambda h: F.cosine_similarity(h, ts.ones((3, 4))),
    "sum": lambda h: h.sum(),
    "norm": lambda h: h.norm(),
    "exp": lambda h: h.exp(),
    "pow": lambda h: h**2,
    "cumsum": lambda h: h.cumsum(0),
    "half and float32": lambda h: h + ts.zeros((3, 4)),
}
AS_IT_IS = {
    "relu": lambda h: F.relu(h),
    "mul": lambda h: h * 2,
    "mean": lambda h: h.mean(),
    "cat": lambda h: ts.cat([h, h]),
    "dropout": lambda h: F.dropout(h),
}


@pytest.mark.parametrize("dtype", [BF16, FP16])
@pytest.mark.parametrize("name", [*LOW, *HIGH, *AS_IT_IS])
def test_dtypes(name: str, dtype) -> None:
    half = ts.randn((3, 4)).to(dtype)
    with ts.autocast(dtype=dtype):
        result = {**LOW, **HIGH, **AS_IT_IS}[name](half)
    assert result.dtype == (FP32 if name in HIGH else dtype)


def test_float64_and_integers_are_left_alone() -> None:
    with ts.autocast(dtype=BF16):
        x = ts.ones((2, 2), dtype=ts.float64)
        assert (x @ x).dtype == ts.float64
        assert ts.exp(x).dtype == ts.float64
        assert (ts.ones((2, 2), dtype=ts.int32) @ ts.ones((2, 2), dtype=ts.int32)).dtype == ts.int32
        assert ts.tensor([1, 2]).sum().dtype == ts.int64


def test_results_are_those_of_the_converted() -> None:
    x, w, b, r = ts.randn((5, 8)), ts.randn((6, 8)), ts.randn(6), ts.randn((5, 6))
    with ts.autocast(dtype=BF16):
        low, residual, norm = F.linear(x, w, b), F.fused_linear(x, w, b, residual=r), F.layer_norm(x.to(BF16), (8,))
    wanted = F.linear(x.to(BF16), w.to(BF16), b.to(BF16))
    assert (low == wanted).all()
    assert residual.dtype == FP32
    assert (residual == wanted + r).all()
    assert (norm == F.layer_norm(x.to(BF16).float(), (8,))).all()


def test_scope() -> None:
    x = ts.ones((2, 2))

    def now():
        return (x @ x).dtype

    assert not ts.is_autocast_enabled()
    with ts.autocast(dtype=BF16):
        assert ts.is_autocast_enabled("cpu")
        assert now() == BF16
        with ts.autocast(enabled=False):
            assert now() == FP32
            with ts.autocast(dtype=FP16):
                assert (now(), ts.get_autocast_dtype("cpu")) == (FP16, FP16)
            assert now() == FP32
        with pytest.raises(ValueError, match="linear: weight"):
            F.linear(x, ts.ones((2, 3)))
        assert now() == BF16
        seen = []
        thread = threading.Thread(target=lambda: seen.append(now()))
        thread.start()
        thread.join()
        assert seen == [FP32]
    assert now() == FP32
    with pytest.raises(KeyError), ts.autocast(dtype=BF16):
        raise KeyError
    assert now() == FP32

    @ts.autocast(dtype=BF16)
    def decorated(again: bool):
        return decorated(False) if again else now()

    assert decorated(True) == BF16
    assert now() == FP32
    once = ts.autocast(dtype=BF16)
    with once, once:
        assert now() == BF16
    assert now() == FP32


def test_devices() -> None:
    x = ts.ones((2, 2))
    with ts.autocast("cuda"):
        assert (x @ x).dtype == FP32
        assert ts.get_autocast_dtype("cuda") == FP16
        assert ts.is_autocast_enabled("cuda")
        assert not ts.is_autocast_enabled("cpu")
        with ts.autocast("cpu"):
            assert (x @ x).dtype == BF16
    for arguments, error in (
        ({"device_type": "tpu"}, "device_type must be"),
        ({"dtype": FP32}, "dtype must be bfloat16"),
    ):
        with pytest.raises(ValueError, match=error):
            ts.autocast(**arguments)


def test_gradients_have_the_parameters_dtypes() -> None:
    model = nn.Sequential(nn.Linear(8, 16), nn.LayerNorm(16), nn.GELU(), nn.Linear(16, 4))
    x = ts.randn((5, 8)).requires_grad_()
    with ts.autocast(dtype=BF16):
        loss = F.cross_entropy(model(x), ts.tensor([0, 1, 2, 3, 0]))
    loss.backward()
    found = [p.grad.numpy().copy() for p in model.parameters()]
    assert all(p.grad.dtype == FP32 for p in [*model.parameters(), x])
    model.zero_grad()
    F.cross_entropy(model(x), ts.tensor([0, 1, 2, 3, 0])).backward()
    for got, p in zip(found, model.parameters(), strict=True):
        # Two products and their gradients, each rounded to 8 bits.
        assert np.linalg.norm(got - p.grad.numpy()) <= 8 * 2.0**-8 * np.linalg.norm(p.grad.numpy())


def test_backward_inside_is_that_of_outside() -> None:
    w, x = nn.Parameter(ts.randn((6, 6))), ts.randn((4, 6))
    gradients = []
    for inside in (False, True):
        w.grad = None
        with ts.autocast(dtype=BF16):
            loss = (x @ w).exp().sum()
            if inside:
                loss.backward()
        if not inside:
            loss.backward()
        gradients.append(w.grad.numpy().copy())
    np.testing.assert_array_equal(*gradients)


def test_checkpoint_computes_again_as_before() -> None:
    layer, x = nn.Linear(6, 6), ts.randn((4, 6))
    gradients = []
    for call in (layer, lambda x: ts.checkpoint(layer, x)):
        layer.zero_grad()
        with ts.autocast(dtype=BF16):
            y = call(x)
        assert y.dtype == BF16
        y.sum().backward()
        assert not ts.is_autocast_enabled()
        gradients.append(layer.weight.grad.numpy().copy())
    np.testing.assert_array_equal(*gradients)


def digits(count: int = 64) -> tuple[ts.Tensor, ts.Tensor]:
    rng = np.random.default_rng(0)
    target = rng.integers(0, 4, count)
    x = rng.normal(size=(count, 8)) + 2 * np.eye(4, 8)[target]
    return ts.from_numpy(x.astype("f4")), ts.from_numpy(target)


def trained(way: str) -> list[float]:
    ts.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 32), nn.LayerNorm(32), nn.ReLU(), nn.Linear(32, 4))
    dtype = {"bfloat16": BF16, "float16": FP16}.get(way)
    if dtype:
        model.to(dtype)
    optimizer, scaler = (
        optim.AdamW(model.parameters(), lr=0.01),
        ts.amp.GradScaler(enabled="16" in way and way != "bf16"),
    )
    x, target = digits()
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        with ts.autocast(dtype=FP16 if way == "autocast float16" else BF16, enabled=way.startswith("autocast")):
            loss = F.cross_entropy(model(x.to(dtype) if dtype else x), target)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("way", ["autocast bfloat16", "autocast float16", "bfloat16", "float16"])
def test_training_in_16_bits_is_like_that_in_32(way: str) -> None:
    wanted, got = trained("float32"), trained(way)
    assert got[-1] < 0.5 * got[0]
    # A float16 loss times 2^16 overflows once; what rounding to 8 bits changes in a step grows with the steps.
    got, wanted = (got[1:], wanted[:-1]) if way == "float16" else (got, wanted)
    np.testing.assert_allclose(got, wanted, rtol=0.05, atol=0.02)


class TestGradScaler:
    def parts(self, **options):
        w = nn.Parameter(ts.ones(3))
        return w, optim.SGD([w], lr=0.5), ts.amp.GradScaler(init_scale=8.0, growth_interval=2, **options)

    def test_scales_and_divides_again(self) -> None:
        w, optimizer, scaler = self.parts()
        scaler.scale((w * w).sum()).backward()
        assert w.grad.tolist() == [16] * 3
        scaler.step(optimizer)
        scaler.update()
        assert w.tolist() == [0] * 3
        assert scaler.get_scale() == 8

    def test_unscale_to_clip(self) -> None:
        w, optimizer, scaler = self.parts()
        scaler.scale((w * w).sum()).backward()
        scaler.unscale_(optimizer)
        assert w.grad.tolist() == [2] * 3
        assert nn.utils.clip_grad_norm_([w], 1.0).item() == pytest.approx(12**0.5)
        scaler.step(optimizer)
        np.testing.assert_allclose(w.detach().numpy(), 1 - 0.5 * 2 / 12**0.5, rtol=1e-5)
        with pytest.raises(RuntimeError, match="already called"):
            scaler.unscale_(optimizer)
        with pytest.raises(RuntimeError, match="already called"):
            scaler.step(optimizer)
        scaler.update()

    @pytest.mark.parametrize("bad", [float("inf"), float("nan")])
    @pytest.mark.parametrize("explicit", [False, True])
    def test_skips_and_backs_off(self, bad: float, explicit: bool) -> None:
        w, optimizer, scaler = self.parts()
        w.grad = ts.tensor([1.0, bad, 1.0])
        if explicit:
            scaler.unscale_(optimizer)
        assert scaler.step(optimizer) is None
        scaler.update()
        assert (w.tolist(), scaler.get_scale()) == ([1] * 3, 4)
        assert w not in optimizer.state
        for wanted in (4, 8, 8):
            w.grad = ts.zeros(3)
            scaler.step(optimizer)
            scaler.update()
            assert scaler.get_scale() == wanted

    def test_state(self) -> None:
        w, optimizer, scaler = self.parts()
        w.grad = ts.zeros(3)
        scaler.step(optimizer)
        scaler.update()
        other = ts.amp.GradScaler()
        other.load_state_dict(scaler.state_dict())
        assert other.state_dict() == scaler.state_dict()
        assert other.state_dict()["_growth_tracker"] == 1
        scaler.update(new_scale=3.0)
        assert scaler.get_scale() == 3

    def test_composed_optimizers(self) -> None:
        w, v = nn.Parameter(ts.eye(3)), nn.Parameter(ts.eye(3))
        scaler = ts.amp.GradScaler(init_scale=8.0)
        a, b = optim.Adafactor([w]), optim.Adafactor([v])
        w.grad, v.grad = ts.full((3, 3), 8.0), ts.ones((3, 3))
        scaler.step(a)
        b.step()
        assert (w == v).all()

    def test_disabled_and_wrong_use(self) -> None:
        w, optimizer, scaler = self.parts(enabled=False)
        loss = (w * w).sum()
        assert scaler.scale(loss) is loss
        loss.backward()
        scaler.unscale_(optimizer)
        scaler.step(optimizer)
        scaler.update()
        assert (w.tolist(), scaler.get_scale(), scaler.state_dict()) == ([0] * 3, 1, {})
        w, optimizer, scaler = self.parts()
        with pytest.raises(RuntimeError, match="has no gradients"):
            scaler.step(optimizer)
        with pytest.raises(RuntimeError, match="call step"):
            scaler.update()
        with pytest.raises(ValueError, match="growth_factor above 1"):
            ts.amp.GradScaler(growth_factor=0.5)
        assert [x.item() for x in scaler.scale([ts.ones(()), ts.zeros(())])] == [8, 0]


@pytest.mark.peers
def test_training_is_like_torch() -> None:
    torch = pytest.importorskip("torch")
    ts.manual_seed(0)
    mine = nn.Sequential(nn.Linear(8, 32), nn.GELU(), nn.Linear(32, 4))
    theirs = torch.nn.Sequential(torch.nn.Linear(8, 32), torch.nn.GELU(), torch.nn.Linear(32, 4))
    theirs.load_state_dict({name: torch.tensor(value.numpy()) for name, value in mine.state_dict().items()})
    a, b = optim.NAdam(mine.parameters(), lr=0.01), torch.optim.NAdam(theirs.parameters(), lr=0.01)
    x, target = digits()
    tx, ttarget = torch.tensor(x.numpy()), torch.tensor(target.numpy())
    for _ in range(20):
        a.zero_grad()
        b.zero_grad()
        with ts.autocast("cpu", dtype=BF16):
            loss = F.cross_entropy(mine(x), target)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            other = torch.nn.functional.cross_entropy(theirs(tx), ttarget)
        assert loss.dtype == FP32
        assert other.dtype == torch.float32
        loss.backward()
        other.backward()
        a.step()
        b.step()
        # Of 64 logits rounded to 8 bits by each.
        assert loss.item() == pytest.approx(other.item(), rel=2.0**-7)


@pytest.mark.peers
def test_scales_are_those_of_torch() -> None:
    torch = pytest.importorskip("torch")
    options = {"init_scale": 64.0, "growth_interval": 2, "growth_factor": 4.0, "backoff_factor": 0.25}
    mine, theirs = ts.amp.GradScaler(**options), torch.amp.GradScaler("cpu", **options)
    w, v = nn.Parameter(ts.ones(2)), torch.nn.Parameter(torch.ones(2))
    a, b = optim.SGD([w], lr=0.1), torch.optim.SGD([v], lr=0.1)
    for step in range(20):
        g = [float(step), float("inf") if step % 7 in (3, 4) else 1.0]
        a.zero_grad()
        b.zero_grad()
        mine.scale((w * ts.tensor(g)).sum()).backward()
        theirs.scale((v * torch.tensor(g)).sum()).backward()
        mine.step(a)
        theirs.step(b)
        mine.update()
        theirs.update()
        assert mine.state_dict() == theirs.state_dict()
        np.testing.assert_allclose(w.detach().numpy(), v.detach().numpy(), rtol=1e-6)
