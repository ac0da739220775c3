"""JUnit XML and JSON: whole, well formed whatever a submission wrote, and of a known shape."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lxml import etree

from exercises.grading.classroom.mark import Mark
from exercises.grading.classroom.reports.documents import document, junit
from exercises.grading.classroom.reports.summary import summarise
from exercises.grading.verdict import Verdict
from tests.grading.classroom.recorded import hostile, mark, verdict

# The schema of Jenkins' xUnit plugin, which pytest and others keep to as well.
SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).with_name("junit-10.xsd")))

PLANTED = "]]><testcase name='forged'/>&\x00\x1b[2J\x0b\ud800\ufffe\uffff\u202e\u0085\U0001f600"

MARKS = [
    mark("ada", "right"),
    mark("ada", "forgeable", override=95, penalty=5, comments=("Late.",)),
    mark("bob", "nothing"),
    mark(PLANTED, "forgeable", verdict=hostile(PLANTED), comments=(PLANTED,), image=PLANTED),
]


def as_junit(*marks: Mark) -> Any:
    written = "".join(junit(lambda: marks, summarise(marks)))
    return etree.fromstring(written.encode("utf-8"))


def as_json(*marks: Mark) -> Any:
    written = "".join(document(lambda: marks, summarise(marks)))
    return json.loads(written.encode("utf-8"))


def test_junit_is_valid_by_the_schema_that_readers_share() -> None:
    found = as_junit(*MARKS)
    SCHEMA.assertValid(found)
    assert len(found) == len(MARKS)


def test_the_schema_can_say_no() -> None:
    found = as_junit(*MARKS)
    found[0].append(etree.Element("verdict"))
    assert not SCHEMA.validate(found)


def test_the_counts_of_a_suite_are_those_of_its_cases() -> None:
    for suite in as_junit(*MARKS):
        cases = suite.findall("testcase")
        assert int(suite.get("tests")) == len(cases)
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("errors")) == len(suite.findall("testcase/error"))


def test_a_failure_has_its_message_and_both_answers() -> None:
    [suite] = as_junit(mark("ada", "forgeable"))
    [failure, _] = suite.findall("testcase/failure")
    assert failure.getparent().get("name") == "The algorithm is pinned"
    assert failure.get("message").startswith("An unsigned token")
    assert "yours:     HTTP 200\nreference: HTTP 401" in failure.text


def test_what_counts_stands_in_the_properties() -> None:
    [suite] = as_junit(MARKS[1])
    properties = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert (properties["points"], properties["machine"]) == ("90", "89")
    assert properties["learner"] == "ada"


def test_two_learners_never_share_a_case() -> None:
    found = as_junit(mark("ada", "right"), mark("bob", "right"))
    cases = [(case.get("classname"), case.get("name")) for case in found.iter("testcase")]
    assert len(set(cases)) == len(cases)


def test_json_tells_everything_and_the_verdict_can_be_read_back() -> None:
    found = as_json(*MARKS)
    assert (found["format"], found["version"]) == ("backend-dojo.grades", 1)
    assert [each["exercise"] for each in found["exercises"]] == [
        *("06_queries", "10_tokens", "16_caching"),
    ]
    told = found["marks"][1]
    assert Verdict.from_json(told.pop("verdict")) == verdict("forgeable")
    assert told == {
        "learner": "ada",
        "exercise": "10_tokens",
        "points": 90,
        "machine": 89,
        "override": 95,
        "penalty": 5,
        "comments": ["Late."],
        "attempt": 1,
        "graded_at": "2026-11-24T09:30:00+00:00",
        "handed_in": MARKS[1].handed_in,
        "flaw": None,
        "suite": MARKS[1].suite,
        "image": "embedded",
    }
    assert found["marks"][2]["flaw"].startswith("There is no file")


def test_each_mark_stands_on_a_line_of_its_own() -> None:
    lines = "".join(document(lambda: MARKS, summarise(MARKS))).splitlines()
    told = [json.loads(line.removesuffix(",")) for line in lines[1:-1]]
    assert [each["exercise"] for each in told] == [each.exercise for each in MARKS]


def test_no_text_of_a_submission_forges_a_case() -> None:
    assert "forged" not in [case.get("name") for case in as_junit(*MARKS).iter("testcase")]


def test_json_keeps_each_character_but_halves_and_shows_none_that_acts() -> None:
    written = "".join(document(lambda: MARKS, summarise(MARKS)))
    assert [line for line in written.splitlines() if not line.isprintable()] == []
    assert as_json(*MARKS)["marks"][3]["learner"] == PLANTED.replace("\ud800", "\ufffd")
