"""Two transcripts side by side, line for line, with the differences marked."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest


@dataclass(frozen=True)
class Row:
    """A line of each side; `differs` when they are not the same. Empty where a side has no line."""

    yours: str
    reference: str
    differs: bool


def side_by_side(yours: list[str], reference: list[str]) -> list[Row]:
    """Pairs equal lines and puts what differs between them side by side."""
    rows: list[Row] = []
    matcher = SequenceMatcher(None, yours, reference, autojunk=False)
    for tag, left, left_end, right, right_end in matcher.get_opcodes():
        pairs = zip_longest(yours[left:left_end], reference[right:right_end], fillvalue="")
        rows += [Row(a, b, differs=tag != "equal") for a, b in pairs]
    return rows
