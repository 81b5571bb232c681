"""tilestack.models: published sizes and names, gradients, decoding with a cache, 16-bit weights, GPUs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tilestack as ts
from recipes import GPT2, LLAMA, RECIPES, characters
from tilestack import models
from tilestack.nn import functional as F
from tilestack.nn.utils import skip_init

SMOLLM = models.LlamaConfig(
    vocab_size=49152,
    hidden_size=576,
    intermediate_size=1536,
    num_hidden_layers=30,
    num_attention_heads=9,
    num_key_value_heads=3,
    tie_word_embeddings=True,
)
MINILM = models.BertConfig(hidden_size=384, num_hidden_layers=6, intermediate_size=1536)

# Parameters as published, and tensors of a state_dict.
PUBLISHED = {
    "alexnet": (models.AlexNet, 61_100_840, 16),
    "alexnet2012": (models.AlexNet2012, 60_965_224, 16),
    "cifar_alexnet": (models.CifarAlexNet, 1_882_602, 36),
    "vgg11": (models.vgg11, 132_863_336, 22),
    "vgg13": (models.vgg13, 133_047_848, 26),
    "vgg16": (models.vgg16, 138_357_544, 32),
    "vgg19": (models.vgg19, 143_667_240, 38),
    "vgg11_bn": (models.vgg11_bn, 132_868_840, 62),
    "vgg13_bn": (models.vgg13_bn, 133_053_736, 76),
    "vgg16_bn": (models.vgg16_bn, 138_365_992, 97),
    "vgg19_bn": (models.vgg19_bn, 143_678_248, 118),
    "resnet18": (models.resnet18, 11_689_512, 122),
    "resnet34": (models.resnet34, 21_797_672, 218),
    "resnet50": (models.resnet50, 25_557_032, 320),
    "resnet101": (models.resnet101, 44_549_160, 626),
    "resnet20": (models.resnet20, 269_722, 116),
    "resnet32": (models.resnet32, 464_154, 188),
    "resnet44": (models.resnet44, 658_586, 260),
    "resnet56": (models.resnet56, 853_018, 332),
    "resnet20_b": (lambda: models.resnet20(shortcut="projection"), 272_474, 128),
    "squeezenet1_0": (models.squeezenet1_0, 1_248_424, 52),
    "squeezenet1_1": (models.squeezenet1_1, 1_235_496, 52),
    "efficientnet_lite0": (models.efficientnet_lite0, 4_652_008, 296),
    "efficientnet_lite1": (models.efficientnet_lite1, 5_416_680, 386),
    "efficientnet_lite2": (models.efficientnet_lite2, 6_092_072, 386),
    "unet": (models.UNet, 31_037_633, 118),
    "bert": (lambda: models.BertModel(models.BertConfig()), 109_482_240, 199),
    "minilm": (lambda: models.SentenceEncoder(MINILM), 22_713_216, 103),
    "gpt2": (lambda: models.GPT2LMHeadModel(models.GPT2Config()), 124_439_808, 149),
    "smollm": (lambda: models.LlamaForCausalLM(SMOLLM), 134_515_008, 273),
    "llama7b_1_of_32_layers": (
        lambda: models.LlamaForCausalLM(models.LlamaConfig(num_hidden_layers=1)),
        464_531_456,
        12,
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_sizes(name: str) -> None:
    make, parameters, tensors = PUBLISHED[name]
    model = skip_init(make)
    assert sum(p.numel() for p in model.parameters()) == parameters
    assert len(model.state_dict()) == tensors


NAMES = {
    "alexnet": {"features.0.weight": (64, 3, 11, 11), "features.10.bias": (256,), "classifier.6.weight": (1000, 4096)},
    "alexnet2012": {"features.4.weight": (256, 48, 5, 5), "features.12.weight": (256, 192, 3, 3)},
    "vgg16": {"features.28.weight": (512, 512, 3, 3), "classifier.0.weight": (4096, 25088)},
    "vgg16_bn": {"features.41.running_var": (512,), "features.40.weight": (512, 512, 3, 3)},
    "resnet50": {
        "layer1.0.downsample.0.weight": (256, 64, 1, 1),
        "layer4.2.conv2.weight": (512, 512, 3, 3),
        "layer2.0.bn3.num_batches_tracked": (),
        "fc.weight": (1000, 2048),
    },
    "resnet20_b": {"layer2.0.downsample.1.running_mean": (32,), "layer3.2.conv2.weight": (64, 64, 3, 3)},
    "squeezenet1_1": {"features.12.expand3x3.weight": (256, 64, 3, 3), "classifier.1.bias": (1000,)},
    "efficientnet_lite0": {
        "_conv_stem.weight": (32, 3, 3, 3),
        "_blocks.0._bn1.running_mean": (32,),
        "_blocks.3._depthwise_conv.weight": (144, 1, 5, 5),
        "_blocks.15._project_conv.weight": (320, 1152, 1, 1),
        "_conv_head.weight": (1280, 320, 1, 1),
        "_fc.weight": (1000, 1280),
    },
    "efficientnet_lite2": {"_blocks.20._project_conv.weight": (352, 1248, 1, 1), "_blocks.1._bn0.weight": (96,)},
    "unet": {
        "inc.double_conv.0.weight": (64, 3, 3, 3),
        "down4.maxpool_conv.1.double_conv.3.weight": (1024, 1024, 3, 3),
        "up1.up.weight": (1024, 512, 2, 2),
        "up4.conv.double_conv.0.weight": (64, 128, 3, 3),
        "outc.conv.weight": (1, 64, 1, 1),
    },
    "minilm": {
        "embeddings.word_embeddings.weight": (30522, 384),
        "embeddings.LayerNorm.bias": (384,),
        "encoder.layer.5.attention.self.query.weight": (384, 384),
        "encoder.layer.5.attention.output.LayerNorm.weight": (384,),
        "encoder.layer.0.intermediate.dense.weight": (1536, 384),
        "encoder.layer.0.output.dense.weight": (384, 1536),
        "pooler.dense.weight": (384, 384),
    },
    "gpt2": {
        "transformer.wte.weight": (50257, 768),
        "transformer.h.11.attn.c_attn.weight": (768, 2304),
        "transformer.h.11.mlp.c_proj.weight": (3072, 768),
        "transformer.ln_f.bias": (768,),
        "lm_head.weight": (50257, 768),
    },
    "smollm": {
        "model.embed_tokens.weight": (49152, 576),
        "model.layers.29.self_attn.k_proj.weight": (192, 576),
        "model.layers.29.mlp.down_proj.weight": (576, 1536),
        "model.layers.0.post_attention_layernorm.weight": (576,),
        "model.norm.weight": (576,),
    },
}


@pytest.mark.parametrize("name", NAMES)
def test_names(name: str) -> None:
    shapes = {key: tuple(x.shape) for key, x in skip_init(PUBLISHED[name][0]).state_dict().items()}
    assert NAMES[name].items() <= shapes.items()


def tensors(name: str, step: int, dtype: Any = ts.float32, device: str = "cpu") -> list[ts.Tensor]:
    batch = [ts.from_numpy(x.astype(np.float32) if x.dtype.kind == "f" else x) for x in RECIPES[name].batch(step)]
    return [x.to(dtype if x.is_floating_point() else x.dtype).to(device) for x in batch]


def loss_of(name: str, model: ts.nn.Module, step: int, **where: Any) -> ts.Tensor:
    return RECIPES[name].loss(model, F, *tensors(name, step, **where))


@pytest.mark.parametrize("name", RECIPES)
def test_gradients_reach_every_parameter(name: str) -> None:
    ts.manual_seed(0)
    model = RECIPES[name].make(models)
    loss_of(name, model, 0).backward()
    for key, parameter in model.named_parameters():
        assert parameter.grad is not None, key
        assert np.isfinite(parameter.grad.numpy()).all(), key
        assert np.abs(parameter.grad.numpy()).max() > 0 or key.endswith("bias"), key


@pytest.mark.parametrize("name", RECIPES)
def test_bfloat16(name: str) -> None:
    ts.manual_seed(0)
    model = RECIPES[name].make(models)
    model.train(False)
    with ts.no_grad():
        wanted = float(loss_of(name, model, 0))
        found = loss_of(name, model.bfloat16(), 0, dtype=ts.bfloat16)
    assert found.dtype == ts.bfloat16
    assert float(found) == pytest.approx(wanted, rel=0.05)
    model.train()
    loss_of(name, model, 0, dtype=ts.bfloat16).backward()
    assert all(p.grad is not None and p.grad.dtype == ts.bfloat16 for p in model.parameters())


@pytest.mark.skipif(not ts.cuda.is_available(), reason="no GPU")
@pytest.mark.parametrize("name", RECIPES)
def test_on_a_gpu(name: str) -> None:
    ts.manual_seed(0)
    model = RECIPES[name].make(models)
    loss = loss_of(name, model, 0)
    loss.backward()
    wanted = {key: p.grad.numpy() for key, p in model.named_parameters()}
    model.zero_grad()
    model.to("cuda")
    on_gpu = loss_of(name, model, 0, device="cuda")
    on_gpu.backward()
    assert float(on_gpu) == pytest.approx(float(loss), rel=1e-4)
    least = 1e-3 * max(np.abs(slope).max() for slope in wanted.values())
    for key, parameter in model.named_parameters():
        slope = parameter.grad.cpu().numpy()
        assert np.abs(slope - wanted[key]).max() <= 1e-2 * max(np.abs(wanted[key]).max(), least), key


def language_models() -> dict[str, ts.nn.Module]:
    ts.manual_seed(0)
    return {
        "gpt2": models.GPT2LMHeadModel(models.GPT2Config(**GPT2)).eval(),
        "llama": models.LlamaForCausalLM(models.LlamaConfig(**LLAMA)).eval(),
    }


def rows(*lengths: int) -> list[np.ndarray]:
    return [characters()[100 * i : 100 * i + n] for i, n in enumerate(lengths)]


@pytest.mark.parametrize("name", ["gpt2", "llama"])
@pytest.mark.parametrize("parts", [(1,) * 12, (5,) + (1,) * 7, (4, 3, 5), (12,)])
def test_decoding_with_a_cache(name: str, parts: tuple[int, ...]) -> None:
    model = language_models()[name]
    ids = ts.from_numpy(np.stack(rows(12, 12)))
    with ts.no_grad():
        whole = model(ids).numpy()
        caches, start, found = model.new_caches(2, 12), 0, []
        for size in parts:
            found.append(model(ids[:, start : start + size], caches=caches).numpy())
            start += size
    np.testing.assert_allclose(np.concatenate(found, 1), whole, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["gpt2", "llama"])
@pytest.mark.parametrize("left", [False, True])
def test_a_batch_of_different_lengths(name: str, left: bool) -> None:
    """What fills up a row, before or after it, changes nothing, in one pass or with a cache."""
    model, lines = language_models()[name], rows(5, 9, 7)
    around = [(9 - len(line), 0) if left else (0, 9 - len(line)) for line in lines]
    ids = ts.from_numpy(np.stack([np.pad(line, pad) for line, pad in zip(lines, around, strict=True)]))
    mask = ts.from_numpy(np.stack([np.pad(line * 0 + 1, pad) for line, pad in zip(lines, around, strict=True)]))
    with ts.no_grad():
        caches = model.new_caches(3, 9)
        pieces = [model(ids[:, :6], mask[:, :6], caches).numpy()]
        pieces += [model(ids[:, i : i + 1], mask[:, : i + 1], caches).numpy() for i in range(6, 9)]
        for found in (model(ids, mask).numpy(), np.concatenate(pieces, 1)):
            for line, (before, after), logits in zip(lines, around, found, strict=True):
                alone = model(ts.from_numpy(line[None])).numpy()[0]
                np.testing.assert_allclose(logits[before : 9 - after], alone, rtol=1e-5, atol=1e-5)


def test_bf16_decoding() -> None:
    for model in language_models().values():
        model.bfloat16()
        caches = model.new_caches(1)
        ids = ts.from_numpy(rows(8)[0][None])
        with ts.no_grad():
            whole = model(ids)[:, -1].float().numpy()
            model(ids[:, :7], caches=caches)
            last = model(ids[:, 7:], caches=caches)[:, -1].float().numpy()
        np.testing.assert_allclose(last, whole, rtol=0.05, atol=0.02)


def test_padding_does_not_change_a_sentence() -> None:
    ts.manual_seed(0)
    model = models.SentenceEncoder(models.BertConfig(vocab_size=64, hidden_size=32, num_attention_heads=4)).eval()
    line = rows(9)[0][None]
    with ts.no_grad():
        alone = model(ts.from_numpy(line)).numpy()
        padded = np.pad(line, ((0, 0), (0, 5)))
        found = model(ts.from_numpy(padded), ts.from_numpy((padded != 0).astype(np.int64))).numpy()
    np.testing.assert_allclose(found, alone, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found, axis=-1), 1, rtol=1e-6)


def test_rotary_scaling() -> None:
    """Llama 3.1's rates: fast turns as they are, slow ones by the factor."""
    scaling = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
    scaling["original_max_position_embeddings"] = 8192
    sizes = {"hidden_size": 128, "num_attention_heads": 1, "rope_theta": 500000.0}
    plain = models.llama.rotary_rates(models.LlamaConfig(**sizes)).numpy()
    found = models.llama.rotary_rates(models.LlamaConfig(**sizes, rope_scaling=scaling)).numpy()
    turns = 8192 * plain / (2 * np.pi)
    assert (found[turns > 4] == plain[turns > 4]).all()
    np.testing.assert_allclose(found[turns < 1], plain[turns < 1] / 8)
    between = (turns >= 1) & (turns <= 4)
    assert between.any()
    assert (found[between] <= plain[between]).all()
    assert (found[between] >= plain[between] / 8).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: models.CifarResNet(1, shortcut="c"), 'shortcut must be "padding" or "projection"'),
        (lambda: models.SqueezeNet("2"), 'version must be "1_0" or "1_1"'),
        (lambda: models.RecurrentLM(10, kind="lstm"), "kind must be one of LSTM, GRU, RNN"),
        (lambda: models.RecurrentLM(10, 8, 9, tied=True), "tied weights need embed_dim 8 to be hidden_size 9"),
        (lambda: models.Seq2SeqTransformer(3, 4, 8, 2, shared=True), "shared embeddings need one vocabulary"),
        (lambda: models.GPT2Model(models.GPT2Config(n_embd=30, n_head=4)), "n_embd 30 must be a multiple of n_head 4"),
        (lambda: models.LlamaConfig(num_attention_heads=4, num_key_value_heads=3), "must be a multiple"),
        (lambda: models.llama.rotary_rates(models.LlamaConfig(rope_scaling={"type": "yarn"})), "got 'yarn'"),
        (
            lambda: language_models()["gpt2"](ts.zeros((1, 40), dtype=ts.int64)),
            "40 tokens are more than n_positions 32",
        ),
        (
            lambda: language_models()["llama"](ts.zeros((1, 4), dtype=ts.int64), ts.ones((1, 5))),
            "attention_mask must have a column",
        ),
    ],
)
def test_errors(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
