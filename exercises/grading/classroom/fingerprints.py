"""A Python file as fingerprints that survive renaming, formatting, comments and moved functions.

Winnowing: S. Schleimer, D. S. Wilkerson, A. Aiken, “Winnowing: Local Algorithms for Document
Fingerprinting”, SIGMOD 2003; it is what MOSS does. Of the hashes of all runs of `RUN` tokens the
least in each window of `WINDOW` is kept. Whatever two files share of at least `RUN + WINDOW - 1`
tokens is then found, and nothing shorter than `RUN`.
"""

from __future__ import annotations

import keyword
import tokenize
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from zlib import crc32

RUN = 15
WINDOW = 8
_MODULUS = (1 << 61) - 1
_BASE = 1_000_003
_SILENT = {
    *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENCODING),
    *(tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER),
}
_CLOSING = (")", "]", "}")


@dataclass(frozen=True)
class Fingerprints:
    """`kept`: hash → index of the token where its run begins; `runs`: the hashes of all runs.

    `lines` has the line of every token.
    """

    kept: dict[int, int]
    runs: frozenset[int]
    lines: Sequence[int]

    def without(self, common: frozenset[int]) -> Fingerprints:
        """The same, less what everybody was given."""
        kept = {each: at for each, at in self.kept.items() if each not in common}
        return Fingerprints(kept, self.runs - common, self.lines)


def fingerprints(source: bytes) -> Fingerprints:
    """Those of a file. What follows a place that is not Python's grammar does not count."""
    tokens = list(_tokens(source))
    hashes = list(_hashes([crc32(text.encode()) for text, _ in tokens]))
    kept: dict[int, int] = {}
    for at in _winnowed(hashes):
        kept.setdefault(hashes[at], at)
    return Fingerprints(kept, frozenset(hashes), [line for _, line in tokens])


def _tokens(source: bytes) -> Iterator[tuple[str, int]]:
    """Tokens without the author's own words, each with its line."""
    after_dot = False
    waiting: tuple[str, int] | None = None  # a comma, which does not count before a bracket
    for token in _readable(source):
        if token.type in _SILENT:
            continue
        text = _plain(token, after_dot=after_dot)
        after_dot = token.string == "."
        if waiting and token.string not in _CLOSING:
            yield waiting
        waiting = (text, token.start[0]) if text == "," else None
        if not waiting:
            yield text, token.start[0]


def _readable(source: bytes) -> Iterator[tokenize.TokenInfo]:
    """The tokens up to the first that cannot be read; texts that are statements are left out."""
    begins = True
    held: tokenize.TokenInfo | None = None
    try:
        for token in tokenize.tokenize(BytesIO(source).readline):
            if held and token.type not in (tokenize.NEWLINE, tokenize.NL, tokenize.COMMENT):
                yield held
            held = token if begins and token.type == tokenize.STRING else None
            if held is None:
                yield token
            if token.type not in (tokenize.COMMENT, tokenize.NL):
                begins = token.type in _SILENT
    except (SyntaxError, tokenize.TokenError, ValueError):
        return


def _plain(token: tokenize.TokenInfo, *, after_dot: bool) -> str:
    """A name of the author's as `n`; one of a library's, behind a dot, as it is."""
    if token.type == tokenize.NAME:
        foreign = after_dot and not token.string.startswith("_")
        return token.string if foreign or keyword.iskeyword(token.string) else "n"
    if token.type in (tokenize.STRING, tokenize.NUMBER):
        return tokenize.tok_name[token.type]
    return token.string


def _hashes(tokens: Sequence[int]) -> Iterator[int]:
    """Karp and Rabin's rolling hash of every run of `RUN` tokens."""
    highest = pow(_BASE, RUN - 1, _MODULUS)
    rolling = 0
    for at, token in enumerate(tokens):
        if at >= RUN:
            rolling -= tokens[at - RUN] * highest
        rolling = (rolling * _BASE + token) % _MODULUS
        if at >= RUN - 1:
            yield rolling


def _winnowed(hashes: Sequence[int]) -> Iterator[int]:
    """Where the least hash of each window stands; of equal ones, the last."""
    least: deque[int] = deque()
    last = -1
    for at, each in enumerate(hashes):
        while least and hashes[least[-1]] >= each:
            least.pop()
        least.append(at)
        if least[0] <= at - WINDOW:
            least.popleft()
        if at >= min(WINDOW, len(hashes)) - 1 and least[0] != last:
            last = least[0]
            yield last
