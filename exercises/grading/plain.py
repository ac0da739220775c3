"""Other people's text, made safe to store and to show: nothing in it acts, and nothing hides."""

from __future__ import annotations

import re

_ACTS = re.compile(
    "["
    r"\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls (terminal sequences among them) but tab, line feed
    "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff"  # direction, zero width
    "\u2028\u2029"  # line ends for some readers, none for others
    r"\ud800-\udfff"  # half a character: no UTF-8 can hold it
    "]"
)


def plain(text: str) -> str:
    """The text with every character that does something, or cannot be seen, spelled out.

    What is printable stays as it is, and so do tabs and line feeds: `\\x1b[2J` is shown as four
    letters and more, and clears no screen.
    """
    return _ACTS.sub(_spelled, text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """The same for names: no line feeds and tabs either."""
    return plain(text).replace("\n", "\\n").replace("\t", "\\t")


def _spelled(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
