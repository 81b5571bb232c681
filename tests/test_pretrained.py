"""from_pretrained and save: every family, names of published files, and files that are damaged or of something else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tilestack as ts
from recipes import BERT, GPT2, LLAMA, RECIPES
from tilestack import io, models
from torch_writer import tensor, torch_sequence, torch_zip

NEED_CONFIG = ("transformer", "transformer_shared", "bert", "sentences", "gpt2", "llama", "llama_tied")


def made(name: str) -> Any:
    ts.manual_seed(0)
    return RECIPES[name].make(models).eval()


def check_same(model: Any, other: Any) -> None:
    assert type(model) is type(other)
    state, found = model.state_dict(), other.state_dict()
    assert list(state) == list(found)
    for name, x in state.items():
        np.testing.assert_array_equal(found[name].numpy(), x.numpy(), err_msg=name)


def config_of(folder: Path, **changes: Any) -> None:
    """Change config.json; None takes a value out."""
    config = json.loads((folder / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps({name: x for name, x in config.items() if x is not None}))


@pytest.mark.parametrize("name", RECIPES)
def test_saved_and_loaded(name: str, tmp_path: Path) -> None:
    model = made(name)
    model.save(tmp_path / "new" / "folder")
    found = models.from_pretrained(tmp_path / "new" / "folder")
    check_same(model, found)
    check_same(model, type(model).from_pretrained(tmp_path / "new" / "folder" / "model.safetensors"))
    assert not found.training
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == ["config.json", "model.safetensors"]


@pytest.mark.parametrize("name", [name for name in RECIPES if name not in (*NEED_CONFIG, "efficientnet")])
def test_the_tensors_tell_the_net(name: str, tmp_path: Path) -> None:
    model = made(name)
    model.save(tmp_path)
    (tmp_path / "config.json").unlink()
    check_same(model, models.from_pretrained(tmp_path))
    state = {
        key: tensor(x.numpy(), "LongStorage" if x.dtype == ts.int64 else "FloatStorage")
        for key, x in model.state_dict().items()
    }
    for content in (
        torch_zip(state),
        torch_sequence({"epoch": 3, "state_dict": {f"module.{k}": x for k, x in state.items()}}),
    ):
        (tmp_path / "weights.pth").write_bytes(content)
        check_same(model, models.from_pretrained(tmp_path / "weights.pth"))


@pytest.mark.parametrize("make", [models.efficientnet_lite0, models.efficientnet_lite1, models.efficientnet_lite2])
def test_the_tensors_tell_the_efficientnet(make: Any, tmp_path: Path) -> None:
    model = make(num_classes=7)
    ts.save_file(model.state_dict(), tmp_path / "x.safetensors")
    check_same(model, models.from_pretrained(tmp_path / "x.safetensors"))


@pytest.mark.parametrize("name", ["bert", "gpt2", "llama"])
def test_sizes_that_tensors_do_not_tell(name: str, tmp_path: Path) -> None:
    made(name).save(tmp_path)
    (tmp_path / "config.json").unlink()
    with pytest.raises(ValueError, match=r"the weights do not tell all sizes: config.json must be beside them"):
        models.from_pretrained(tmp_path)


def test_options_and_dtype(tmp_path: Path) -> None:
    models.squeezenet1_1(num_classes=3).save(tmp_path)
    assert models.from_pretrained(tmp_path, dropout=0.0).arguments["dropout"] == 0
    made("gpt2").bfloat16().save(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["torch_dtype"] == "bfloat16"
    assert models.from_pretrained(tmp_path).lm_head.weight.dtype == ts.float32
    assert models.from_pretrained(tmp_path, dtype=ts.bfloat16).lm_head.weight.dtype == ts.bfloat16
    assert models.from_pretrained(tmp_path, attn_pdrop=0.5).config.attn_pdrop == 0.5
    with pytest.raises(ValueError, match="GPT2LMHeadModel: its config has no attn_drop"):
        models.from_pretrained(tmp_path, attn_drop=0.5)


def test_twins_are_written_once(tmp_path: Path) -> None:
    made("gpt2").save(tmp_path)
    assert "lm_head.weight" not in io.load_file(tmp_path / "model.safetensors")
    made("llama").save(tmp_path)
    assert "lm_head.weight" in io.load_file(tmp_path / "model.safetensors")
    made("transformer_shared").save(tmp_path)
    found = models.from_pretrained(tmp_path)
    assert found.generator.weight is found.src_tok_emb.weight


def rewritten(folder: Path, rename: Any, **more: ts.Tensor) -> None:
    state = io.load_weights(folder)
    ts.save_file({rename(name): x for name, x in state.items()} | more, folder / "model.safetensors")


def test_gpt2_names(tmp_path: Path) -> None:
    """Without prefix, with buffers of the attention; the net alone and with its head."""
    model = made("gpt2")
    model.save(tmp_path)
    mask = ts.ones((1, 1, 32, 32))
    buffers = {"h.0.attn.bias": mask, "h.1.attn.bias": mask, "h.1.attn.masked_bias": ts.tensor(-1e4)}
    rewritten(tmp_path, lambda name: name.removeprefix("transformer."), **buffers)
    check_same(model, models.from_pretrained(tmp_path))
    check_same(model.transformer, models.GPT2Model.from_pretrained(tmp_path))
    config_of(tmp_path, architectures=None)
    check_same(model, models.from_pretrained(tmp_path))


def test_llama_names(tmp_path: Path) -> None:
    model = made("llama")
    model.save(tmp_path)
    rewritten(tmp_path, str, **{"model.layers.0.self_attn.rotary_emb.inv_freq": ts.ones(4)})
    config_of(tmp_path, rope_theta=None, rope_parameters={"rope_theta": 5e5, "rope_type": "linear", "factor": 2.0})
    found = models.from_pretrained(tmp_path)
    check_same(model, found)
    rates = models.llama.rotary_rates(found.config).numpy()
    np.testing.assert_allclose(rates, 5e5 ** (-np.arange(0, 8, 2) / 8) / 2)
    check_same(model.model, models.LlamaModel.from_pretrained(tmp_path))


def test_bert_names(tmp_path: Path) -> None:
    """bert. before the names, gamma and beta, position_ids, the heads of pretraining."""
    ts.manual_seed(0)
    model = models.BertModel(models.BertConfig(**BERT))
    model.save(tmp_path)
    more = {"bert.embeddings.position_ids": ts.arange(32), "cls.seq_relationship.weight": ts.ones((2, 32))}
    old = {"weight": "gamma", "bias": "beta"}

    def rename(name: str) -> str:
        head, _, last = name.rpartition(".")
        return f"bert.{head}.{old[last] if head.endswith('LayerNorm') else last}"

    rewritten(tmp_path, rename, **more)
    check_same(model, models.from_pretrained(tmp_path))
    (tmp_path / "modules.json").write_text("[]")
    assert type(models.from_pretrained(tmp_path)) is models.SentenceEncoder


@pytest.mark.parametrize("name", ["resnet_cifar", "resnet_cifar_b"])
def test_cifar_names(name: str, tmp_path: Path) -> None:
    """`linear` and `shortcut`, as widespread implementations have them."""
    model = made(name)
    others = {"fc": "linear", "downsample": "shortcut"}
    state = {".".join(others.get(p, p) for p in key.split(".")): x for key, x in model.state_dict().items()}
    assert "linear.weight" in state
    assert ("layer2.0.shortcut.0.weight" in state) == (name == "resnet_cifar_b")
    ts.save_file(state, tmp_path / "x.safetensors")
    check_same(model, models.from_pretrained(tmp_path / "x.safetensors"))


def timm_name(name: str) -> str:
    """Of a net with one block a stage."""
    outer = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
    inner = {"_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2"}
    inner |= {"_project_conv": "conv_pwl", "_bn2": "bn3"}
    first = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
    parts = name.split(".")
    if parts[0] != "_blocks":
        return ".".join([outer[parts[0]], *parts[1:]])
    return ".".join(["blocks", parts[1], "0", (inner if int(parts[1]) else first)[parts[2]], *parts[3:]])


def test_timms_names(tmp_path: Path) -> None:
    model = models.EfficientNetLite(0.5, 0.25, num_classes=5)
    model.save(tmp_path)
    rewritten(tmp_path, timm_name)
    check_same(model, models.from_pretrained(tmp_path))


def test_shards(tmp_path: Path) -> None:
    model = made("llama")
    model.save(tmp_path)
    state = io.load_file(tmp_path / "model.safetensors")
    (tmp_path / "model.safetensors").unlink()
    where = {name: f"model-0000{1 + i % 2}-of-00002.safetensors" for i, name in enumerate(state)}
    for shard in set(where.values()):
        ts.save_file({name: x.clone() for name, x in state.items() if where[name] == shard}, tmp_path / shard)
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": where}))
    check_same(model, models.from_pretrained(tmp_path))
    (tmp_path / "model.safetensors.index.json").unlink()
    where = {name: shard.replace(".safetensors", ".bin") for name, shard in where.items()}
    for shard in set(where.values()):
        kept = {name: tensor(x.numpy(), "FloatStorage") for name, x in state.items() if where[name] == shard}
        (tmp_path / shard).write_bytes(torch_zip(kept))
    (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": where}))
    check_same(model, models.from_pretrained(tmp_path))
    (tmp_path / "model-00002-of-00002.bin").unlink()
    with pytest.raises(FileNotFoundError, match=r"model-00002-of-00002.bin"):
        models.from_pretrained(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"architectures": ["FalconForCausalLM"]},
            "unknown architecture FalconForCausalLM; known are .*GPT2LMHeadModel",
        ),
        ({"architectures": None, "model_type": "falcon"}, "unknown architecture falcon"),
        ({"architectures": ["LlamaForCausalLM"]}, "of a net of type 'gpt2', LlamaForCausalLM is one of type 'llama'"),
        ({"activation_function": "sin"}, "activation_function 'sin' is not supported, it must be 'gelu_new'"),
        ({"n_head": 5}, "n_embd 32 must be a multiple of n_head 5"),
        ({"n_head": "four"}, "model.safetensors: "),
        ({"n_layer": 3}, r"missing in the state_dict \(12\)"),
        ({"n_layer": 1}, r"unexpected \(12\):\n    transformer.h.1"),
        ({"vocab_size": 60}, r"wte.weight: the module has \(60, 32\), the state_dict \(64, 32\)"),
    ],
)
def test_a_config_that_does_not_fit(tmp_path: Path, changes: Any, message: str) -> None:
    made("gpt2").save(tmp_path)
    config_of(tmp_path, **changes)
    with pytest.raises(ValueError, match=message) as error:
        models.from_pretrained(tmp_path)
    assert str(tmp_path) in str(error.value)


def test_other_files(tmp_path: Path) -> None:
    model = made("gpt2")
    model.save(tmp_path)
    weights = tmp_path / "model.safetensors"
    whole = weights.read_bytes()
    for content, message in (
        (whole[: len(whole) // 2], "truncated"),
        (whole[:40], "truncated"),
        (b"", "it is empty|too few"),
        (b"to be or not to be\n" * 9, "truncated|at most|not a valid"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n", "git lfs pull"),
    ):
        weights.write_bytes(content)
        with pytest.raises(ValueError, match=message) as error:
            models.from_pretrained(tmp_path)
        assert str(weights) in str(error.value)
    text = tmp_path / "notes.txt"
    text.write_text("to be or not to be")
    with pytest.raises(ValueError, match=r"notes.txt: not a file of weights.*\(it is a text file\)"):
        models.from_pretrained(text)
    weights.write_bytes(whole)
    for content, message in (("{", "bad JSON"), ("[]", "wanted a JSON object")):
        (tmp_path / "config.json").write_text(content)
        with pytest.raises(ValueError, match=message):
            models.from_pretrained(tmp_path)


@pytest.mark.parametrize("start", [b"\x80", b"PK"])
def test_a_safetensors_file_that_begins_like_another(start: bytes, tmp_path: Path) -> None:
    """Like a pickle or a zip: the first bytes are the length of the header."""
    file = tmp_path / "x.safetensors"
    io.save_file({"x": ts.ones(2)}, file, metadata={"filled": ""})
    length = int.from_bytes(file.read_bytes()[:8], "little")
    missing = (int.from_bytes(start, "little") - length) % 256 ** len(start)
    io.save_file({"x": ts.ones(2)}, file, metadata={"filled": "-" * missing})
    assert file.read_bytes().startswith(start)
    assert io.load_weights(file)["x"].tolist() == [1, 1]


def test_an_index_of_itself(tmp_path: Path) -> None:
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"x": index.name}}))
    with pytest.raises(ValueError, match=r"shard 'model.safetensors.index.json' is an index"):
        models.from_pretrained(tmp_path)


def test_which_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        models.from_pretrained(tmp_path / "gone")
    with pytest.raises(FileNotFoundError, match="no weights in this folder"):
        models.from_pretrained(tmp_path)
    ts.save_file({"x": ts.ones(2)}, tmp_path / "a.safetensors")
    with pytest.raises(ValueError, match="the weights of no net that is known here; they begin with x"):
        models.from_pretrained(tmp_path)
    io.save_npz({"x": ts.ones(2)}, tmp_path / "b.npz")
    assert io.load_weights(tmp_path / "b.npz")["x"].tolist() == [1, 1]
    with pytest.raises(ValueError, match="several files of weights, name one: a.safetensors, b.npz"):
        models.from_pretrained(tmp_path)
    (tmp_path / "c.pth").write_bytes(torch_zip({"lr": 0.1, "x": tensor(np.ones(2), "FloatStorage")}))
    with pytest.raises(ValueError, match="wanted a state_dict, names with tensors; others are lr"):
        io.load_weights(tmp_path / "c.pth")


def test_of_another_family(tmp_path: Path) -> None:
    models.LeNet().save(tmp_path)
    with pytest.raises(ValueError, match=r"missing in the state_dict \(\d+\)"):
        models.MLP.from_pretrained(tmp_path)


def test_untied_gpt2(tmp_path: Path) -> None:
    model = models.GPT2LMHeadModel(models.GPT2Config(**GPT2, tie_word_embeddings=False))
    model.save(tmp_path)
    found = models.from_pretrained(tmp_path)
    check_same(model, found)
    assert found.lm_head.weight is not found.transformer.wte.weight


def test_llama_of_several_ends(tmp_path: Path) -> None:
    models.LlamaForCausalLM(models.LlamaConfig(**LLAMA, eos_token_id=[2, 5])).save(tmp_path)
    assert models.from_pretrained(tmp_path).config.eos_token_id == [2, 5]
