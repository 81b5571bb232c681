"""Generation: the cache, sampling, batches, contexts that are full, text."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import tilestack as ts
from recipes import GPT2, LLAMA
from tilestack import models, text
from tilestack.text.completion import Unrolled

CONTEXT = 32


@pytest.fixture(params=["gpt2", "llama"])
def model(request: Any) -> Any:
    ts.manual_seed(0)
    if request.param == "gpt2":
        made: Any = models.GPT2LMHeadModel(models.GPT2Config(**GPT2))
    else:
        made = models.LlamaForCausalLM(models.LlamaConfig(**LLAMA, max_position_embeddings=CONTEXT))
    for parameter in made.parameters():  # tokens that differ more in their chances
        if parameter.dim() > 1:
            ts.nn.init.normal_(parameter, 0.0, 0.2)
    return made.eval()


def likeliest(model: Any, ids: list[int]) -> int:
    with ts.no_grad():
        return int(model(ts.tensor([ids]))[0, -1].argmax())


PROMPTS = [[1, 2, 3], [9, 8, 7, 6, 5, 4, 3], [11]]


def test_greedy_is_what_the_whole_net_says(model: Any) -> None:
    ids = list(PROMPTS[0])
    for _ in range(20):
        ids.append(likeliest(model, ids))
    assert model.generate(PROMPTS[0], 20) == ids
    assert list(model.stream(PROMPTS[0], 20)) == ids[3:]
    assert model.generate(PROMPTS[0], 0) == PROMPTS[0]


def test_beyond_the_context_it_goes_on_from_half(model: Any) -> None:
    ids, start = list(PROMPTS[1]), 0
    for _ in range(70):
        if len(ids) - start > CONTEXT:
            start = len(ids) - CONTEXT // 2
        ids.append(likeliest(model, ids[start:]))
    assert model.generate(PROMPTS[1], 70) == ids


@pytest.mark.parametrize("options", [{}, {"temperature": 1.0, "top_p": 0.95, "repetition_penalty": 1.3}])
def test_a_row_does_not_depend_on_the_others(model: Any, options: Any) -> None:
    together = model.generate(PROMPTS, 80, seed=7, **options)
    for i, (prompt, row) in enumerate(zip(PROMPTS, together, strict=True)):
        assert len(row) == len(prompt) + 80
        assert model.generate(prompt, 80, seed=7 + i, **options) == row


def test_rows_end_by_themselves(model: Any) -> None:
    free = model.generate(PROMPTS, 12)
    ends = free[0][5], free[1][12]
    rows = model.generate(PROMPTS, 12, eos_id=ends)
    for row, prompt, whole in zip(rows, PROMPTS, free, strict=True):
        stop = next((i for i in range(len(prompt), len(whole)) if whole[i] in ends), len(whole))
        assert row == whole[: stop + 1]
    assert len(rows[0]) <= 6
    model.config.eos_token_id = list(ends)
    assert model.generate(PROMPTS, 12) == rows


def test_the_folder_says_what_ends(model: Any, tmp_path: Any) -> None:
    free = model.generate(PROMPTS[0], 12)
    model.save(tmp_path)
    (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": [free[6], 63]}))
    assert models.from_pretrained(tmp_path).generate(PROMPTS[0], 12) == free[: free.index(free[6], 3) + 1]


def test_kinds_of_prompts(model: Any) -> None:
    wanted = model.generate(PROMPTS[0], 4)
    assert model.generate(np.array(PROMPTS[0]), 4) == wanted
    found = model.generate(ts.tensor([PROMPTS[0]] * 2), 4)
    assert found.dtype == ts.int64
    assert found.tolist() == [wanted, wanted]
    assert model.generate(ts.tensor(PROMPTS[0]), 4).tolist() == wanted
    short = model.generate(ts.tensor([[1, 2, 3], [4, 5, 6]]), 9, eos_id=wanted[3])
    assert short.shape[0] == 2
    assert short[0].tolist()[3:] == [wanted[3]] * (short.shape[1] - 3)


def test_seeds(model: Any) -> None:
    draw = lambda **options: model.generate([1], 24, temperature=1.0, **options)  # noqa: E731
    assert draw(seed=1) == draw(seed=1) != draw(seed=2)
    ts.manual_seed(3)
    first, second = draw(), draw()
    ts.manual_seed(3)
    assert first == draw() != second


def test_the_mode_is_kept(model: Any) -> None:
    model.train()
    model.generate([1], 2)
    assert model.training


@pytest.mark.parametrize("name", ["float64", "bfloat16"])
def test_dtypes(model: Any, name: str) -> None:
    found = model.to(getattr(ts, name)).generate(PROMPTS[:1], 10)[0]
    assert len(found) == 13
    ids = list(PROMPTS[0])
    for _ in range(10):
        ids.append(likeliest(model, ids))
    assert found[:5] == ids[:5]


@pytest.mark.parametrize(
    ("prompts", "options", "message"),
    [
        ([], {}, "there is no prompt"),
        ([[1], []], {}, "at least one token"),
        (np.zeros((1, 1, 1), np.int64), {}, r"got shape \(1, 1, 1\)"),
        ([1], {"temperature": -1.0}, "temperature must be at least 0, got -1.0"),
        ([1], {"top_k": 0}, "top_k must be at least 1, got 0"),
        ([1], {"top_p": 1.5}, "top_p must be above 0 and at most 1, got 1.5"),
        ([1], {"repetition_penalty": 0.0}, "repetition_penalty must be above 0"),
        ([1], {"max_new_tokens": -1}, "max_new_tokens must be at least 0"),
        ([1] * 33, {}, "the prompt has 33 tokens, more than the 32 of the model's context"),
    ],
)
def test_errors(model: Any, prompts: Any, options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        model.generate(prompts, **options)


def test_text_is_no_ids(model: Any) -> None:
    with pytest.raises(TypeError, match="wanted token ids, got text"):
        model.generate("ROMEO")


def test_cropped_prompts(model: Any) -> None:
    long = [i % 60 for i in range(50)]
    assert model.generate(long, 1, crop=True) == [*long, likeliest(model, long[-CONTEXT:])]


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_recurrent_nets(kind: str) -> None:
    ts.manual_seed(0)
    model = models.RecurrentLM(50, 16, 24, kind=kind)
    for parameter in model.parameters():
        ts.nn.init.normal_(parameter, 0.0, 0.7)
    together = model.generate(PROMPTS, 30)
    model.eval()
    for prompt, row in zip(PROMPTS, together, strict=True):
        ids = list(prompt)
        for _ in range(30):
            with ts.no_grad():
                ids.append(int(model(ts.tensor([ids]))[0][0, -1].argmax()))
        assert row == ids == model.generate(prompt, 30)
    assert len(set(together[0])) > 3


LOGITS = np.array([0.0, 3.0, 2.0, 1.0, -5.0])


def test_candidates() -> None:
    chances = np.exp(LOGITS) / np.exp(LOGITS).sum()
    tokens, found = text.Sampling(temperature=1.0).candidates(LOGITS)
    assert tokens.tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(found, chances[tokens])
    tokens, found = text.Sampling(temperature=0.5, top_k=2).candidates(LOGITS)
    likely = dict(zip(tokens.tolist(), found, strict=True))
    assert likely == pytest.approx({1: 1 / (1 + np.exp(-2)), 2: 1 / (1 + np.exp(2))})
    assert text.Sampling(temperature=1.0, top_p=chances[1] - 0.01).candidates(LOGITS)[0].tolist() == [1]
    tokens, found = text.Sampling(temperature=1.0, top_p=chances[1] + 0.01).candidates(LOGITS)
    assert tokens.tolist() == [1, 2]
    np.testing.assert_allclose(found.sum(), 1)


def test_draws_follow_the_chances() -> None:
    sampling, rng = text.Sampling(temperature=1.0), np.random.default_rng(0)
    draws = np.bincount([sampling.choose(LOGITS, [], rng) for _ in range(4000)], minlength=5) / 4000
    np.testing.assert_allclose(draws, np.exp(LOGITS) / np.exp(LOGITS).sum(), atol=0.03)


def test_repetition_penalty() -> None:
    rng = np.random.default_rng(0)
    assert text.Sampling(repetition_penalty=2.0).choose(LOGITS, [1, 1], rng) == 2
    assert text.Sampling(repetition_penalty=2.0).choose(np.array([-1.0, -1.5]), [0], rng) == 1
    assert LOGITS[1] == 3


def spoken(tokenizer: Any, ids: list[int], stop: Any = ()) -> list[str]:
    unrolled = Unrolled(tokenizer, [], stop)
    pieces = []
    for token in ids:
        pieces.append(unrolled.add(token))
        if unrolled.stopped:
            break
    return [*pieces, unrolled.end()]


def test_text_piece_by_piece() -> None:
    letters = text.Characters.of("abc\n")
    ids = letters.encode("ab\nab\n\nabc")
    assert spoken(letters, ids) == [*"ab\nab\n\nabc", ""]
    assert spoken(letters, ids, ["\n\n"]) == ["a", "b", "", "\na", "b", "", "", ""]
    assert "".join(spoken(letters, ids, ["\n\n", "nothing"])) == "ab\nab"
    assert "".join(spoken(letters, letters.encode("ab\n"), ["\n\n"])) == "ab\n"


def test_characters_of_several_tokens_come_whole() -> None:
    tokenizer = text.ByteLevelBPE({letter: i for i, letter in enumerate(text.bpe.LETTERS)}, [])
    string = "né 日😀"
    pieces = spoken(tokenizer, tokenizer.encode(string))
    assert [piece for piece in pieces if piece] == list(string)
    assert "".join(spoken(tokenizer, [*tokenizer.encode("a"), tokenizer.vocabulary["Ã"]])) == "a\ufffd"


def test_texts(model: Any, tmp_path: Any) -> None:
    letters = text.Characters([chr(48 + i) for i in range(64)])
    whole = text.complete(model, "0123", 40, tokenizer=letters)
    assert whole == letters.decode(model.generate(letters.encode("0123"), 40)[4:])
    stop = whole[10:13]
    assert text.complete(model, "0123", 40, tokenizer=letters, stop=[stop]) == whole[: whole.find(stop)]
    assert text.complete(model, ["0123", "5"], 40, tokenizer=letters, stop=[stop])[0] == whole[: whole.find(stop)]
    with pytest.raises(ValueError, match="not loaded from a folder: give a tokenizer"):
        text.complete(model, "0123")
    model.save(tmp_path)
    letters.save(tmp_path)
    assert text.complete(models.from_pretrained(tmp_path), "0123", 40) == whole
