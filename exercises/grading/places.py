"""Where things are in the project."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXERCISES = ROOT / "exercises"
SOLUTIONS = ROOT / "solutions"
LESSONS = ROOT / "lessons"
SUITES = ROOT / "tests" / "exercises"
FAULTS = ROOT / "tests" / "faults"
LOCAL = ROOT / ".dojo"
