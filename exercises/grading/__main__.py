"""`python -m exercises.grading`: the command line where `dojo` is not on the path."""

from exercises.grading.cli import app

app(prog_name="dojo")
