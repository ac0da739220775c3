"""The known-good answer that is judged before a class is: what it gets shows whether marks can be
trusted, and what it was judged by is what the class is judged by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exercises.grading.catalog import Exercise
from exercises.grading.classroom.answers import Problem
from exercises.grading.classroom.crew import Crew
from exercises.grading.classroom.entry import Entry
from exercises.grading.classroom.jobs import Job, answers
from exercises.grading.classroom.suite_version import suite_version
from exercises.grading.verdict import CannotJudge, Criterion, Finding, Outcome, Verdict

LEARNER = "the reference"
NOTHING = "Nothing was graded, for no mark could be trusted."


@dataclass(frozen=True)
class Canary:
    """What judging is like here.

    Attributes:
        image: the image that submissions are tried in, or the back end.
        suites: the version of each exercise's suite.
        criteria: those of each exercise.
    """

    image: str
    suites: Mapping[str, str]
    criteria: Mapping[str, Sequence[Criterion]]

    def verdict_on_flaw(self, entry: Entry) -> Verdict:
        """The verdict where there is nothing to try: no criterion is met, for that one reason."""
        assert entry.flaw is not None
        findings = [
            Finding(criterion, Outcome.FAILED, entry.flaw)
            for criterion in self.criteria[entry.exercise]
        ]
        name = f"{entry.learner}/{entry.exercise}"
        return Verdict(entry.exercise, name, self.image, 0.0, tuple(findings))


def try_canary(exercises: Sequence[Exercise], crew: Crew) -> Canary:
    """Has the reference judged like a submission to each exercise.

    Raises:
        CannotJudge: it did not get full marks, or the crew is of another version than the grader.
    """
    suites = {exercise.slug: suite_version(exercise) for exercise in exercises}
    jobs = [
        Job([Entry(LEARNER, each.slug, each.reference_file.read_bytes())]) for each in exercises
    ]
    images = set()
    criteria = {}
    for entry, answer in answers(iter(jobs), crew):
        if isinstance(answer, Problem):
            raise CannotJudge(f"{NOTHING} The reference could not be judged. {answer.reason}")
        if answer.suite != suites[entry.exercise]:
            raise CannotJudge(
                f"The workers have another version of this kit ({entry.exercise}: {answer.suite}, "
                f"here {suites[entry.exercise]}). Install the same one everywhere."
            )
        if not answer.verdict.passed:
            raise CannotJudge(_missed(answer.verdict))
        images.add(answer.image)
        criteria[entry.exercise] = [found.criterion for found in answer.verdict.findings]
    if len(images) != 1:
        raise CannotJudge(f"The workers try submissions in different images: {sorted(images)}.")
    return Canary(images.pop(), suites, criteria)


def _missed(verdict: Verdict) -> str:
    first = verdict.failures[0]
    return (
        f"{NOTHING} {verdict.exercise}: the reference itself got {verdict.score} of "
        f"{verdict.max_score} points. Not met: “{first.criterion.title}”. {first.message}"
    )
