"""Two transcripts side by side, line for line, with the differences marked."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

CONTEXT = 4
"""So many equal lines stay around a difference; the rest of a long equal stretch is counted."""

MOST_ROWS = 70


@dataclass(frozen=True)
class Row:
    """A line of each side; `differs` when they are not the same. Empty where a side has no line."""

    yours: str
    reference: str
    differs: bool


def side_by_side(yours: list[str], reference: list[str]) -> list[Row]:
    """Pairs equal lines and puts what differs between them side by side."""
    if yours == reference and yours:
        same = f"{yours[0]}  (the two answers are the same)"
        return [Row(same, reference[0], differs=False)]
    rows: list[Row] = []
    matcher = SequenceMatcher(None, yours, reference, autojunk=False)
    for tag, left, left_end, right, right_end in matcher.get_opcodes():
        if tag == "equal":
            rows += _folded(yours[left:left_end])
        else:
            pairs = zip_longest(yours[left:left_end], reference[right:right_end], fillvalue="")
            rows += [Row(a, b, differs=True) for a, b in pairs]
    if len(rows) > MOST_ROWS:
        rest = f"⋯ {len(rows) - MOST_ROWS} more lines"
        return [*rows[:MOST_ROWS], Row(rest, rest, differs=False)]
    return rows


def _folded(lines: list[str]) -> list[Row]:
    hidden = len(lines) - 2 * CONTEXT
    if hidden > 1:
        lines = [*lines[:CONTEXT], f"⋯ {hidden} equal lines", *lines[-CONTEXT:]]
    return [Row(line, line, differs=False) for line in lines]
