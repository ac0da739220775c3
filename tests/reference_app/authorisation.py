"""Reads `authorisation.txt`, and finds the routes it should have a line for."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts

from reference_app.application import create_app
from reference_app.config import load_settings
from reference_app.running.service_settings import complete

FILE = Path(__file__).with_name("authorisation.txt")
LINE = re.compile(r"(?P<verb>[A-Z]+) +(?P<path>\S+) *(?P<body>\{.*\})? +-> (?P<cells>[\d |]+)")


@dataclass(frozen=True)
class Rule:
    """One line: `expected` has one column for everybody, or one each for the three roles."""

    verb: str
    path: str
    body: str | None
    expected: tuple[tuple[int, ...], ...]

    @property
    def name(self) -> str:
        return " ".join(filter(None, (self.verb, self.path, self.body)))


def rules() -> list[Rule]:
    """Every line of the table."""
    lines = [line.partition("#")[0].strip() for line in FILE.read_text("utf-8").splitlines()]
    return [_rule(line) for line in lines if line]


def _rule(line: str) -> Rule:
    found = LINE.fullmatch(line)
    assert found, f"not a line of the table: {line}"
    columns = [tuple(map(int, column.split())) for column in found["cells"].split("|")]
    return Rule(found["verb"], found["path"], found["body"], tuple(columns))


def routes(environment: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """Verb and path of all that the application answers, documented or not."""
    for name, value in complete("postgresql://u:p@h/d", "redis://h:1").items():
        environment.setenv(name, value)
    app = create_app(load_settings())
    return {
        (verb, str(route.path))
        for route in iter_route_contexts(app.routes)
        for verb in (route.methods or ())
        if verb != "HEAD"
    }
