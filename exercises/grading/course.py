"""The six parts of the course, and which one an exercise belongs to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """A part of the course; `first` is the number of its first exercise."""

    numeral: str
    title: str
    first: int


PARTS = (
    Part("I", "A clear API", 0),
    Part("II", "Data that stays right", 5),
    Part("III", "Security by design", 9),
    Part("IV", "Scale and stay up", 16),
    Part("V", "See what it does", 21),
    Part("VI", "Run it", 24),
)


def part_of(number: str) -> Part:
    """The part that exercise `number` (such as `06`) is in."""
    return max((part for part in PARTS if part.first <= int(number)), key=lambda part: part.first)
