"""A verdict adds up: what was earned, of how much, and whether that is all of it."""

import json

from exercises.grading.verdict import Criterion, Finding, Outcome, Verdict


def finding(name: str, points: int, outcome: Outcome, *, visible: bool = True) -> Finding:
    return Finding(Criterion(name, name.title(), points, ("A1",), "model", "", visible), outcome)


def verdict(*findings: Finding) -> Verdict:
    return Verdict("06_queries", "exercises", "embedded", 0.5, findings)


def test_full_marks_are_the_points_of_all_criteria_that_there_are() -> None:
    most, rest = finding("most", 92, Outcome.PASSED), finding("rest", 8, Outcome.FAILED)
    assert (verdict(most).max_score, verdict(most).passed) == (92, True)
    assert (verdict(most, rest).max_score, verdict(most, rest).passed) == (100, False)


def test_nothing_tried_is_nothing_passed() -> None:
    assert not verdict().passed
    assert verdict().exit_code == 1


def test_json_keeps_which_criteria_are_hidden() -> None:
    told = verdict(
        finding("shown", 92, Outcome.PASSED), finding("kept", 8, Outcome.FAILED, visible=False)
    )
    content = json.loads(json.dumps(told.as_json()))
    assert content["max_score"] == 100
    assert [each["visible"] for each in content["criteria"]] == [True, False]
    assert Verdict.from_json(content) == told


def test_json_from_before_criteria_could_be_hidden_is_still_read() -> None:
    content = verdict(finding("old", 100, Outcome.PASSED)).as_json()
    del content["criteria"][0]["visible"]
    assert Verdict.from_json(content).findings[0].criterion.visible
