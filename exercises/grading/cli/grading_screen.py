"""How far the grading of a class is: a bar on a terminal, lines elsewhere, or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from exercises.grading.classroom.events import Event, Finished, Marked, NotMarked, Started
from exercises.grading.cli.screen import notes, out
from exercises.grading.plain import one_line

Tell = Callable[[Event], None]


@contextmanager
def screen(*, as_json: bool) -> Iterator[Tell]:
    """Shows the events that it is told."""
    if as_json:
        yield lambda event: typer.echo(json.dumps(event.as_json()))
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=notes, disable=not notes.is_terminal) as progress:
        task = progress.add_task("Starting the workers …", total=None)

        def tell(event: Event) -> None:
            match event:
                case Started():
                    progress.update(task, description="Grading", total=event.to_judge)
                    notes.print(_begun(event), style="dim", markup=False, soft_wrap=True)
                case Marked():
                    progress.advance(task, event.status != "unchanged")
                    if not notes.is_terminal and event.status != "unchanged":
                        notes.print(_marked(event), markup=False, soft_wrap=True)
                case NotMarked():
                    progress.advance(task)
                    notes.print(_not_marked(event), style="bold red", markup=False, soft_wrap=True)
                case Finished():
                    progress.stop()
                    out.print(_summary(event), soft_wrap=True)

        yield tell


def _begun(event: Started) -> str:
    again = f" Everything is judged again (round {event.round})." if event.round else ""
    return (
        f"The reference has full marks in {event.image}. {event.learners} learners, "
        f"{event.entries} entries, {event.to_judge} of them to be judged.{again}"
    )


def _marked(event: Marked) -> str:
    name = one_line(event.learner)
    if event.status == "flawed":
        return f"{name}  {event.exercise}  {event.score}  nothing to try"
    return f"{name}  {event.exercise}  {event.score}  {event.seconds:.1f} s"


def _not_marked(event: NotMarked) -> str:
    return f"Not judged: {one_line(event.learner)}, {event.exercise}. {event.reason}"


def _summary(event: Finished) -> Text:
    lines = [
        f"{event.judged} judged, {event.unchanged} unchanged, {event.not_judged} not judged, "
        f"in {event.seconds:.0f} s."
    ]
    lines += [f"  {slug}  mean {mean:.1f}" for slug, mean in event.means.items()]
    lines.append(f"Gradebook: {event.gradebook}")
    folder = Path(event.gradebook).parent
    if event.not_judged:
        lines.append("Run the same command again to try what was not judged.")
    lines.append(f"Next: dojo feedback {folder}   or   dojo gradebook {folder}")
    return Text("\n".join(lines))
