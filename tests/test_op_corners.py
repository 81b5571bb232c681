"""What the cases can't say: NaN and infinities, gradients that stop, indices out of range, shapes that don't fit."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tilestack as ts

F = ts.nn.functional
each_isa = pytest.mark.parametrize("isa", ts._core.isas(), indirect=True)


def zeros(*shape: int) -> ts.Tensor:
    return ts.zeros(shape)


@each_isa
@pytest.mark.parametrize("channels", [1, 5, 18, 64])
def test_max_pool_passes_nan_and_infinities(isa: str, channels: int) -> None:
    x = np.zeros((1, channels, 6, 6), np.float32)
    x[0, 0, 2, 2] = np.nan
    x[0, -1, 4:] = -np.inf
    y = F.max_pool2d(ts.from_numpy(x), 2).numpy()
    assert np.isnan(y[0, 0, 1, 1])
    assert np.isnan(y).sum() == 1
    assert (y[0, -1, 2] == -np.inf).all()


@each_isa
@pytest.mark.parametrize("channels", [3, 40])
def test_max_pool_gradient_goes_to_the_first_of_equals(isa: str, channels: int) -> None:
    x = ts.zeros((1, channels, 4, 4), requires_grad=True)
    F.max_pool2d(x, 2).sum().backward()
    assert (x.grad.numpy() == np.tile([[1, 0], [0, 0]], (2, 2))).all()


@each_isa
@pytest.mark.parametrize("padding_idx", [3, -1])
def test_embedding_padding_gets_no_gradient(isa: str, padding_idx: int) -> None:
    weight = ts.ones((4, 5), requires_grad=True)
    F.embedding(ts.tensor([3, 1, 1, 0, 3]), weight, padding_idx).sum().backward()
    assert (weight.grad.numpy()[:, 0] == [1, 2, 0, 0]).all()


def test_batch_norm_updates_running_statistics_without_the_unbiased_ones_in_y() -> None:
    x = ts.tensor([[0.0], [2.0]])
    mean, var = ts.zeros((1,)), ts.ones((1,))
    y = F.batch_norm(x, mean, var, training=True, momentum=0.5, eps=0.0)
    assert y.numpy().tolist() == [[-1.0], [1.0]]
    assert (mean.item(), var.item()) == (0.5, 1.5)


@each_isa
@pytest.mark.parametrize("cols", [1, 6, 10, 16, 48, 300, 1030])
@pytest.mark.parametrize("activation", ["none", "relu"])
def test_bias_gradients_of_any_width(isa: str, cols: int, activation: str) -> None:
    rng = np.random.default_rng(cols)
    x, dy = (rng.standard_normal((777, n)).astype(np.float32) for n in (3, cols))
    weight, bias = ts.from_numpy(rng.standard_normal((cols, 3)).astype(np.float32)), ts.zeros(cols, requires_grad=True)
    y = F.fused_linear(ts.from_numpy(x), weight, bias, activation)
    y.backward(ts.from_numpy(dy))
    want = dy.astype(np.float64) * (activation == "none" or y.detach().numpy() > 0)
    np.testing.assert_allclose(bias.grad.numpy(), want.sum(0), rtol=1e-5, atol=1e-4)


def test_a_transposed_weight_has_its_gradient_in_its_order() -> None:
    rng = np.random.default_rng(0)
    x, w, dy = (rng.standard_normal(shape).astype(np.float32) for shape in ((40, 24), (24, 70), (40, 70)))
    weight = ts.tensor(w, requires_grad=True)
    seen = weight.t()
    F.linear(ts.from_numpy(x), seen).backward(ts.from_numpy(dy))
    assert weight.grad.is_contiguous()
    np.testing.assert_allclose(weight.grad.numpy(), x.T @ dy, rtol=1e-4, atol=1e-4)
    (slope,) = ts.autograd.grad(F.linear(ts.from_numpy(x), seen), seen, ts.from_numpy(dy))
    assert slope.stride() == seen.stride()  # so that turning it back copied nothing


def test_norms_do_not_cancel() -> None:
    x = (10_000 + np.random.default_rng(0).standard_normal((4096, 3))).astype(np.float32)
    want = (x - x.mean(0, dtype=np.float64)) / x.std(0, dtype=np.float64)
    np.testing.assert_allclose(
        F.batch_norm(ts.from_numpy(x), None, None, training=True, eps=0.0).numpy(), want, atol=2e-3
    )


def test_index_put_sums_equal_indices_in_order() -> None:
    x = ts.zeros((3,))
    x.index_put_([ts.tensor([1, 1, -1])], ts.tensor([1.0, 2.0, 3.0]), accumulate=True)
    assert x.numpy().tolist() == [0.0, 3.0, 3.0]
    x.index_put_([ts.tensor([0, 0])], ts.tensor([5.0, 6.0]))
    assert x.numpy().tolist() == [6.0, 3.0, 3.0]
    x[ts.tensor([2, 1, 0])] = x
    assert x.numpy().tolist() == [3.0, 3.0, 6.0]


ERRORS = [
    (lambda: F.rms_norm(zeros(2, 3), (4,)), ValueError, r"rms_norm: .*normalized_shape \(4,\), got shape \(2, 3\)"),
    (lambda: F.layer_norm(zeros(2, 3), (3,), zeros(2)), ValueError, r"layer_norm: weight .*\(3,\), got \(2,\)"),
    (lambda: F.layer_norm(zeros(2, 3), (3,), zeros(3).double()), TypeError, "layer_norm"),
    (lambda: F.batch_norm(zeros(1, 3), None, None, training=True), ValueError, "more than 1 value per channel"),
    (lambda: F.batch_norm(zeros(2, 3), None, None), ValueError, "running_mean and running_var are needed"),
    (lambda: F.batch_norm(zeros(2, 3), zeros(4), zeros(3)), ValueError, r"batch_norm: running_mean .*\(4,\)"),
    (lambda: F.max_pool2d(zeros(1, 1, 2, 2), 3), ValueError, r"max_pool2d: .*does not fit.*\(1, 1, 2, 2\)"),
    (lambda: F.max_pool2d(zeros(1, 1, 4, 4), 2, padding=2), ValueError, "max_pool2d: padding"),
    (lambda: F.avg_pool2d(zeros(4, 4), 2), ValueError, r"avg_pool2d: .*\(4, 4\)"),
    (lambda: F.avg_pool2d(zeros(1, 4, 4), 2, divisor_override=0), ValueError, "divisor_override"),
    (lambda: F.embedding(ts.tensor([0, 7]), zeros(5, 2)), IndexError, "embedding: index 7 is out of range.* 5"),
    (lambda: F.embedding(ts.tensor([-1]), zeros(5, 2)), IndexError, "embedding: index -1"),
    (lambda: F.embedding(zeros(2), zeros(5, 2)), TypeError, "embedding: .*float32"),
    (lambda: F.one_hot(ts.tensor([3]), 3), IndexError, "one_hot: index 3"),
    (lambda: ts.cat([zeros(2, 3), zeros(2, 4)]), ValueError, r"cat: .*\(2, 3\).*\(2, 4\)"),
    (lambda: ts.cat([]), ValueError, "cat: .*at least one"),
    (lambda: ts.cat([zeros(2), None]), TypeError, "cat: tensor 1"),
    (lambda: ts.stack([zeros(2), zeros(3)]), ValueError, r"stack: .*\(2,\).*\(3,\)"),
    (lambda: F.pad(zeros(2), (1, 1, 1, 1)), ValueError, "pad: "),
    (lambda: F.pad(zeros(2), (2, 0), mode="reflect"), ValueError, "pad: mode reflect"),
    (lambda: zeros(3, 4)[ts.tensor([0, 3])], IndexError, "index: index 3 is out of range for dimension 0 of size 3"),
    (lambda: zeros(3, 4)[:, ts.tensor([-5])], IndexError, "index: index -5 is out of range for dimension 1 of size 4"),
    (lambda: ts.gather(zeros(3), 0, ts.tensor([-1])), IndexError, "gather: index -1"),
    (lambda: ts.gather(zeros(3, 2), 0, ts.tensor([1])), ValueError, "gather: .*as many dimensions"),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_error(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


@each_isa
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64"])
@pytest.mark.parametrize(
    "name", ["add", "sub", "mul", "floor_divide", "remainder", "neg", "abs", "square", "sum", "prod"]
)
def test_integers_wrap_around(isa: str, dtype: str, name: str) -> None:
    least, most = np.iinfo(dtype).min, np.iinfo(dtype).max
    a = np.array([least, most, least, most, 3, least + 1] * 13, dtype)
    b = np.array([least, most, most, least + 1, most, 1] * 13, dtype)
    b[::3] = -1 if least else 1
    function = {"neg": np.negative, "sub": np.subtract, "mul": np.multiply}.get(name) or getattr(np, name)
    if name in ("sum", "prod"):
        want, got = function(a.astype(np.int64)), getattr(ts, name)(ts.from_numpy(a)).numpy()
    elif name in ("neg", "abs", "square"):
        want, got = function(a), getattr(ts, name)(ts.from_numpy(a)).numpy()
    else:
        with np.errstate(over="ignore"):
            want, got = function(a, b), getattr(ts, name)(ts.from_numpy(a), ts.from_numpy(b)).numpy()
    np.testing.assert_array_equal(got, want)


@each_isa
def test_gelu_keeps_its_precision_in_the_tail(isa: str) -> None:
    x = np.array([-1.0, -6.5, -10.0, -20.0, -37.0])
    want = [v * math.erfc(-v / math.sqrt(2)) / 2 for v in x]
    np.testing.assert_allclose(F.gelu(ts.from_numpy(x)).numpy(), want, rtol=1e-12)
    assert (F.gelu(ts.tensor([-1e300, -np.inf], dtype=ts.float64)).numpy() == 0).all()


IN_PLACE = (
    "abs ceil cos erf exp exp2 expm1 floor log log10 log1p log2 neg relu round sigmoid sign sin sqrt tan tanh trunc"
)


@each_isa
@pytest.mark.parametrize("name", IN_PLACE.split())
def test_in_place_forms_write_the_same_values(isa: str, name: str) -> None:
    x = ts.tensor([[0.3, 2.5, 7.0], [0.0, 1.5, 4.0]]).T  # not contiguous
    want = getattr(ts, name)(x).numpy()
    with ts.no_grad():
        assert getattr(x, name + "_")() is x
    assert (x.numpy() == want).all()
    with pytest.raises(RuntimeError, match=f"{name}_"):
        getattr(ts.ones(2, requires_grad=True), name + "_")()


@each_isa
def test_in_place_forms_keep_the_dtype(isa: str) -> None:
    x = ts.tensor([-2, 3])
    assert x.floor_().relu_().sign_().numpy().tolist() == [0, 1]
    with pytest.raises(TypeError, match="sin_"):
        x.sin_()


@each_isa
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_trigonometry_of_large_numbers(isa: str, dtype: type) -> None:
    """On both sides of where the reduction hands over to the C library, and next to multiples of pi / 2."""
    quarters = np.arange(1, 700_000, 997) * (np.pi / 2)
    x = np.concatenate([quarters, [2.0**20, 2.0**20 + 1, 3e6, 1e22, 1e30]]).astype(dtype)
    for name in ("sin", "cos", "tan"):
        want = getattr(np, name)(x.astype(np.longdouble)).astype(np.float64)
        np.testing.assert_allclose(getattr(ts, name)(ts.from_numpy(x)).numpy(), want, rtol=4 * np.finfo(dtype).eps)


def test_scatter_in_place_and_by_numbers() -> None:
    x = ts.zeros(2, 3)
    index = ts.tensor([[2], [0]])
    assert x.scatter_(1, index, 1.5) is x
    assert x.tolist() == [[0, 0, 1.5], [1.5, 0, 0]]
    x.scatter_add_(1, index, ts.ones(2, 1))
    assert x.tolist() == [[0, 0, 2.5], [2.5, 0, 0]]
    assert x.scatter(1, index, 7).tolist() == [[0, 0, 7], [7, 0, 0]]
    with pytest.raises(IndexError, match="scatter: index 3 is out of range for dimension 1 of size 3"):
        x.scatter(1, ts.tensor([[3]]), 1)
    with pytest.raises(IndexError, match="scatter_add: index -1 is out of range"):
        x.scatter_add(1, ts.tensor([[-1]]), ts.ones(1, 1))


def test_scatter_gradient_as_torch_where_elements_meet() -> None:
    x, source = ts.ones(3, requires_grad=True), ts.ones(4, requires_grad=True)
    y = x.scatter(0, ts.tensor([0, 0, 2]), source)
    y.backward(ts.tensor([2.0, 3.0, 4.0]))
    assert x.grad.tolist() == [0, 3, 0]
    assert source.grad.tolist() == [2, 2, 4, 0]


def test_masked_fill_keeps_the_dtype() -> None:
    mask = ts.tensor([True, False])
    assert ts.zeros(2).masked_fill_(mask, -float("inf")).tolist() == [-float("inf"), 0]
    with pytest.raises(TypeError, match="masked_fill: the value does not fit into int64"):
        ts.zeros(2, dtype=ts.int64).masked_fill(mask, 0.5)


def test_transposed_convolution_refuses() -> None:
    x, w = ts.zeros(1, 3, 4, 4), ts.zeros(3, 2, 3, 3)
    with pytest.raises(ValueError, match="output_padding must be smaller than stride or dilation, got 2, 2 and 1"):
        F.conv_transpose2d(x, w, stride=2, output_padding=2)
    with pytest.raises(ValueError, match=r"needs x of shape \(batch, 3, height, width\), got \(1, 2, 4, 4\)"):
        F.conv_transpose2d(ts.zeros(1, 2, 4, 4), w)


def test_one_dimensional_convolutions_are_those_of_rows() -> None:
    x, w = ts.randn(2, 4, 9), ts.randn(6, 2, 3)
    y = F.conv1d(x, w, stride=2, padding=1, groups=2)
    want = F.conv2d(x.unsqueeze(2), w.unsqueeze(2), stride=(1, 2), padding=(0, 1), groups=2).squeeze(2)
    assert (y == want).all()
    assert F.conv1d(x, w, padding="same", groups=2).shape == (2, 6, 9)
    back = F.conv_transpose1d(y, w, stride=2, padding=1, groups=2)
    want = F.conv_transpose2d(y.unsqueeze(2), w.unsqueeze(2), stride=(1, 2), padding=(0, 1), groups=2).squeeze(2)
    assert back.shape == (2, 4, 9)
    assert (back == want).all()


def test_interpolate_refuses() -> None:
    x = ts.zeros(1, 2, 4, 4)
    for options, message in (
        ({}, "wanted one of size and scale_factor"),
        ({"size": 2, "antialias": True}, "antialias is not supported"),
        (
            {"size": 2, "mode": "trilinear"},
            'must be nearest, nearest-exact, area or bilinear or bicubic .*got "trilinear"',
        ),
        ({"size": 2, "align_corners": True}, "align_corners is for mode bilinear or bicubic only"),
        ({"size": (1, 2, 3)}, "must be one number or 2, got 3"),
        ({"scale_factor": 0.1}, "sizes must be at least 1"),
    ):
        with pytest.raises(ValueError, match=message):
            F.interpolate(x, **options)


def test_nearest_interpolation_does_not_mix_with_infinities() -> None:
    x = ts.tensor([[[1.0, np.inf]]])
    assert F.interpolate(x, scale_factor=2).tolist() == [[[1, 1, np.inf, np.inf]]]


def test_instance_norm_keeps_running_statistics() -> None:
    norm = ts.nn.InstanceNorm1d(2, track_running_stats=True)
    x = ts.tensor([[[0.0, 2.0], [1.0, 1.0]], [[2.0, 4.0], [1.0, 5.0]]])
    norm(x)
    np.testing.assert_allclose(norm.running_mean.numpy(), [0.2, 0.2], rtol=1e-6)
    np.testing.assert_allclose(norm.running_var.numpy(), [1.1, 1.3], rtol=1e-6)
    norm.eval()
    want = (x.numpy() - [[0.2], [0.2]]) / np.sqrt([[1.1 + 1e-5], [1.3 + 1e-5]])
    np.testing.assert_allclose(norm(x).numpy(), want, rtol=1e-5)


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize("padding", [1, "same"])
def test_convolutions_pad_by_mode(mode: str, padding: int | str) -> None:
    x = ts.randn(2, 3, 6, 7)
    layer = ts.nn.Conv2d(3, 4, (3, 4), padding=padding, padding_mode=mode)
    sides = (1, 1, 1, 1) if padding == 1 else (1, 2, 1, 1)
    want = F.conv2d(F.pad(x, sides, mode=mode), layer.weight, layer.bias)
    assert (layer(x) == want).all()
    row = ts.nn.Conv1d(3, 4, 4, padding=padding, padding_mode=mode)
    want = F.conv1d(F.pad(x[:, :, 0], sides[:2], mode=mode), row.weight, row.bias)
    assert (row(x[:, :, 0]) == want).all()


def test_transposed_convolution_to_a_size() -> None:
    layer = ts.nn.ConvTranspose2d(3, 4, 3, stride=2, padding=1)
    x = ts.randn(1, 3, 5, 5)
    assert layer(x).shape == (1, 4, 9, 9)
    assert layer(x, output_size=(10, 9)).shape == (1, 4, 10, 9)
    with pytest.raises(ValueError, match="output_size must be from"):
        layer(x, output_size=(11, 9))


def test_sort_puts_nan_last_and_keeps_the_order_of_equals() -> None:
    x = ts.tensor([2.0, np.nan, -0.0, 0.0, -np.inf, 2.0, np.inf])
    values, indices = x.sort()
    assert indices.tolist() == [4, 2, 3, 0, 5, 6, 1]
    assert np.isnan(values[-1].item())
    assert x.argsort(descending=True).tolist() == [1, 6, 0, 5, 2, 3, 4]
    assert x.topk(2, largest=False).indices.tolist() == [4, 2]
    with pytest.raises(
        ValueError, match=r"topk: k must be from 0 to 7, the size of dimension 0 of shape \(7,\), got 8"
    ):
        x.topk(8)


def test_logsumexp_of_infinities() -> None:
    inf = float("inf")
    x = ts.tensor([[-inf, -inf], [1.0, -inf], [inf, 1.0], [1000.0, 1000.0]])
    np.testing.assert_allclose(x.logsumexp(1).numpy(), [-inf, 1, inf, 1000 + np.log(2)])
    assert x.logsumexp(1, keepdim=True).shape == (4, 1)


@pytest.mark.parametrize("p", [0, 1, 3, 2.5, -1, float("inf"), -float("inf"), "fro"])
def test_norm_orders(p: float | str) -> None:
    x = np.random.default_rng(0).standard_normal((4, 7)).astype(np.float32)
    want = np.linalg.norm(x, 2 if p == "fro" else p, axis=1)
    np.testing.assert_allclose(ts.from_numpy(x).norm(p, dim=1).numpy(), want, rtol=1e-5)


def test_counts_and_moments() -> None:
    x = ts.tensor([[1.0, 0.0, 4.0], [0.0, 0.0, -1.0]])
    assert x.count_nonzero().item() == 3
    assert x.count_nonzero(0).tolist() == [1, 0, 2]
    deviation, mean = ts.std_mean(x, 1)
    assert (deviation == x.std(1)).all()
    assert (mean == x.mean(1)).all()
    assert (ts.var_mean(x)[0] == x.var()).all()


@pytest.mark.parametrize("options", [{"stride": 2, "padding": 1}, {"dilation": 2, "stride": 1}, {"ceil_mode": True}])
def test_max_pool_tells_where_it_found_the_values(options: dict) -> None:
    x = ts.randn(2, 5, 9, 8)
    values, indices = F.max_pool2d(x, (3, 2), **options, return_indices=True)
    assert (values == F.max_pool2d(x, (3, 2), **options)).all()
    assert indices.dtype == ts.int64
    picked = x.flatten(2).gather(2, indices.flatten(2))
    assert (picked == values.flatten(2)).all()
    values, indices = ts.nn.MaxPool1d(2, return_indices=True)(x[0, :, 0])
    assert (x[0, :, 0].gather(1, indices) == values).all()


def test_weight_norm_and_back() -> None:
    layer = ts.nn.utils.weight_norm(ts.nn.Linear(3, 4))
    x, before = ts.randn(2, 3), layer.weight.detach()
    assert {name for name, _ in layer.named_parameters()} == {"bias", "weight_g", "weight_v"}
    assert layer.weight_g.shape == (4, 1)
    want = x @ before.T + layer.bias
    np.testing.assert_allclose(layer(x).detach().numpy(), want.detach().numpy(), rtol=1e-5, atol=1e-6)
    layer(x).sum().backward()
    # The length of v does not matter, so its gradient is across it.
    across = (layer.weight_v.grad * layer.weight_v).sum(1).detach().numpy()
    np.testing.assert_allclose(across, 0, atol=1e-5)
    ts.nn.utils.remove_weight_norm(layer)
    assert {name for name, _ in layer.named_parameters()} == {"bias", "weight"}
    np.testing.assert_allclose(layer(x).detach().numpy(), want.detach().numpy(), rtol=1e-5, atol=1e-6)


@each_isa
def test_numbers_keep_their_bits(isa: str) -> None:
    for value in (-(2**63), 2**63 - 1, 0x7FF0000000000001):  # minus zero and a signalling NaN as doubles
        assert ts.full((3,), value, dtype=ts.int64).tolist() == [value] * 3
    for dtype in (ts.float32, ts.float64):
        assert np.signbit(ts.full((3,), -0.0, dtype=dtype).numpy()).all()


def test_without_dimensions() -> None:
    x = ts.tensor(2.0)
    assert x.flip(0).item() == 2
    assert x.movedim(0, 0).item() == 2
    assert ts.gather(x, 0, ts.tensor([0])).tolist() == [2]
    assert ts.index_select(x, 0, ts.tensor([0])).shape == ()
    for call in (x.unbind, lambda: x.split(1), lambda: x.chunk(2), lambda: x.unflatten(0, (1,))):
        with pytest.raises(IndexError, match="without dimensions"):
            call()


def test_bounds_that_are_tensors() -> None:
    x = ts.tensor([math.nan, 1.0, 5.0, 3.0], requires_grad=True)
    low, high = ts.tensor([0.0, math.nan, 0.0, 4.0], requires_grad=True), ts.tensor(4.0, requires_grad=True)
    y = ts.clamp(x, low, high)
    assert np.array_equal(y.detach().numpy(), [math.nan, math.nan, 4.0, 4.0], equal_nan=True)
    y.sum().backward()
    assert (x.grad.tolist(), low.grad.tolist(), high.grad.item()) == ([1, 0, 0, 0], [0, 1, 0, 1], 1)


def test_division_that_rounds() -> None:
    a, b = ts.tensor([7, -7, 7, -7]), ts.tensor([2, 2, -2, -2])
    assert ts.div(a, b, rounding_mode="trunc").tolist() == [3, -3, -3, 3]
    assert ts.div(a, b, rounding_mode="floor").tolist() == [3, -4, -4, 3]
    assert ts.div(a.float(), 2, rounding_mode="trunc").tolist() == [3, -3, 3, -3]
    with pytest.raises(ValueError, match=r"div: rounding_mode must be None, 'trunc' or 'floor', got 'up'"):
        ts.div(a, b, rounding_mode="up")


def test_targets_of_cross_entropy_may_have_a_gradient() -> None:
    """Targets of cross_entropy that require one."""
    x, t = ts.randn(4, 3), ts.softmax(ts.randn(4, 3), 1)
    want = F.cross_entropy(x, t, label_smoothing=0.2)
    t.requires_grad_()
    got = F.cross_entropy(x, t, label_smoothing=0.2)
    got.backward()
    assert got.item() == pytest.approx(want.item(), rel=1e-6)
    np.testing.assert_allclose(t.grad.numpy(), -0.8 / 4 * ts.log_softmax(x, 1).numpy(), rtol=1e-5)


def test_multinomial() -> None:
    ts.manual_seed(0)
    drawn = ts.multinomial(ts.tensor([[1.0, 0.0, 3.0], [0.0, 0.0, 2.0]]), 4000, replacement=True).numpy()
    assert np.bincount(drawn[0], minlength=3)[[1]] == 0
    assert abs((drawn[0] == 2).mean() - 0.75) < 0.03
    assert (drawn[1] == 2).all()
    without = ts.multinomial(ts.tensor([0.0, 1.0, 2.0, 3.0]), 3)
    assert sorted(without.tolist()) == [1, 2, 3]
    first = ts.stack([ts.multinomial(ts.tensor([1.0, 3.0]), 1) for _ in range(1000)]).float().mean().item()
    assert abs(first - 0.75) < 0.05
    with pytest.raises(ValueError, match="multinomial: 3 samples without replacement need as many weights"):
        ts.multinomial(ts.tensor([0.0, 1.0, 2.0]), 3)


def test_scatter_reduce() -> None:
    x, index = ts.tensor([1.0, 2.0, 3.0]), ts.tensor([0, 0, 1, 1])
    src = ts.tensor([4.0, 5.0, -1.0, math.nan])
    wanted = {"sum": [10, math.nan, 3], "prod": [20, math.nan, 3], "amax": [5, math.nan, 3], "amin": [1, math.nan, 3]}
    for reduce, want in wanted.items():
        got = ts.scatter_reduce(x, 0, index, src, reduce)
        np.testing.assert_array_equal(got.numpy(), want)
    alone = ts.scatter_reduce(ts.tensor([9, 9, 9]), 0, index, ts.tensor([-4, -5, -1, -2]), "amax", include_self=False)
    assert alone.tolist() == [-4, -1, 9]
    zeros = ts.tensor([0.0, 2.0, 0.0, 0.0], requires_grad=True)
    ts.scatter_reduce(x, 0, index, zeros, "prod").sum().backward()
    assert zeros.grad.tolist() == [2, 0, 0, 0]


def test_conversions_inside_keep_the_gradient() -> None:
    x = ts.tensor([3.0, -4.0], dtype=ts.bfloat16, requires_grad=True)
    x.norm(3.0).backward()
    assert np.allclose(x.grad.float().numpy(), np.array([9.0, -16.0]) / 91 ** (2 / 3), rtol=1e-2)
    x.grad = None
    ts.clamp(x, ts.tensor(-5.0, dtype=ts.float32).reshape(1), None).sum().backward()
    assert x.grad.tolist() == [1, 1]
