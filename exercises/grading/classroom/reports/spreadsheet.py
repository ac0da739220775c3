"""Rows as CSV (RFC 4180) that no spreadsheet takes for a formula.

A cell that begins with = + - @ is worked out by spreadsheets, also when it is quoted, and text
after a semicolon or a line feed is a cell of its own for some of them. An apostrophe in front
makes it text: https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from io import StringIO

from exercises.grading.plain import plain

Cell = str | int | None

_FORMULA = re.compile(r"(^|[;\t\r\n])(\s*)(?=[=+\-@＝＋－＠][\s\S])")
"""A sign with something after it; alone it is none."""


def neutral(text: str) -> str:
    """The text as a cell that is read as text, whatever is in it."""
    return _FORMULA.sub(r"\1'\2", plain(text))


def as_csv(rows: Iterable[Iterable[Cell]]) -> Iterator[str]:
    """The rows as lines of CSV. Numbers and None (an empty cell) are no text and stay."""
    line = StringIO()
    writer = csv.writer(line, lineterminator="\r\n")
    for row in rows:
        writer.writerow([neutral(cell) if isinstance(cell, str) else cell for cell in row])
        yield line.getvalue()
        line.seek(0)
        line.truncate()
