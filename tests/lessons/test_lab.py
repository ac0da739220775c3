"""A lesson's laboratory: the same service in variants, each on a database of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from exercises.grading.bench import DoesNotRun
from exercises.grading.lesson.lab import Lab
from exercises.grading.lesson.notebook_view import check
from exercises.grading.subject import Subject
from exercises.grading.verdict import CannotJudge


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    lab = Lab("42", "16", {"CACHE_TTL_SECONDS": "77"})
    yield lab
    lab.close()


def users(service: Subject) -> int:
    [row] = service.sql("SELECT count(*) AS count FROM users")
    return int(row["count"])


def test_reference_and_starter_keep_what_was_put_into_them_and_share_nothing(lab: Lab) -> None:
    lab.people(lab.reference).user()
    assert users(lab.reference) == 1
    assert users(lab.starter) == 0


def test_a_cell_that_makes_a_user_can_be_run_again(lab: Lab) -> None:
    first, again = (lab.people(lab.reference).user("Ada Lovelace") for _ in range(2))
    assert first.email != again.email


def test_settings_of_the_lesson_reach_the_service(lab: Lab) -> None:
    lab.reference.reset()
    ada = lab.people(lab.reference).user()
    lab.reference.get(f"/api/v1/users/{ada.id}", token=ada.token)
    assert 60 < int(str(lab.reference.cache.ttl(f"user:{ada.id}"))) <= 77


def test_a_variant_comes_with_empty_tables_at_every_call(lab: Lab) -> None:
    source = lab.exercise.solution_file.read_text("utf-8")
    lab.people(lab.with_part(source)).user()
    assert users(lab.with_part(lab.exercise.solution_file)) == 0


def test_a_part_that_does_not_start_is_told(lab: Lab) -> None:
    with pytest.raises(DoesNotRun, match="does not start"):
        lab.with_part("import nothing_of_that_name\n")


def test_one_place_of_the_part_can_be_edited(lab: Lab) -> None:
    edited = lab.with_edit('f"user:{user_id}"', 'f"somebody:{user_id}"')
    ada = lab.people(edited).user()
    edited.get(f"/api/v1/users/{ada.id}", token=ada.token)
    assert edited.cache.keys("somebody:*")
    assert not edited.cache.keys("user:*")


@pytest.mark.parametrize(("find", "count"), [("gone with the wind", 0), ("return", 14)])
def test_an_edit_that_does_not_fit_one_place_is_told(lab: Lab, find: str, count: int) -> None:
    with pytest.raises(LookupError, match=f"{count} times, not once"):
        lab.with_edit(find, "")


def test_source_is_that_of_the_reference(lab: Lab) -> None:
    assert repr(lab.source("UserCache.invalidate")).startswith("async def invalidate(")


def test_what_cannot_be_judged_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(CannotJudge, match="without a verdict"):
        check("16")
