"""A verdict in a notebook: everything escaped, and readable where HTML is not shown."""

from __future__ import annotations

from exercises.grading.catalog import Exercise, Hint, Metadata
from exercises.grading.exchange import Transcript
from exercises.grading.lesson.notebook_view import NotebookVerdict
from exercises.grading.verdict import Criterion, Finding, Outcome, Verdict

HOSTILE = "<script>alert('&')</script>"
EXERCISE = Exercise(
    "42_hostile",
    Metadata(
        title="Hostile",
        incident="None.",
        part="reference_app.data.cache",
        spec=("S1",),
        difficulty=1,
        minutes=10,
        hints=(Hint(text="?"),) * 3,
    ),
)


def transcript(line: str) -> Transcript:
    return Transcript([f"GET {line}"], ["HTTP 200", line], [line], [line])


def verdict(outcome: Outcome) -> NotebookVerdict:
    criterion = Criterion("c", f"Title {HOSTILE}", 100, ("S1",), "model", HOSTILE)
    finding = Finding(criterion, outcome, HOSTILE, transcript(HOSTILE), transcript("fine"))
    return NotebookVerdict(Verdict("42_hostile", HOSTILE, "embedded", 0.5, (finding,)), EXERCISE)


def test_nothing_of_a_submission_becomes_markup() -> None:
    page = verdict(Outcome.FAILED)._repr_html_()
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 6


def test_differences_are_marked_without_colours_too() -> None:
    assert ">≠</td>" in verdict(Outcome.FAILED)._repr_html_()


def test_it_leads_to_the_cell_of_the_lesson() -> None:
    page = verdict(Outcome.FAILED)._repr_html_()
    assert 'href="42_hostile.ipynb#cell-id=model"' in page


def test_the_plain_form_says_the_same() -> None:
    plain = repr(verdict(Outcome.FAILED))
    assert plain.startswith("42_hostile  0/100")
    assert "✗ 0/100 Title" in plain.replace("  ", " ")
    assert "the reference" in plain


def test_full_marks_show_no_evidence() -> None:
    page = verdict(Outcome.PASSED)._repr_html_()
    assert "100/100" in page
    assert "<table" not in page
