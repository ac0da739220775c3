"""What a learner is told when a criterion fails: the suite's own words, never a traceback."""

from __future__ import annotations

import psycopg


def explain(error: BaseException) -> str:
    """The message of a failed criterion.

    An assertion speaks for itself. Anything else means that what was observed did not have the
    shape that the suite relies on; the reference's answer beside it shows that shape.
    """
    if isinstance(error, AssertionError):
        return _own_words(str(error))
    if isinstance(error, KeyError):
        return f"The answer has no {error}."
    if isinstance(error, psycopg.Error):
        return f"The database refused: {str(error).strip()}"
    return f"The answer does not have the promised shape ({type(error).__name__}: {error})."


def _own_words(text: str) -> str:
    words, _, _ = text.partition("\nassert ")
    return words.strip() or "The observation did not hold."
