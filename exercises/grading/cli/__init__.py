"""`dojo`, the command line. Exit codes: 0 done or full marks, 1 not, 2 could not be done."""

import typer

from exercises.grading.cli import (
    author,
    classroom,
    feedback,
    grade,
    gradebook,
    judging,
    learning,
    service,
)

app = typer.Typer(
    name="dojo",
    help="Repair a real service, one module at a time, and have it judged from outside.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

app.command()(service.start)
app.command()(service.doctor)
app.command(name="list")(learning.list_exercises)
app.command()(judging.check)
app.command()(judging.watch)
app.command()(learning.hint)
app.command()(learning.solution)
app.command()(learning.reset)
app.command()(service.serve)
app.command()(author.audit)
app.command()(classroom.release)
app.command()(grade.grade)
app.add_typer(gradebook.app, name="gradebook", help=gradebook.HELP)
app.command()(feedback.feedback)
app.command()(classroom.collect)
app.command()(classroom.similarity)
app.command()(classroom.gradescope)
