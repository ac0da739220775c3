"""Each rule refuses a notebook that breaks it: the first lesson with one thing spoilt."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exercises.grading.lesson.facts import KEY
from exercises.grading.lesson.source import Notebook, source_of
from tests.lessons import rules_of_form as form
from tests.lessons import rules_of_ids as ids
from tests.lessons import rules_of_outputs as outputs
from tests.lessons import rules_of_steps as steps
from tests.lessons.reading import LessonNotebook, lesson_files
from tests.lessons.rules_of_practice import practice
from tests.lessons.test_rules import RULES, Rule

Spoil = Callable[[Notebook], None]


def cell(notebook: Notebook, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in notebook["cells"] if each["id"] == name)
    return found


def say(name: str, text: str) -> Spoil:
    """Adds text to a cell."""
    return lambda notebook: cell(notebook, name).update(
        source=f"{source_of(cell(notebook, name))}\n{text}"
    )


def swap(name: str, old: str, new: str) -> Spoil:
    """Replaces a text in a cell."""

    def spoil(notebook: Notebook) -> None:
        source = source_of(cell(notebook, name))
        assert old in source
        cell(notebook, name)["source"] = source.replace(old, new)

    return spoil


def show(name: str, text: str, mime: str = "text/plain") -> Spoil:
    """Lets a code cell show something."""
    shown = {"output_type": "display_data", "metadata": {}, "data": {mime: text}}
    return lambda notebook: cell(notebook, name)["outputs"].append(shown)


def drop(name: str) -> Spoil:
    """Takes a cell out."""
    return lambda notebook: notebook["cells"].remove(cell(notebook, name))


def fact(name: str, value: object) -> Spoil:
    """Changes one fact of the metadata."""
    return lambda notebook: notebook["metadata"][KEY].update({name: value})


def strip(notebook: Notebook) -> None:
    for each in notebook["cells"]:
        if each["cell_type"] == "code":
            each["outputs"] = []


def run_out_of_order(notebook: Notebook) -> None:
    cell(notebook, "first-call")["execution_count"] = 99


def tag(name: str, word: str) -> Spoil:
    return lambda notebook: cell(notebook, name)["metadata"].update(tags=[word])


LONG = "word " * 120
BROKEN: tuple[tuple[Rule, Spoil], ...] = (
    (form.size, say("recap", LONG)),
    (form.size, say("first-call", "x = 1\n" * 15)),
    (form.size, say("first-call", "# " + "x" * 100)),
    (form.size, fact("minutes", 20)),
    (form.size, show("first-call", "0" * 90_000)),
    (form.sections, drop("recap")),
    (form.sections, swap("recap", "## ", "")),
    (form.folded_answers, swap("pre-check", "<details>", "<div>")),
    (form.set_up, lambda notebook: cell(notebook, "set-up-cell").update(metadata={})),
    (form.set_up, show("set-up-cell", "another line")),
    (form.figures, swap("model", "accDescr:", "")),
    (form.figures, swap("model", "The figure shows", "This is")),
    (outputs.executed_in_order, strip),
    (outputs.executed_in_order, run_out_of_order),
    (outputs.the_same_everywhere, show("first-call", "2026-01-31")),
    (outputs.the_same_everywhere, show("first-call", "http://127.0.0.1:40123/")),
    (outputs.the_same_everywhere, show("first-call", "123e4567-e89b-12d3-a456-426614174000")),
    (outputs.the_same_everywhere, show("first-call", "<Thing object at 0x7f00deadbeef>")),
    (outputs.the_same_everywhere, show("first-call", "/home/ada/notes")),
    (outputs.the_same_everywhere, show("first-call", "<b>bold</b>", "text/html")),
    (outputs.plain_code, say("first-call", "!ls")),
    (outputs.plain_code, say("first-call", "clear_output()")),
    (outputs.plain_code, say("first-call", "answer;")),
    (outputs.plain_code, tag("first-call", "raises-exception")),
    (outputs.plain_code, tag("first-call", outputs.UNCHECKED)),
    (outputs.plain_metadata, lambda n: n["metadata"].update(kernelspec={"name": "mine"})),
    (outputs.plain_metadata, lambda n: cell(n, "recap")["metadata"].update(editable=True)),
    (ids.cell_ids, lambda notebook: cell(notebook, "recap").update(id="Recap 1")),
    (ids.cell_ids, lambda notebook: cell(notebook, "recap").update(id="model")),
    (ids.header, fact("question", "Another one?")),
    (ids.objectives, lambda n: n["metadata"][KEY]["objectives"][0].update(cells=["gone"])),
    (ids.predictions, swap("predict-1", "no idea", "perhaps")),
    (ids.predictions, swap("predict-1-cell", '"?"', '"b"')),
    (ids.predictions, swap("measure-log", "compare(", "print(")),
    (ids.predictions, lambda n: n["metadata"][KEY]["predictions"].pop()),
    (ids.predictions, lambda n: n["metadata"][KEY]["predictions"][0]["options"].pop("a")),
    (ids.misconceptions, lambda n: n["metadata"][KEY]["misconceptions"][0].update(belief="None.")),
    (ids.misconceptions, lambda n: n["metadata"][KEY]["misconceptions"][0].update(refuted_in="x")),
    (ids.terms, lambda n: n["metadata"][KEY]["terms"].update(unheard="of")),
    (ids.links, say("recap", "[gone](../exercises/99_gone)")),
    (ids.links, say("recap", "[gone](#cell-id=gone)")),
    (ids.hand_off, swap("hand-off", "dojo watch", "see")),
    (ids.earlier_lessons, fact("number", "42")),
    (steps.worked_example, swap("differences-note", "### ", "")),
    (steps.pre_check, swap("pre-check", "straight to", "to")),
    (steps.recap, say("recap", "- one\n- two\n- three")),
    (steps.recap, drop("recap")),
    (steps.hand_off, swap("hand-off", "To explore", "Also")),
    (steps.plain_markup, say("recap", "> [!NOTE]\n> Not shown.")),
    (steps.plain_markup, say("recap", ":::{note}\nNot shown.\n:::")),
    (practice, drop("practice-1-check")),
    (practice, swap("practice-1", "...", "pass")),
    (practice, swap("practice-1-answer", "```python", "```text")),
)


@pytest.mark.parametrize(("rule", "spoil"), BROKEN, ids=lambda case: getattr(case, "__name__", ""))
def test_rule_refuses(rule: Rule, spoil: Spoil, tmp_path: Path) -> None:
    first = LessonNotebook(lesson_files()[0])
    notebook = copy.deepcopy(first.json)
    spoil(notebook)
    file = tmp_path / first.file.name
    file.write_text(json.dumps(notebook), "utf-8")
    assert list(rule(LessonNotebook(file))) != []


def test_every_rule_is_tried() -> None:
    needs_exercise = {ids.suite_sections}
    assert {rule for rule, _ in BROKEN} == set(RULES) - needs_exercise


def test_a_section_that_a_suite_names_in_vain_is_told(tmp_path: Path) -> None:
    for file in lesson_files():
        lesson = LessonNotebook(file)
        if lesson.exercise is not None and lesson.exercise.suite.is_file():
            named = ids.CRITERION_SECTION.findall(lesson.exercise.suite.read_text("utf-8"))
            notebook = copy.deepcopy(lesson.json)
            notebook["cells"] = [each for each in notebook["cells"] if each["id"] != named[0]]
            (spoilt := tmp_path / file.name).write_text(json.dumps(notebook), "utf-8")
            assert any(named[0] in said for said in ids.suite_sections(LessonNotebook(spoilt)))
