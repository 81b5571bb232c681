"""Translation: beam search against a search of everything, dates, and the net's own likeliest tokens."""

from __future__ import annotations

import datetime
import itertools
from typing import Any

import numpy as np
import pytest

import tilestack as ts
from tilestack import models, text
from tilestack.text import dates
from tilestack.text.sequence_pairs import SequencePairs
from tilestack.text.translation import ALPHA, beam_search

PAD, BOS, EOS = 0, 1, 2


def small(vocabulary: int = 5, seed: int = 0, **options: Any) -> Any:
    ts.manual_seed(seed)
    model = models.Seq2SeqTransformer(
        vocabulary, vocabulary, 16, 2, 1, 1, 32, dropout=0.1, max_len=12, **{"shared": True, **options}
    )
    for parameter in model.parameters():
        if parameter.dim() > 1:
            ts.nn.init.normal_(parameter, 0.0, 0.6)
    return model.eval()


SOURCE = np.array([[3, 4, 3, 3], [4, 3, 0, 0], [4, 4, 4, 0]])


def log_chances(model: Any, source: Any, target: list[int]) -> np.ndarray:
    """Of each token of target after BOS."""
    src, tgt = ts.from_numpy(source[None]), ts.tensor([[BOS, *target[:-1]]])
    with ts.no_grad():
        found = ts.log_softmax(model.decode(tgt, model.encode(src), src)[0], -1).numpy()
    return found[np.arange(len(target)), target]


@pytest.mark.parametrize("seed", range(4))
def test_a_wide_beam_finds_the_best(seed: int) -> None:
    """Of all targets of up to three tokens, one of which may be EOS at the end."""
    model, longest = small(seed=seed), 3
    found = beam_search(model, ts.from_numpy(SOURCE), bos=BOS, eos=EOS, max_len=longest, beam=300)
    others = [token for token in range(5) if token != EOS]
    for source, target in zip(SOURCE, found, strict=True):
        scores = {}
        for length in range(longest + 1):
            for tokens in itertools.product(others, repeat=length):
                whole = [*tokens, EOS] if length < longest else list(tokens)
                scores[tokens] = log_chances(model, source, whole).sum() / ((5 + length) / 6) ** ALPHA
        assert scores[tuple(target)] == pytest.approx(max(scores.values()), rel=1e-5)


@pytest.mark.parametrize("beam", [1, 3])
def test_a_row_does_not_depend_on_the_others(beam: int) -> None:
    model = small()
    together = beam_search(model, ts.from_numpy(SOURCE), bos=BOS, eos=EOS, max_len=8, beam=beam)
    for source, target in zip(SOURCE, together, strict=True):
        alone = ts.from_numpy(source[source != PAD][None])
        assert beam_search(model, alone, bos=BOS, eos=EOS, max_len=8, beam=beam) == [target]


def test_greedy_is_the_likeliest_token() -> None:
    model = small()
    target: list[int] = []
    for _ in range(8):
        last = [log_chances(model, SOURCE[0], [*target, token])[-1] for token in range(5)]
        target.append(int(np.argmax(last)))
        if target[-1] == EOS:
            break
    assert beam_search(model, ts.from_numpy(SOURCE[:1]), bos=BOS, eos=EOS, max_len=8) == [
        target[:-1] if target[-1] == EOS else target
    ]


def test_translate(tmp_path: Any) -> None:
    letters = text.Characters("abcd", dates.SPECIAL)
    model = small(letters.vocab_size)
    together = text.translate(model, ["abc", "d"], 2, tokenizer=letters)
    assert text.translate(model, "abc", 2, tokenizer=letters) == together[0]
    assert all(set(found) <= set("abcd") and len(found) <= 12 for found in together)
    assert len(text.translate(model, "abc", tokenizer=letters, max_new_tokens=2)) <= 2
    for wrong, message in (("a" * 13, "1 to 12 tokens, got 13"), ("", "got 0"), ("xyz", "not in the vocabulary")):
        with pytest.raises(ValueError, match=message):
            text.translate(model, wrong, tokenizer=letters)
    with pytest.raises(ValueError, match="beam must be at least 1"):
        text.translate(model, "a", 0, tokenizer=letters)
    with pytest.raises(ValueError, match="Characters with <bos> and <eos>"):
        text.translate(model, "a", tokenizer=text.Characters("ab"))
    model.save(tmp_path)
    letters.save(tmp_path)
    assert text.translate(models.from_pretrained(tmp_path), ["abc", "d"], 2) == together


@pytest.mark.parametrize(
    ("day", "forms"),
    [
        (
            (1987, 3, 3),
            ["3 March 1987", "3rd of March 1987", "Tue, 3 Mar 1987", "the third of March, nineteen eighty-seven"],
        ),
        ((2005, 11, 12), ["November 12th, 2005", "12.11.2005", "November the twelfth, two thousand and five"]),
        ((1900, 5, 21), ["the twenty-first of May 1900", "the twenty-first of May, nineteen hundred"]),
        ((1909, 1, 30), ["January the thirtieth, nineteen oh nine", "1909, January 30", "Saturday, January 30, 1909"]),
        ((2040, 8, 22), ["Wednesday 22nd August 2040", "August the twenty-second, twenty forty", "August 22, 2040"]),
    ],
)
def test_forms_of_dates(day: tuple[int, int, int], forms: list[str]) -> None:
    written = [form(datetime.date(*day)) for form in dates.FORMS]
    assert len(set(written)) == len(dates.FORMS)
    assert set(forms) <= set(written)


def test_pairs() -> None:
    training, held_back = dates.make_pairs(3000, 5), dates.make_pairs(500, 5, held_back=True)
    assert training == dates.make_pairs(3000, 5)
    assert training != dates.make_pairs(3000, 6)
    assert not set(training.iso) & set(held_back.iso)
    assert len(set(held_back.iso)) > 400
    tokens = dates.vocabulary()
    for written, iso in zip(*training, strict=True):
        assert datetime.date.fromisoformat(iso).isoformat() == iso
        assert tokens.decode(tokens.encode(written)) == written


def test_sequence_pairs() -> None:
    pairs = SequencePairs([[3], [4, 5, 6]], [[7, 8, 9], [7]], PAD, BOS, EOS)
    assert len(pairs) == 2
    assert [x.tolist() for x in pairs[0]] == [[3], [BOS, 7, 8, 9], [7, 8, 9, EOS]]
    source, before, after = pairs.get_batch(np.array([1, 0]))
    assert source.tolist() == [[4, 5, 6], [3, PAD, PAD]]
    assert before.tolist() == [[BOS, 7, EOS, PAD], [BOS, 7, 8, 9]]
    assert after.tolist() == [[7, EOS, PAD, PAD], [7, 8, 9, EOS]]
    with pytest.raises(ValueError, match="1 sources and 2 targets are no pairs"):
        SequencePairs([[3]], [[4], [5]], PAD, BOS, EOS)
