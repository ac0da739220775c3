"""Two transcripts side by side, line for line, with the differences marked."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

CONTEXT = 4
"""So many equal lines stay around a difference; the rest of a long equal stretch is counted."""

MOST_ROWS = 70
MOST_LINES = 300
"""Of each side between its equal ends; for lines made to be alike, time grows with their cube."""


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
    start = _equal_lines(yours, reference)
    end = _equal_lines(yours[start:][::-1], reference[start:][::-1])
    rows = _folded(yours[:start])
    rows += _compared(yours[start : len(yours) - end], reference[start : len(reference) - end])
    rows += _folded(yours[len(yours) - end :])
    if len(rows) > MOST_ROWS:
        rest = f"⋯ {len(rows) - MOST_ROWS} more lines"
        return [*rows[:MOST_ROWS], Row(rest, rest, differs=False)]
    return rows


def _equal_lines(yours: list[str], reference: list[str]) -> int:
    """How many lines both have in common before the first difference."""
    pairs = enumerate(zip(yours, reference, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(yours), len(reference)))


def _compared(yours: list[str], reference: list[str]) -> list[Row]:
    rows: list[Row] = []
    left, right = yours[:MOST_LINES], reference[:MOST_LINES]
    for tag, a, a_end, b, b_end in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            rows += _folded(left[a:a_end])
        else:
            pairs = zip_longest(left[a:a_end], right[b:b_end], fillvalue="")
            rows += [Row(mine, its, differs=True) for mine, its in pairs]
    rest = max(len(yours), len(reference)) - MOST_LINES
    if rest > 0:
        rows.append(Row(f"⋯ {rest} more lines", f"⋯ {rest} more lines", differs=True))
    return rows


def _folded(lines: list[str]) -> list[Row]:
    hidden = len(lines) - 2 * CONTEXT
    if hidden > 1:
        lines = [*lines[:CONTEXT], f"⋯ {hidden} equal lines", *lines[-CONTEXT:]]
    return [Row(line, line, differs=False) for line in lines]
