"""A suite's tests as criteria: one test is one criterion.

    @pytest.mark.criterion("A used refresh token is refused", points=9, spec=["A3"], lesson="model")
    def test_used_token_is_refused(service: Subject) -> None:
        \"\"\"Whoever copied the token could otherwise keep a session alive for ever.\"\"\"

The marker says what is promised; the docstring says in one sentence what breaking it costs.
With `visible=False` the criterion is for grading only: `dojo release` leaves it out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import pytest

from exercises.grading.catalog import Exercise, exercises
from exercises.grading.verdict import CannotJudge, Criterion

MARKER = (
    "criterion(title, points, spec, lesson, visible=True): the test is one criterion of a graded "
    "suite; its docstring says why it matters"
)
PLACE = pytest.StashKey[int]()
"""Where a test stands among all that were collected: the order in which findings are told."""


def is_criterion(item: pytest.Item) -> bool:
    return item.get_closest_marker("criterion") is not None


def id_of(item: pytest.Item) -> str:
    """The id of the criterion that a test is."""
    return item.name.removeprefix("test_")


def take_turns(items: list[pytest.Item], last: Callable[[str], float] | None = None) -> None:
    """Puts each suite's criteria in the order in which they are tried: by `last`, if given.

    Hidden ones come after all that are visible, whose evidence learners read: a submission that
    remembers what it was asked has nothing to tell there.
    """
    suites = defaultdict(list)
    for place, item in enumerate(items):
        item.stash[PLACE] = place
        if is_criterion(item):
            suites[item.path].append(item)
    for suite in suites.values():
        suite.sort(key=lambda item: (_is_hidden(item), last(id_of(item)) if last else 0))
        places = sorted(item.stash[PLACE] for item in suite)
        for place, item in zip(places, suite, strict=True):
            items[place] = item


def criterion_of(item: pytest.Item) -> Criterion:
    """What the marker and the docstring of a test say.

    Raises:
        CannotJudge: the test is not declared as a criterion should be.
    """
    function = getattr(item, "function", None)
    why = " ".join((getattr(function, "__doc__", None) or "").split())
    try:
        return _declared(id_of(item), why, item.get_closest_marker("criterion"))
    except (AttributeError, KeyError, ValueError) as error:
        raise CannotJudge(f"{item.nodeid} is not a well-formed criterion: {error!r}") from error


def _is_hidden(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("criterion")
    return marker is not None and not marker.kwargs.get("visible", True)


def _declared(name: str, why: str, marker: pytest.Mark | None) -> Criterion:
    if marker is None:
        raise ValueError("it has no criterion marker")
    (title,) = marker.args
    return Criterion(
        id=name,
        title=title,
        points=marker.kwargs["points"],
        spec=tuple(marker.kwargs["spec"]),
        lesson=marker.kwargs["lesson"],
        why=why,
        visible=marker.kwargs.get("visible", True),
    )


def exercise_of(item: pytest.Item) -> Exercise:
    """The exercise whose suite the test is in; the file is named after it."""
    for exercise in exercises():
        if exercise.suite == item.path:
            return exercise
    raise CannotJudge(f"{item.path.name} is not the suite of any exercise.")
