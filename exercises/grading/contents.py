"""The contents table of README.md, written from the exercises' metadata."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from exercises.grading.catalog import Exercise, exercises
from exercises.grading.course import part_of
from exercises.grading.lesson.facts import facts_of, lesson_file
from exercises.grading.places import ROOT

README = ROOT / "README.md"
BEGIN = "<!-- contents: made by `python -m exercises.grading.contents` -->\n"
END = "<!-- /contents -->\n"


def table(chosen: Sequence[Exercise]) -> str:
    """The table in Markdown, one row an exercise."""
    rows = ["| exercise | you repair | part | minutes |", "|---|---|---|---|"]
    first = lesson_file("00")
    rows.append(
        f"| [{first.stem}]({first.relative_to(ROOT)}) · how the kit works, live"
        f" | | | {facts_of(first).minutes} |"
    )
    for each in chosen:
        part = part_of(each.number)
        file = each.learner_file.relative_to(ROOT)
        lesson = each.lesson.relative_to(ROOT)
        rows.append(
            f"| [{each.slug}]({lesson}) · {each.about.title} | [`{each.file_name}`]({file})"
            f" | {part.numeral} {part.title} | {each.about.minutes} |"
        )
    return "\n".join(rows) + "\n"


def with_contents(readme: str, chosen: Sequence[Exercise]) -> str:
    """README's text with the table of these exercises as it must be now."""
    before, rest = readme.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}{table(chosen)}{END}{after}"


if __name__ == "__main__":
    README.write_text(with_contents(README.read_text("utf-8"), exercises()), "utf-8")
    sys.stdout.write(table(exercises()))
