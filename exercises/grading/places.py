"""Where things are in the project."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXERCISES = ROOT / "exercises"
SOLUTIONS = ROOT / "solutions"
LESSONS = ROOT / "lessons"
SUITES = ROOT / "tests" / "exercises"
FAULTS = ROOT / "tests" / "faults"
RELEASED = not SOLUTIONS.is_dir()
"""Whether this is what `dojo release` made for a class: without solutions and faults."""
LOCAL = Path(os.environ.get("DOJO_LOCAL", ROOT / ".dojo"))
"""What the learner has done so far; DOJO_LOCAL puts it elsewhere, as the project's tests do."""
