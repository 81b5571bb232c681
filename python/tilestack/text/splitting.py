"""How GPT-2 cuts text into words before it merges bytes, without the `regex` package.

Its pattern is `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+`. `re` knows no \\p{L}; so the text is
spelled in one ASCII letter for the class of each character, on which a pattern of `re` finds the same cuts.
"""

from __future__ import annotations

import re
import unicodedata

# Unicode's White_Space; str.isspace() has four more.
SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
CONTRACTED = "strevmld"  # letters that may follow an apostrophe
WORDS = re.compile(rf"'(?:[stmd]|re|ve|ll)| ?[L{CONTRACTED}]+| ?N+| ?[O']+|[ W]+(?![^ W])|[ W]+")


class _Classes(dict[int, str]):
    """By code point: L a letter, N a number, W white space, O all else; what the pattern names stands for itself."""

    def __missing__(self, code: int) -> str:
        kind = unicodedata.category(chr(code))[0]
        self[code] = found = kind if kind in "LN" else "O"
        return found


CLASSES = _Classes({**{ord(c): "W" for c in SPACES}, **{ord(c): c for c in " '" + CONTRACTED}})


def words(text: str) -> list[str]:
    """The pieces of text; joined they are the text again."""
    return [text[match.start() : match.end()] for match in WORDS.finditer(text.translate(CLASSES))]
