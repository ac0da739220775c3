"""Verdicts in little room: with all their transcripts they are long, and much in them repeats."""

from __future__ import annotations

import json
import zlib

from exercises.grading.verdict import Verdict

UNREADABLE = (zlib.error, ValueError, LookupError, TypeError)
"""What `unpack` raises when it is given something else."""


def pack(verdict: Verdict) -> bytes:
    """The whole verdict as compressed JSON."""
    content = json.dumps(verdict.as_json(), separators=(",", ":"))
    return zlib.compress(content.encode())


def unpack(packed: bytes) -> Verdict:
    """What was packed."""
    return Verdict.from_json(json.loads(zlib.decompress(packed)))
