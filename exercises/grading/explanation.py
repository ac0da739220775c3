"""What a learner is told when a criterion fails: the suite's own words, never a traceback."""

from __future__ import annotations

import psycopg

from exercises.grading.plain import plain
from reference_app.running import ServiceDidNotStart

LONGEST_MESSAGE = 2_000


def explain(error: BaseException) -> str:
    """The message of a failed criterion.

    An assertion speaks for itself. Anything else means that what was observed did not have the
    shape that the suite relies on; the reference's answer beside it shows that shape. What is
    quoted of the answer can be of any length and content; the message is not.
    """
    message = plain(_told(error))
    if len(message) > LONGEST_MESSAGE:
        message = (
            f"{message[:LONGEST_MESSAGE]} … {len(message) - LONGEST_MESSAGE:,} more characters"
        )
    return message


def _told(error: BaseException) -> str:
    if isinstance(error, AssertionError):
        return _own_words(str(error))
    if isinstance(error, KeyError):
        return f"The answer has no {error}."
    if isinstance(error, ServiceDidNotStart):
        return f"The service did not start again: {error.reason}"
    if isinstance(error, psycopg.Error):
        return f"The database refused: {str(error).strip()}"
    return f"The answer does not have the promised shape ({type(error).__name__}: {error})."


def _own_words(text: str) -> str:
    words, _, _ = text.partition("\nassert ")
    return words.strip() or "The observation did not hold."
