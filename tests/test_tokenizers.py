"""Tokenizers: characters, GPT-2's bytes, and which one a folder has."""

from __future__ import annotations

import json
import os
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tilestack as ts
from tilestack import text
from tilestack.text import bpe, splitting

GPT2 = Path(os.environ.get("TILESTACK_TEST_DATA", "no")) / "tokenizers"  # with encoder.json and vocab.bpe


def test_characters(tmp_path: Path) -> None:
    tokenizer = text.Characters.of("to be or not", special=("<pad>", "<eos>"))
    assert tokenizer.vocab_size == 9
    assert tokenizer.eos_id == 1
    ids = tokenizer.encode("not to be")
    assert ids == [tokenizer.ids[c] for c in "not to be"]
    assert tokenizer.decode(np.array([0, *ids, 1])) == "not to be"
    tokenizer.save(tmp_path)
    again = text.load_tokenizer(tmp_path)
    assert isinstance(again, text.Characters)
    assert again.ids == tokenizer.ids
    with pytest.raises(ValueError, match="not in the vocabulary: 'X' 'é'"):
        tokenizer.encode("éX to X")
    with pytest.raises(ValueError, match="there is no token 9, ids are 0 to 8"):
        tokenizer.decode([3, 9])
    for wrong in (["a", "a"], ["ab"], ["a", "<pad>"]):
        with pytest.raises(ValueError, match="single characters"):
            text.Characters(wrong, ["<pad>"])


def by_category(character: str) -> str:
    kind = unicodedata.category(character)[0]
    return kind if kind in "LN" else "S" if character in splitting.SPACES else "O"


def slow_words(string: str) -> list[str]:
    """The pattern of splitting.py, alternative by alternative, straight from its definition."""
    kinds, found, at = [by_category(c) for c in string], [], 0

    def run(start: int, kind: str) -> int:
        while start < len(string) and kinds[start] == kind:
            start += 1
        return start

    while at < len(string):
        ends = [at + len(c) for c in ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d") if string.startswith(c, at)]
        if not ends:
            after = at + (string[at] == " ")
            ends = [end for kind in "LNO" if (end := run(after, kind)) > after][:1]
        if not ends:
            end = run(at, "S")
            ends = [end - 1 if at + 1 < end < len(string) else end]
        found.append(string[at : ends[0]])
        at = ends[0]
    return found


@pytest.mark.parametrize(
    ("string", "pieces"),
    [
        ("Hello world", ["Hello", " world"]),
        ("it's you'll I'M we're", ["it", "'s", " you", "'ll", " I", "'", "M", " we", "'re"]),
        ("a  b   c ", ["a", " ", " b", "  ", " c", " "]),
        ("x\n\n y\t", ["x", "\n\n", " y", "\t"]),
        ("abc123 45!?", ["abc", "123", " 45", "!?"]),
        ("été²Ⅷ日本\u3000_", ["été", "²Ⅷ", "日本", "\u3000", "_"]),
        ("\x1c\x1d a", ["\x1c\x1d", " a"]),
        ("", []),
    ],
)
def test_words(string: str, pieces: list[str]) -> None:
    assert splitting.words(string) == pieces
    assert slow_words(string) == pieces


def test_words_of_random_text() -> None:
    rng = np.random.default_rng(0)
    letters = [
        *"  \t\n\r'''stmdrevl",
        "\xa0",
        "\u2028",
        "é",
        "ß",
        "²",
        "Ⅷ",
        "三",
        "٣",
        "日",
        "😀",
        "_",
        "-",
        "\x1c",
        "\u0301",
    ]
    for _ in range(500):
        string = "".join(rng.choice(letters, rng.integers(0, 30)))
        assert splitting.words(string) == slow_words(string), repr(string)


def small_bpe() -> text.ByteLevelBPE:
    """The bytes, and merges that make 'the' and ' the'."""
    merges = [("t", "h"), ("h", "e"), ("th", "e"), ("Ġ", "the"), ("a", "a"), ("aa", "aa")]
    tokens = [*bpe.LETTERS, *("".join(pair) for pair in merges), "<|endoftext|>"]
    return text.ByteLevelBPE({token: i for i, token in enumerate(tokens)}, merges)


def test_merges() -> None:
    tokenizer = small_bpe()
    spelled = lambda string: [tokenizer.tokens[i] for i in tokenizer.encode(string)]  # noqa: E731
    assert spelled("the the hen") == ["the", "Ġthe", "Ġ", "he", "n"]
    assert spelled("aaaaaaa") == ["aaaa", "aa", "a"]
    assert spelled("é") == ["Ã", "©"]
    assert tokenizer.encode("th<|endoftext|>e") == [256, 262, tokenizer.vocabulary["e"]]
    assert tokenizer.eos_id == 262
    assert tokenizer.vocab_size == 263


def test_bytes_come_back() -> None:
    tokenizer = small_bpe()
    rng = np.random.default_rng(0)
    for _ in range(50):
        string = "".join(chr(c) for c in rng.integers(0, 0x2FFF, 40))
        assert tokenizer.decode(tokenizer.encode(string)) == string
    assert tokenizer.decode([tokenizer.vocabulary["Ã"]]) == "\ufffd"
    with pytest.raises(ValueError, match="there is no token 999"):
        tokenizer.decode([999])


def test_a_long_word_is_quick() -> None:
    assert len(small_bpe().encode("a" * 200_000)) == 50_000  # minutes, if each merge looked at all the word


def test_files(tmp_path: Path) -> None:
    tokenizer = small_bpe()
    tokenizer.save(tmp_path)
    found = text.load_tokenizer(tmp_path)
    assert isinstance(found, text.ByteLevelBPE)
    assert found.vocabulary == tokenizer.vocabulary
    assert found.merges == tokenizer.merges
    (tmp_path / "merges.txt").write_text("#version: 0.2\nt h\nt h e\n")
    with pytest.raises(ValueError, match=r"merges.txt: not a list of merges: 't h e' is no pair"):
        text.load_tokenizer(tmp_path)
    for content in ("no JSON", "[1]", '{"a": "b"}'):
        (tmp_path / "vocab.json").write_text(content)
        with pytest.raises(ValueError, match="vocab.json: not a vocabulary"):
            text.load_tokenizer(tmp_path)
    with pytest.raises(FileNotFoundError, match="no tokenizer in this folder"):
        text.load_tokenizer(tmp_path / "..")


def write_json(folder: Path, **changes: Any) -> None:
    tokenizer = small_bpe()
    plain = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    values: dict[str, Any] = {
        "added_tokens": [{"id": 262, "content": "<|endoftext|>", "special": True, **plain}],
        "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True},
        "post_processor": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False},
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True},
        "model": {
            "type": "BPE",
            "vocab": tokenizer.vocabulary,
            "merges": [" ".join(pair) for pair in tokenizer.merges],
        },
    }
    (folder / "tokenizer.json").write_text(json.dumps(values | changes))


def test_tokenizer_json_of_gpt2s_kind(tmp_path: Path) -> None:
    write_json(tmp_path)
    found = text.load_tokenizer(tmp_path)
    assert isinstance(found, text.ByteLevelBPE)
    assert found.encode("the hen<|endoftext|>") == small_bpe().encode("the hen<|endoftext|>")


@pytest.mark.parametrize(
    "changes",
    [
        {"normalizer": {"type": "NFC"}},
        {"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": True}},
        {"pre_tokenizer": {"type": "Metaspace"}},
        {"pre_tokenizer": None},
        {"post_processor": {"type": "TemplateProcessing"}},
        {"model": {"type": "WordPiece"}},
    ],
)
def test_other_tokenizer_json_needs_the_package(tmp_path: Path, monkeypatch: Any, changes: Any) -> None:
    monkeypatch.setitem(__import__("sys").modules, "tokenizers", None)  # as if it were not installed
    write_json(tmp_path, **changes)
    with pytest.raises(ImportError, match=r"tokenizer.json needs the package tokenizers: pip install tokenizers"):
        text.load_tokenizer(tmp_path)


def test_a_damaged_tokenizer_json(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text('{"model": ')
    with pytest.raises(ValueError, match="tokenizer.json: not a tokenizer"):
        text.load_tokenizer(tmp_path)


@pytest.mark.skipif(not (GPT2 / "encoder.json").is_file(), reason="GPT-2's files are not there")
def test_gpt2() -> None:
    tokenizer = text.load_tokenizer(GPT2)
    assert isinstance(tokenizer, text.ByteLevelBPE)
    assert tokenizer.vocab_size == 50257
    assert tokenizer.encode("Hello world") == [15496, 995]
    assert tokenizer.encode("I'll be back<|endoftext|>") == [40, 1183, 307, 736, 50256]
    play = text.load_shakespeare()
    ids = tokenizer.encode(play)
    assert len(ids) == 338_025  # as nanoGPT counts, in two parts
    assert tokenizer.decode(ids) == play


@pytest.mark.peers
def test_beside_tokenizers(tmp_path: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    write_json(tmp_path)
    peer, ours = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json")), text.load_tokenizer(tmp_path)
    assert isinstance(ours, text.ByteLevelBPE)
    hub = text.HubTokenizer(tmp_path / "tokenizer.json")
    rng = np.random.default_rng(0)
    letters = [*"  \t\n'aatheTHE012!", "\xa0", "é", "²", "三", "日", "😀", "\u0301", "<|endoftext|>"]
    for _ in range(500):
        string = "".join(rng.choice(letters, rng.integers(0, 60)))
        assert ours.encode(string) == peer.encode(string).ids == hub.encode(string), repr(string)
        assert hub.decode(hub.encode(string)) == peer.decode(peer.encode(string).ids)
    assert hub.encode_batch(["the the", "a"], 1) == [[ours.vocabulary["the"]], [ours.vocabulary["a"]]]
    assert len(hub.encode("the the")) == 2


PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "play", "##ing", "##s", "to", "cafe", "日", "!", "'", "i"]


def test_word_pieces() -> None:
    tokenizer = text.WordPiece({token: i for i, token in enumerate(PIECES)})
    spelled = lambda string: [PIECES[i] for i in tokenizer.encode(string)[1:-1]]  # noqa: E731
    assert [PIECES[i] for i in tokenizer.encode("")] == ["[CLS]", "[SEP]"]
    assert spelled("Playing plays\tTO!") == ["play", "##ing", "play", "##s", "to", "!"]
    assert spelled("Café cafe\u0301 日to") == ["cafe", "cafe", "日", "to"]
    assert spelled("played ingplay I'to") == ["[UNK]", "[UNK]", "i", "'", "to"]
    assert spelled("to\u200bto \x00\ufffdi\x07 [MASK]to") == ["[UNK]", "i", "[MASK]", "to"]
    assert spelled("i" * 101) == ["[UNK]"]
    assert [len(row) for row in tokenizer.encode_batch(["to to to to", "i"], 4)] == [4, 3]
    assert tokenizer.decode(tokenizer.encode("Playing to!")) == "playing to !"
    assert text.WordPiece(tokenizer.vocabulary, lowercase=False).encode("To to")[1:-1] == [1, 8]
    with pytest.raises(ValueError, match="there is no token 99"):
        tokenizer.decode([99])
    with pytest.raises(ValueError, match=r"has no \[CLS\], \[SEP\]"):
        text.WordPiece({"[UNK]": 0})


def write_bert(folder: Path, **changes: Any) -> None:
    normalizer = {"clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True}
    around = {token: {"id": token, "ids": [PIECES.index(token)], "tokens": [token]} for token in ("[CLS]", "[SEP]")}
    single: list[Any] = [{"SpecialToken": {"id": token, "type_id": 0}} for token in around]
    single.insert(1, {"Sequence": {"id": "A", "type_id": 0}})
    plain = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    model: dict[str, Any] = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##"}
    values = {
        "added_tokens": [{"id": i, "content": token, "special": True, **plain} for i, token in enumerate(PIECES[:5])],
        "normalizer": {"type": "BertNormalizer", **normalizer},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing", "single": single, "pair": single, "special_tokens": around},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": False},
        "model": model | {"max_input_chars_per_word": 100, "vocab": {token: i for i, token in enumerate(PIECES)}},
    }
    (folder / "tokenizer.json").write_text(json.dumps(values | changes))


def test_files_of_berts_kind(tmp_path: Path) -> None:
    write_bert(tmp_path)
    found = text.load_tokenizer(tmp_path)
    assert isinstance(found, text.WordPiece)
    assert found.encode("Plays") == [2, 5, 7, 3]
    (tmp_path / "tokenizer.json").unlink()
    (tmp_path / "vocab.txt").write_text("\n".join(PIECES) + "\n")
    again = text.load_tokenizer(tmp_path)
    assert isinstance(again, text.WordPiece)
    assert again.vocabulary == found.vocabulary
    (tmp_path / "tokenizer_config.json").write_text('{"do_lower_case": false}')
    assert text.load_tokenizer(tmp_path).encode("Plays") == [2, 1, 3]


@pytest.mark.peers
def test_word_pieces_beside_tokenizers(tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    write_bert(tmp_path)
    hub, ours = text.HubTokenizer(tmp_path / "tokenizer.json"), text.load_tokenizer(tmp_path)
    assert isinstance(ours, text.WordPiece)
    rng = np.random.default_rng(0)
    letters = [
        *PIECES[2:5],
        "play",
        "PLAY",
        "ing",
        "s ",
        "café",
        "cafe\u0301",
        *"  \t\n\r!'-_日iİß²",
        "😀",
        "\u200b",
        "\x07",
    ]
    letters += ["\x0b", "\x1c", "\x85", "\xa0", "\u2028", "\ufffd", "\u3000", "x" * 101]
    for _ in range(1000):
        string = "".join(rng.choice(letters, rng.integers(0, 20)))
        assert ours.encode(string) == hub.encode(string), repr(string)
    texts = ["play to to", "s"]
    assert ours.encode_batch(texts, 4) == hub.encode_batch(texts, 4)


def test_shakespeare() -> None:
    play = text.load_shakespeare()
    assert len(play) == 1_115_394
    assert play.startswith("First Citizen:\nBefore we proceed any further, hear me speak.")
    assert text.Characters.of(play).vocab_size == 65


def test_blocks() -> None:
    blocks = text.Blocks(np.arange(10), 4, stride=2)
    assert len(blocks) == 3
    assert [x.tolist() for x in blocks[-1]] == [[4, 5, 6, 7], [5, 6, 7, 8]]
    first, following = blocks.get_batch(np.array([0, 2]))
    assert first.dtype == ts.int64
    assert first.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert following.tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert len(text.Blocks(np.arange(5), 4)) == 1
    with pytest.raises(ValueError, match="4 tokens are too few for a block of 4"):
        text.Blocks(np.arange(4), 4)
    with pytest.raises(IndexError):
        blocks[3]
