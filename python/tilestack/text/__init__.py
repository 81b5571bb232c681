"""Text: tokenizers, generation, sentence vectors, translation."""

from .blocks import Blocks
from .bpe import ByteLevelBPE
from .characters import Characters
from .completion import complete, stream_text, tokenizer_of
from .generation import generate, stream
from .hub import HubTokenizer
from .loading import load_tokenizer
from .padding import padded
from .sampling import Sampling
from .sentences import encode_sentences
from .shakespeare import load_shakespeare
from .translation import beam_search, translate
from .word_piece import WordPiece

__all__ = [
    "Blocks",
    "ByteLevelBPE",
    "Characters",
    "HubTokenizer",
    "Sampling",
    "WordPiece",
    "beam_search",
    "complete",
    "encode_sentences",
    "generate",
    "load_shakespeare",
    "load_tokenizer",
    "padded",
    "stream",
    "stream_text",
    "tokenizer_of",
    "translate",
]
