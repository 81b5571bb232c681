"""Module: registration, state, hooks, fusion, errors that name their place."""

from __future__ import annotations

import copy
import pickle
import timeit

import numpy as np
import pytest

import tilestack as ts
from tilestack import nn

F = nn.functional


class Block(nn.Module):
    def __init__(self, size: int = 4) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(size)
        self.fc = nn.Linear(size, size)

    def forward(self, x):
        return x + self.fc(self.norm(x))


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Block(), Block()])
        self.head = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
        self.scale = nn.Parameter(ts.ones(1))
        self.register_buffer("mask", ts.ones(4))
        self.register_buffer("cache", ts.zeros(2), persistent=False)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(x * self.mask) * self.scale


def values(module: nn.Module) -> dict[str, np.ndarray]:
    return {name: tensor.numpy().copy() for name, tensor in module.state_dict().items()}


def test_names() -> None:
    net = Net()
    block = ["norm.weight", "norm.bias", "norm.running_mean", "norm.running_var", "norm.num_batches_tracked"]
    block += ["fc.weight", "fc.bias"]
    want = ["scale", "mask", *(f"blocks.{i}.{name}" for i in range(2) for name in block)]
    want += ["head.0.weight", "head.0.bias", "head.2.weight", "head.2.bias"]
    assert list(net.state_dict()) == want
    assert [name for name, _ in net.named_children()] == ["blocks", "head"]
    assert [name for name, _ in net.named_modules()][:4] == ["", "blocks", "blocks.0", "blocks.0.norm"]
    assert len(list(net.parameters())) == 13
    assert {name for name, _ in net.named_buffers()} >= {"mask", "cache", "blocks.0.norm.running_var"}
    assert net.get_submodule("blocks.1.fc") is net.blocks[1].fc
    assert net.get_parameter("head.0.bias") is net.head[0].bias
    with pytest.raises(AttributeError, match=r"no child 'fc2' \(of 'blocks.1.fc2'\)"):
        net.get_submodule("blocks.1.fc2")


def test_attributes_are_plain() -> None:
    layer = nn.Linear(2, 2)
    assert layer.__dict__["weight"] is layer.weight
    assert not hasattr(nn.Module, "__getattr__")
    assert isinstance(layer.weight, ts.Tensor)
    assert layer.weight.requires_grad
    assert layer.weight.is_leaf


def test_shared_parameters_count_once() -> None:
    net = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False))
    net[1].weight = net[0].weight
    assert len(list(net.parameters())) == 1
    assert len(list(net.named_parameters(remove_duplicate=False))) == 2
    assert list(net.state_dict()) == ["0.weight", "1.weight"]


def test_assignment() -> None:
    layer = nn.Linear(2, 2)
    with pytest.raises(TypeError, match=r"Linear\.weight is a parameter: assign a Parameter or None, got Tensor"):
        layer.weight = ts.zeros(2, 2)
    layer.weight = nn.Parameter(ts.zeros(2, 2))
    layer.bias = None
    assert list(layer.state_dict()) == ["weight"]
    del layer.weight
    assert list(layer.parameters()) == []
    layer.register_buffer("gain", ts.ones(2))
    layer.gain = ts.zeros(2)
    assert list(layer.state_dict()) == ["gain"]
    layer.gain = nn.Parameter(ts.zeros(2))
    assert list(layer.named_buffers()) == []
    for bad in ("", "a.b", "forward"):
        with pytest.raises(KeyError):
            layer.register_parameter(bad, None if bad != "forward" else nn.Parameter(ts.zeros(1)))
    with pytest.raises(TypeError, match="must be a Module or None, got int"):
        layer.add_module("child", 3)
    with pytest.raises(TypeError, match="must be a Parameter or None, got Tensor"):
        layer.register_parameter("p", ts.zeros(1))


def test_load_state_dict() -> None:
    net, other = Net(), Net()
    assert other.load_state_dict(net.state_dict()) == ([], [])
    for name, value in values(net).items():
        np.testing.assert_array_equal(values(other)[name], value)
    arrays = values(net)
    assert other.load_state_dict(arrays) == ([], [])


def test_load_state_dict_changes_nothing_when_it_fails() -> None:
    net = Net()
    before, state = values(net), {name: ts.zeros_like(value) for name, value in net.state_dict().items()}
    del state["scale"]
    state["extra"] = ts.zeros(1)
    state["head.0.weight"] = ts.zeros(8, 5)
    with pytest.raises(ValueError, match="does not fit Net; nothing was changed") as error:
        net.load_state_dict(state)
    text = str(error.value)
    assert "missing in the state_dict (1):\n    scale" in text
    assert "unexpected (1):\n    extra" in text
    assert "head.0.weight: the module has (8, 4), the state_dict (8, 5)" in text
    with pytest.raises(ValueError, match="shape mismatch"):
        net.load_state_dict(state, strict=False)
    state["mask"] = "text"
    with pytest.raises(TypeError, match="'mask' must be a tensor or numpy array, got str"):
        net.load_state_dict(state)
    for name, value in values(net).items():
        np.testing.assert_array_equal(value, before[name])
    del state["head.0.weight"], state["mask"]
    assert net.load_state_dict(state, strict=False) == (["scale", "mask", "head.0.weight"], ["extra"])
    assert values(net)["head.2.bias"].sum() == 0


def test_load_state_dict_by_assignment() -> None:
    net, batch_norm = nn.Linear(2, 3), nn.BatchNorm1d(2)
    net.weight.requires_grad = False
    old, weight, bias = net.weight, ts.ones((3, 2), dtype=ts.float64), nn.Parameter(ts.zeros(3))
    with pytest.raises(ValueError, match=r"weight: the module has \(3, 2\), the state_dict \(2, 3\)"):
        net.load_state_dict({"weight": weight.t(), "bias": bias}, assign=True)
    assert net.weight is old
    assert net.load_state_dict({"weight": weight, "bias": bias}, assign=True) == ([], [])
    assert net.bias is bias
    assert (net.weight.dtype, net.weight.requires_grad) == (ts.float64, False)
    weight[0, 0] = 5.0
    assert net.weight[0, 0].item() == 5
    mean = ts.full((2,), 3.0)
    batch_norm.load_state_dict({"running_mean": mean}, strict=False, assign=True)
    assert batch_norm.running_mean is mean
    assert batch_norm.state_dict()["running_mean"].numpy()[0] == 3


def test_state_dict_hooks() -> None:
    net, seen = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)), []
    handles = [
        net[1].register_state_dict_pre_hook(lambda module, prefix, keep_vars: seen.append((prefix, keep_vars))),
        net[1].register_state_dict_post_hook(lambda module, state, prefix, _: state.pop(prefix + "bias")),
    ]
    assert list(net.state_dict(prefix="net.")) == ["net.0.weight", "net.0.bias", "net.1.weight"]
    assert seen == [("net.1.", False)]
    for handle in handles:
        handle.remove()
    assert len(net.state_dict()) == 4


def test_load_state_dict_hooks() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    state = {key: ts.ones_like(x) for key, x in net.state_dict().items()}
    state["1.gamma"] = state.pop("1.weight")

    def rename(module, state, prefix, metadata, strict, missing, unexpected, errors) -> None:
        state[prefix + "weight"] = state.pop(prefix + "gamma")

    handle = net[1].register_load_state_dict_pre_hook(rename)
    assert net.load_state_dict(state) == ([], [])
    assert "1.gamma" in state
    assert net[1].weight.sum().item() == 4
    handle.remove()

    refuse = net.register_load_state_dict_pre_hook(lambda *given: given[-1].append("made by another version"))
    with pytest.raises(ValueError, match=r"nothing was changed\n  error \(1\):\n    made by another version"):
        net.load_state_dict(net.state_dict())
    refuse.remove()

    order = []
    net[0].register_load_state_dict_post_hook(lambda module, keys: order.append("child"))
    net.register_load_state_dict_post_hook(lambda module, keys: order.append("parent"))
    with pytest.raises(ValueError, match=r"the rest was loaded\n  missing in the state_dict \(1\):\n    1.weight"):
        net.load_state_dict(state)
    net.register_load_state_dict_post_hook(lambda module, keys: [names.clear() for names in keys])
    assert net.load_state_dict(state) == ([], [])
    assert order == 2 * ["child", "parent"]
    with pytest.raises(TypeError, match="register_load_state_dict_post_hook: hook must be callable, got int"):
        net.register_load_state_dict_post_hook(1)


@pytest.mark.parametrize("layer", [nn.GroupNorm(2, 4, bias=False), nn.InstanceNorm1d(4, affine=True, bias=False)])
def test_norm_without_bias(layer: nn.Module) -> None:
    assert list(layer.state_dict()) == ["weight"]
    x = np.random.default_rng(0).standard_normal((3, 4, 8))
    groups = x.reshape(3, 2, -1) if isinstance(layer, nn.GroupNorm) else x
    wanted = (groups - groups.mean(-1, keepdims=True)) / np.sqrt(groups.var(-1, keepdims=True) + 1e-5)
    layer.double().weight.detach().fill_(2.0)
    np.testing.assert_allclose(
        layer(ts.tensor(x)).detach().numpy(), 2 * wanted.reshape(x.shape), rtol=1e-10, atol=1e-12
    )


def test_state_dict_shares_memory() -> None:
    layer = nn.Linear(2, 2)
    state = layer.state_dict(prefix="fc.")
    assert list(state) == ["fc.weight", "fc.bias"]
    assert not state["fc.weight"].requires_grad
    state["fc.weight"].zero_()
    assert layer.weight.detach().numpy().sum() == 0
    assert layer.state_dict(keep_vars=True)["weight"] is layer.weight


def test_modes() -> None:
    net = Net()
    assert net.eval() is net
    assert not any(module.training for module in net.modules())
    assert all(module.training for module in net.train().modules())
    net.requires_grad_(False)
    assert not any(parameter.requires_grad for parameter in net.parameters())
    net.requires_grad_()
    net(ts.ones(2, 4)).sum().backward()
    assert all(parameter.grad is not None for parameter in net.parameters())
    net.zero_grad(set_to_none=False)
    assert all((parameter.grad.numpy() == 0).all() for parameter in net.parameters())
    net.zero_grad()
    assert all(parameter.grad is None for parameter in net.parameters())
    seen = []
    net.apply(lambda module: seen.append(type(module).__name__))
    assert seen[-1] == "Net"
    assert seen.count("Linear") == 4


def test_conversion_keeps_the_parameter_objects() -> None:
    net = Net()
    before = dict(net.named_parameters())
    net.head[0].weight.grad = ts.ones_like(net.head[0].weight)
    assert net.double() is net
    for name, parameter in net.named_parameters():
        assert parameter is before[name]
        assert parameter.dtype is ts.float64
        assert parameter.requires_grad
        assert isinstance(parameter, nn.Parameter)
        assert parameter.contiguous() is parameter
    assert net.head[0].weight.grad.dtype is ts.float64
    assert net.mask.dtype is ts.float64
    assert net.blocks[0].norm.num_batches_tracked.dtype is ts.int64
    assert net(ts.ones(2, 4, dtype=ts.float64)).dtype is ts.float64
    for dtype in (ts.float16, ts.bfloat16, ts.float32):
        net.to(dtype)
        assert net.scale.dtype is dtype
    net.to("cpu").to(ts.zeros(1, dtype=ts.float64))
    assert net.scale.dtype is ts.float64
    with pytest.raises(TypeError, match="dtype must be a float type"):
        net.to(ts.int64)


@pytest.mark.parametrize(("before", "after"), [("float32", "float64"), ("float64", "float32")])
def test_conversion_between_forward_and_backward(before: str, after: str) -> None:
    layer = nn.Linear(30, 20).to(before)
    y = layer(ts.ones(40, 30, dtype=before)).sum()
    layer.to(after)
    y.backward()  # reaches the weights as they were
    assert layer.weight.grad is None
    layer(ts.ones(40, 30, dtype=after)).sum().backward()
    assert (layer.weight.grad.numpy() == 40).all()


def test_copies() -> None:
    net = Net()
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert [p.shape for p in other.parameters()] == [p.shape for p in net.parameters()]
        assert all(isinstance(p, nn.Parameter) and p.requires_grad for p in other.parameters())
        np.testing.assert_array_equal(other.head[0].weight.detach().numpy(), net.head[0].weight.detach().numpy())
        with ts.no_grad():
            other.head[0].weight.zero_()
        assert net.head[0].weight.detach().abs().sum().item() > 0


def test_repr() -> None:
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.ModuleList([nn.Dropout(0.1), nn.Dropout(0.1), nn.Tanh()]))
    assert repr(net) == (
        "Sequential(\n"
        "  (0): Linear(in_features=4, out_features=8, bias=True)\n"
        "  (1): ReLU()\n"
        "  (2): ModuleList(\n"
        "    (0-1): 2 x Dropout(p=0.1, inplace=False)\n"
        "    (2): Tanh()\n"
        "  )\n"
        ")"
    )
    assert repr(nn.Conv2d(3, 8, 3, padding=1, bias=False)) == (
        "Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), bias=False)"
    )
    assert repr(nn.BatchNorm2d(3)) == (
        "BatchNorm2d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)"
    )


def test_forward_hooks() -> None:
    layer, calls = nn.Linear(2, 2), []
    x = ts.ones(1, 2)
    plain = layer(x).detach().numpy()
    handle = layer.register_forward_hook(lambda module, args, y: calls.append((module, args, y)))
    layer(x)
    assert calls[0][0] is layer
    assert calls[0][1][0] is x
    handle.remove()
    assert layer._hooks is None
    with layer.register_forward_pre_hook(lambda module, args: args[0] * 2):
        doubled = layer(x)
    np.testing.assert_allclose(doubled.detach().numpy(), layer(x * 2).detach().numpy())
    with layer.register_forward_hook(lambda module, args, y: y * 0):
        assert layer(x).detach().numpy().sum() == 0
    order = []
    with (
        layer.register_forward_pre_hook(lambda *_: order.append("second")),
        layer.register_forward_pre_hook(lambda *_: order.append("first"), prepend=True),
        layer.register_forward_hook(lambda m, args, kwargs, y: order.append(sorted(kwargs)), with_kwargs=True),
    ):
        layer(input=x)
    assert order == ["first", "second", ["input"]]
    np.testing.assert_array_equal(layer(x).detach().numpy(), plain)


def test_backward_hook() -> None:
    layer, seen = nn.Linear(3, 2, bias=False), []
    x = ts.ones(1, 3, requires_grad=True)

    def hook(module, grad_input, grad_output):
        seen.append((grad_input, grad_output))
        return (grad_input[0] * 10,)

    with layer.register_full_backward_hook(hook):
        layer(x).sum().backward()
    (grad_input, grad_output) = seen[0]
    want = layer.weight.detach().numpy().sum(0, keepdims=True)
    np.testing.assert_allclose(grad_output[0].numpy(), np.ones((1, 2)))
    np.testing.assert_allclose(grad_input[0].numpy(), want, rtol=1e-6)
    np.testing.assert_allclose(x.grad.numpy(), want * 10, rtol=1e-6)
    with layer.register_full_backward_hook(lambda module, gi, go: seen.append((gi, go))):
        layer(ts.ones(1, 3)).sum().backward()
    assert seen[1][0] == (None,)


def test_errors_name_the_path() -> None:
    net = Net()
    net.blocks[1].fc = nn.Linear(5, 4)
    with pytest.raises(ValueError, match=r"^blocks\.1\.fc: linear: ") as error:
        net(ts.ones(2, 4))
    assert "(4, 5)" in str(error.value)
    with pytest.raises(ValueError, match=r"^linear: "):
        nn.Linear(2, 2)(ts.ones(1, 3))
    fused = nn.Sequential(nn.Identity(), nn.Sequential(nn.Linear(3, 2), nn.ReLU()))
    with pytest.raises(ValueError, match=r"^1\.0: linear: "):
        fused(ts.ones(1, 4))

    class Fails(nn.Module):
        def forward(self, x):
            raise KeyError("missing", 3)

    with pytest.raises(KeyError) as key_error:
        nn.Sequential(Fails())(1)
    assert key_error.value.args == ("0: missing", 3)


def test_module_without_super_init() -> None:
    class Bare(nn.Module):
        def __init__(self) -> None:
            self.fc = nn.Linear(2, 2)

    assert len(list(Bare().parameters())) == 2
    with pytest.raises(NotImplementedError, match="Bare has no forward"):
        Bare()(1)


ACTIVATIONS = [nn.ReLU(), nn.GELU(), nn.GELU("tanh"), nn.Sigmoid(), nn.Tanh()]


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)
@pytest.mark.parametrize("kind", ["linear", "conv"])
def test_sequential_fuses(activation: nn.Module, kind: str) -> None:
    first = nn.Linear(5, 4) if kind == "linear" else nn.Conv2d(2, 4, 3, padding="same")
    x = ts.randn(3, 5) if kind == "linear" else ts.randn(2, 2, 6, 5)
    results = []
    for net in (nn.Sequential(first, activation), lambda x: activation(first(x))):
        x = x.detach().requires_grad_()
        first.zero_grad()
        y = net(x)
        (y * y).sum().backward()
        results.append([y.detach(), x.grad, first.weight.grad, first.bias.grad])
    for fused, plain in zip(*results, strict=True):
        np.testing.assert_allclose(fused.numpy(), plain.numpy(), rtol=1e-5, atol=1e-5)


def test_sequential_runs_hooks_of_fused_modules() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    x, calls = ts.ones(1, 2), []
    plain = net(x).item()
    for module in net:
        with module.register_forward_hook(lambda m, args, y: calls.append(m)):
            assert net(x).item() == pytest.approx(plain, rel=1e-6)
    assert calls == list(net)
    net[1] = nn.Tanh()
    changed = net(x).item()
    assert changed == pytest.approx(net[2](net[1](net[0](x))).item(), rel=1e-5)

    class Loud(nn.Linear):
        def forward(self, x):
            calls.append("loud")
            return super().forward(x)

    nn.Sequential(Loud(2, 2), nn.ReLU())(x)
    assert calls[-1] == "loud"


def test_sequential_is_a_list() -> None:
    a, b, c = nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)
    net = nn.Sequential(a, b)
    assert net.append(c) is net
    assert (len(net), net[0], net[-1], list(net[1:])) == (3, a, c, [b, c])
    assert list(net[2:].state_dict()) == ["2.weight", "2.bias"]
    net.insert(1, nn.Identity())
    assert list(net)[2] is b
    del net[1]
    assert net.pop(1) is b
    assert list(net.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    with pytest.raises(IndexError, match="index 5 is out of range for 2 modules"):
        net[5]
    named = nn.Sequential({"first": a, "then": c})
    assert list(named.state_dict()) == ["first.weight", "first.bias", "then.weight", "then.bias"]
    assert named.first is a


def test_containers_add_up() -> None:
    first, second = nn.Sequential(nn.Linear(2, 3), nn.ReLU()), nn.Sequential(nn.Linear(3, 1))
    both = first + second
    assert list(both) == [*first, *second]
    assert both(ts.zeros(1, 2)).shape == (1, 1)
    first += second
    assert list(first) == list(both)
    blocks = nn.ModuleList([nn.ReLU()])
    assert len(blocks + blocks) == 2


def test_get_buffer() -> None:
    net = nn.Sequential(nn.BatchNorm1d(3))
    assert net.get_buffer("0.running_var") is net[0].running_var
    for name in ("0.weight", "0.nothing", "1.running_var"):
        with pytest.raises(AttributeError):
            net.get_buffer(name)


def test_module_dict_and_parameter_list() -> None:
    modules = nn.ModuleDict({"a": nn.Linear(1, 1), "b": nn.ReLU()})
    assert (list(modules), len(modules), "a" in modules) == (["a", "b"], 2, True)
    assert modules.pop("b").__class__ is nn.ReLU
    with pytest.raises(KeyError):
        modules["keys"] = nn.ReLU()
    modules.clear()
    assert len(modules) == 0
    parameters = nn.ParameterList([ts.ones(1), ts.ones(2)]).append(ts.ones(3))
    assert [len(p) for p in parameters] == [1, 2, 3]
    assert list(parameters.state_dict()) == ["0", "1", "2"]
    named = nn.ParameterDict({"a": ts.ones(1), "b": ts.ones(2)})
    named["c"] = nn.Parameter(ts.ones(3))
    assert {key: len(p) for key, p in named.items()} == {"a": 1, "b": 2, "c": 3}
    assert all(isinstance(p, nn.Parameter) for p in named.values())
    del named["a"]
    assert (list(named), len(named), "a" in named, list(named.state_dict())) == (["b", "c"], 2, False, ["b", "c"])
    with pytest.raises(KeyError):
        del named["a"]


def test_layers() -> None:
    assert nn.Flatten()(ts.zeros(2, 3, 4)).shape == (2, 12)
    assert nn.Unflatten(1, (3, -1))(ts.zeros(2, 12)).shape == (2, 3, 4)
    with pytest.raises(ValueError, match=r"dimension 1 of x \(2, 12\) does not split into \(5, -1\)"):
        nn.Unflatten(1, (5, -1))(ts.zeros(2, 12))
    assert nn.Identity(1, a=2)(3) == 3
    table = nn.Embedding(4, 3, padding_idx=0)
    assert table(ts.tensor([[0, 1]])).shape == (1, 2, 3)
    assert table.weight[0].detach().numpy().sum() == 0
    assert nn.MaxPool2d(2)(ts.zeros(1, 2, 4, 6)).shape == (1, 2, 2, 3)
    assert nn.AvgPool2d(2, stride=1, padding=1)(ts.zeros(1, 2, 4, 4)).shape == (1, 2, 5, 5)
    assert nn.Conv2d(2, 4, 4, padding="same", dilation=3)(ts.zeros(1, 2, 7, 8)).shape == (1, 4, 7, 8)
    x = ts.randn(6, 8)
    np.testing.assert_allclose(nn.LayerNorm(8)(x).detach().numpy().std(1), 1, atol=1e-3)
    np.testing.assert_allclose((nn.RMSNorm(8)(x).detach().numpy() ** 2).mean(1), 1, atol=1e-3)
    for make, text in [
        (lambda: nn.Conv2d(3, 4, 3, groups=2), "groups must divide"),
        (lambda: nn.Conv2d(3, 4, 3, padding="same", stride=2), "needs stride 1"),
        (lambda: nn.Conv2d(3, 4, 3, padding_mode="mirror"), "padding_mode must be"),
        (lambda: nn.Dropout(1.5), "p must be from 0 to 1"),
        (lambda: nn.GELU("exact"), "approximate must be"),
        (lambda: nn.MSELoss("max"), "reduction must be"),
        (lambda: nn.BatchNorm1d(4)(ts.zeros(1, 4, 2, 2)), "needs 2-D or 3-D x, got shape"),
    ]:
        with pytest.raises(ValueError, match=text):
            make()


def test_batch_norm_statistics() -> None:
    x = np.random.default_rng(0).normal(3, 2, (10, 4)).astype(np.float32)
    norm, average = nn.BatchNorm1d(4), nn.BatchNorm1d(4, momentum=None)
    for part in (x[:5], x[5:]):
        norm(ts.from_numpy(part))
        average(ts.from_numpy(part))
    assert norm.num_batches_tracked.item() == 2
    means = [part.mean(0) for part in (x[:5], x[5:])]
    np.testing.assert_allclose(norm.running_mean.numpy(), 0.9 * 0.1 * means[0] + 0.1 * means[1], rtol=1e-5)
    np.testing.assert_allclose(average.running_mean.numpy(), (means[0] + means[1]) / 2, rtol=1e-5)
    norm.eval()
    want = (x - norm.running_mean.numpy()) / np.sqrt(norm.running_var.numpy() + 1e-5)
    np.testing.assert_allclose(norm(ts.from_numpy(x)).detach().numpy(), want, rtol=1e-4, atol=1e-5)
    assert norm.num_batches_tracked.item() == 2
    norm.reset_running_stats()
    assert norm.running_var.numpy().tolist() == [1] * 4


def test_losses() -> None:
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(5, 3)).astype(np.float32), rng.integers(0, 3, 5)
    log_p = x - np.log(np.exp(x).sum(1, keepdims=True))
    nll = -log_p[np.arange(5), t]
    logits, target = ts.from_numpy(x), ts.from_numpy(t)
    assert nn.CrossEntropyLoss()(logits, target).item() == pytest.approx(nll.mean(), rel=1e-5)
    assert nn.NLLLoss(reduction="sum")(F.log_softmax(logits, 1), target).item() == pytest.approx(nll.sum(), rel=1e-5)
    y = rng.random((5, 3)).astype(np.float32)
    p, weight = 1 / (1 + np.exp(-x)), np.array([1, 2, 3], dtype=np.float32)
    bce = -(weight * y * np.log(p) + (1 - y) * np.log(1 - p)) * weight
    loss = nn.BCEWithLogitsLoss(weight=ts.from_numpy(weight), reduction="none", pos_weight=ts.from_numpy(weight))
    np.testing.assert_allclose(loss(logits, ts.from_numpy(y)).numpy(), bce, rtol=1e-4, atol=1e-6)
    assert nn.MSELoss()(logits, ts.from_numpy(y)).item() == pytest.approx(((x - y) ** 2).mean(), rel=1e-5)
    assert nn.L1Loss()(logits, ts.from_numpy(y)).item() == pytest.approx(np.abs(x - y).mean(), rel=1e-5)
    with pytest.raises(ValueError, match=r"\(5, 3\)"):
        nn.MSELoss()(logits, ts.zeros(3))


def test_call_is_cheap() -> None:
    """A module call costs little beyond its forward: a bound that only a change of kind breaks."""

    class Nothing(nn.Module):
        def forward(self, x):
            return x

    module = Nothing()
    assert min(timeit.repeat(lambda: module(1), number=2000, repeat=5)) / 2000 < 3e-6


@pytest.mark.peers
def test_like_torch() -> None:
    torch = pytest.importorskip("torch")

    def make(lib):
        nn = lib.nn
        return nn.Sequential(
            nn.Conv2d(2, 4, 3, padding="same"), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(4, 4, 3, groups=2), nn.GELU(), nn.AvgPool2d(2), nn.Flatten(), nn.LayerNorm(4),
            nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3),
        )  # fmt: skip

    mine, theirs = make(ts), make(torch)
    assert repr(mine) == repr(theirs)
    assert list(mine.state_dict()) == list(theirs.state_dict())
    mine.load_state_dict({name: value.numpy() for name, value in theirs.state_dict().items()})
    x = np.random.default_rng(0).normal(size=(3, 2, 9, 8)).astype(np.float32)
    losses = []
    for lib, net in ((ts, mine), (torch, theirs)):
        loss = lib.nn.CrossEntropyLoss(label_smoothing=0.1)(net(lib.from_numpy(x)), lib.tensor([0, 2, 1]))
        loss.backward()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    for (name, a), b in zip(mine.named_parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-3, atol=1e-5, err_msg=name)
    for name, value in theirs.state_dict().items():
        np.testing.assert_allclose(mine.state_dict()[name].numpy(), value.numpy(), rtol=1e-5, atol=1e-6)
