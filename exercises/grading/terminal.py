"""Verdicts on a terminal: readable at 80 columns, plain text where there is no terminal."""

from __future__ import annotations

from io import StringIO

from rich import box
from rich.console import Console, Group, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from exercises.grading.catalog import Exercise, Hint, exercises
from exercises.grading.comparison import Row
from exercises.grading.evidence import Evidence, evidence_of
from exercises.grading.places import RELEASED, ROOT
from exercises.grading.plain import one_line
from exercises.grading.sections import heading
from exercises.grading.verdict import Finding, Outcome, Verdict

MARKS = {
    Outcome.PASSED: Text("✓", "green"),
    Outcome.FAILED: Text("✗", "red"),
    Outcome.ERROR: Text("?", "yellow"),
}
MOST_STATEMENTS = 6
PLAIN_WIDTH = 100


def verdict_view(verdict: Verdict, exercise: Exercise, *, details: int = 1) -> RenderableType:
    """The whole verdict: the criteria, then `details` failures with all their evidence."""
    if verdict.obstacle is not None:
        return Group(_headline(verdict, exercise), _obstacle(verdict.obstacle))
    parts: list[RenderableType] = [_headline(verdict, exercise), _criteria(verdict)]
    parts += [finding_view(finding, exercise) for finding in verdict.failures[:details]]
    rest = len(verdict.failures) - details
    if rest > 0 and details:
        parts.append(Text(f"{rest} more not met. One at a time; all of them: --all", style="dim"))
    if verdict.passed:
        parts.append(_what_now(exercise))
    return Group(*parts)


def finding_view(finding: Finding, exercise: Exercise) -> RenderableType:
    """One failure: what was promised, what happened, the two answers, why, and where to read."""
    parts: list[RenderableType] = [Text(finding.message)]
    if (evidence := evidence_of(finding)) is not None:
        parts.append(_evidence(evidence))
    if finding.criterion.why:
        parts.append(_labelled("Why it matters", finding.criterion.why))
    section = f"{exercise.lesson.relative_to(ROOT)}, “{_section(finding, exercise)}”"
    parts.append(_labelled("Read", f"{section} · Promise {', '.join(finding.criterion.spec)}"))
    parts.append(_labelled("Next", f"dojo hint {exercise.number}"))
    return Panel(
        Group(*parts),
        title=MARKS[finding.outcome] + Text(f" {finding.criterion.title}", "bold"),
        title_align="left",
        box=box.ROUNDED,
        padding=(0, 1),
    )


def hint_view(hint: Hint, number: int, exercise: Exercise) -> RenderableType:
    """One hint, the learner's `number`th; after the last one, where to go on."""
    count = len(exercise.about.hints)
    parts: list[RenderableType] = [Text(f"Hint {number} of {count}", "bold"), Markdown(hint.text)]
    if number == count and not RELEASED:
        solution = f"dojo solution {exercise.number}"
        parts.append(Text(f"That was the last one. `{solution}` explains it whole."))
    return Group(*parts)


def as_text(view: RenderableType, width: int = PLAIN_WIDTH) -> str:
    """The view as plain text without colours."""
    out = StringIO()
    console = Console(
        file=out, width=width, color_system=None, legacy_windows=False, force_jupyter=False
    )
    console.print(view)
    return out.getvalue().rstrip()


def _section(finding: Finding, exercise: Exercise) -> str:
    return heading(exercise.lesson, finding.criterion.lesson)


def _obstacle(message: str) -> Panel:
    return Panel(
        Text(message),
        title=Text("✗ No criterion could be tried", "bold"),
        title_align="left",
        box=box.ROUNDED,
        padding=(0, 1),
    )


def _what_now(exercise: Exercise) -> Text:
    reference = exercise.reference_file.relative_to(ROOT)
    later = [each.number for each in exercises() if each.number > exercise.number]
    onward = f" Then: dojo check {later[0]}." if later else ""
    other = "" if RELEASED else f" and `dojo solution {exercise.number}`"
    return Text(f"Every criterion is met. Compare with {reference}{other}.{onward}", "green")


def _headline(verdict: Verdict, exercise: Exercise) -> Text:
    style = "bold green" if verdict.passed else "bold red"
    line = Text(f"{exercise.slug}  ", "bold")
    line.append(f"{verdict.score}/{verdict.max_score}", style)
    line.append(
        f"  {one_line(verdict.submission)} · {verdict.backend} · {verdict.seconds:.1f} s", "dim"
    )
    return line


def _criteria(verdict: Verdict) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False)
    table.add_column(width=1)
    table.add_column(justify="right", width=5)
    table.add_column(ratio=1)
    for finding in verdict.findings:
        points = f"{finding.earned}/{finding.criterion.points}"
        title = Text(finding.criterion.title)
        if not finding.criterion.visible:
            title.append(" · hidden from learners", "dim")
        table.add_row(MARKS[finding.outcome], Text(points, "dim"), title)
    return table


def _evidence(evidence: Evidence) -> RenderableType:
    parts: list[RenderableType] = [
        Padding(Text("\n".join(f"→ {line}" for line in evidence.request), "cyan"), (1, 0, 0, 0))
    ]
    if evidence.compared:
        parts.append(_two_columns(evidence.rows))
    else:
        parts.append(Padding(Text("\n".join(row.yours for row in evidence.rows)), (1, 0)))
    for title, lines in evidence.seen:
        parts += _seen(title, lines)
    return Group(*parts)


def _two_columns(rows: list[Row]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, expand=True, padding=(0, 1), pad_edge=False)
    table.add_column("", width=1)
    table.add_column("your file", ratio=1, overflow="fold")
    table.add_column("the reference", ratio=1, overflow="fold")
    for row in rows:
        mark = Text("≠", "bold yellow") if row.differs else Text(" ")
        table.add_row(
            mark,
            Text(row.yours, "red" if row.differs else "dim"),
            Text(row.reference, "green" if row.differs else "dim"),
        )
    return table


def _seen(what: str, lines: list[str]) -> list[RenderableType]:
    shown = [Text(f"{what}: ", "bold dim") + Text(lines[0], "dim")]
    shown += [Text("  " + line, "dim") for line in lines[1:MOST_STATEMENTS]]
    if len(lines) > MOST_STATEMENTS:
        shown.append(Text(f"  … {len(lines) - MOST_STATEMENTS} more", "dim"))
    return list(shown)


def _labelled(label: str, text: str) -> Text:
    return Text(f"{label}: ", "bold") + Text(text)
