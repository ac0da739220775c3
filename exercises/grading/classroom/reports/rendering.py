"""The templates of the reports: everything that goes into one is made plain and escaped."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from functools import cache
from hashlib import sha256

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from exercises.grading.catalog import Exercise, exercises
from exercises.grading.classroom.reports.roll import flaw_of
from exercises.grading.evidence import evidence_of
from exercises.grading.plain import one_line, plain
from exercises.grading.sections import heading
from exercises.grading.verdict import Finding

MOST_LINES = 200
LONGEST_LINE = 2_000
NOT_IN_XML = {0xFFFE: "\\ufffe", 0xFFFF: "\\uffff"}
"""Two code points that HTML bears and no XML document may hold."""


def render(template: str, **content: object) -> Iterator[str]:
    """The pieces of a filled-in template, made as they are asked for."""
    return _environment().get_template(template).generate(**content)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("exercises.grading.classroom.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_made_plain,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = environment.get_template("style.css").render()
    environment.filters |= {"one_line": one_line, "bounded": _bounded}
    environment.globals |= {
        "style": Markup(style),  # noqa: S704 - a file of ours  # nosec B704
        "policy": _policy(style),
        "exercise_of": _exercise,
        "section_of": _section,
        "evidence_of": evidence_of,
        "flaw_of": flaw_of,
    }
    return environment


def _made_plain(value: object) -> object:
    """What is put in where a template says `{{ value }}`; it is escaped after that."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return plain(value).translate(NOT_IN_XML)


def _policy(style: str) -> str:
    """A Content-Security-Policy that lets a page show this style sheet, and do nothing at all."""
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _bounded(lines: list[str]) -> list[str]:
    """The lines, or the beginning of very many or very long ones with a count of the rest."""
    shown = [
        line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]} … {len(line):,} characters"
        for line in lines[:MOST_LINES]
    ]
    rest = len(lines) - len(shown)
    return [*shown, f"… {rest:,} more lines"] if rest else shown


def _exercise(slug: str) -> Exercise | None:
    """The exercise; None for one that was graded once and is not there any more."""
    return next((each for each in exercises() if each.slug == slug), None)


def _section(exercise: Exercise, finding: Finding) -> str:
    """The heading in the lesson that tells about a criterion."""
    return heading(exercise.lesson, finding.criterion.lesson)
