"""`dojo audit`: the proof of the suites, for the authors of exercises."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from exercises.grading.audit import Proof, prove_fault, prove_right_answers, prove_starter
from exercises.grading.bench import On, open_bench
from exercises.grading.catalog import Exercise, exercises
from exercises.grading.cli.screen import fail, named, notes, out, plain_errors
from exercises.grading.faults import BrokenFault, faults_of
from exercises.grading.places import RELEASED
from exercises.grading.verdict import CannotJudge
from reference_app.running import BackendUnavailable


def audit(
    exercise: Annotated[str | None, typer.Argument(help="Number or name; all without.")] = None,
    *,
    repeat: Annotated[int, typer.Option(min=1, help="Judge all this often, to find flakes.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a row.")] = False,
) -> None:
    """Prove the suites: right answers get 100 on both back ends, wrong ones are rejected."""
    if RELEASED:
        fail(
            "This release has neither solutions nor faults to prove a suite by: they are audited "
            "in the project that it was made from."
        )
    chosen = [named(exercise)] if exercise else list(exercises())
    table = _empty_matrix()
    objections = 0
    with plain_errors():
        for proof in (row for _ in range(repeat) for row in _rows(chosen)):
            objections += not proof.holds
            if as_json:
                typer.echo(json.dumps(asdict(proof), ensure_ascii=False))
            else:
                notes.print(f"{proof.exercise} {proof.answer} on {proof.backend}", style="dim")
                _add(table, proof)
    if not as_json:
        out.print(table)
        out.print(f"{table.row_count - objections} of {table.row_count} rows as they must be.")
    raise typer.Exit(1 if objections else 0)


def _rows(chosen: list[Exercise]) -> Iterator[Proof]:
    backends: tuple[On, ...] = ("embedded", "containers")
    for on in backends:
        try:
            with open_bench(on) as bench:
                for each in chosen:
                    yield from prove_right_answers(each, bench)
                    if on == "embedded":
                        yield prove_starter(each, bench)
                        yield from (prove_fault(fault, each, bench) for fault in faults_of(each))
        except BackendUnavailable as error:
            notes.print(f"Not proven on {on}: {error}", style="yellow", markup=False)
        except BrokenFault as error:
            raise CannotJudge(str(error)) from error


def _empty_matrix() -> Table:
    table = Table("exercise", "answer", "on", "score", "must be", "s", "rejected by", box=None)
    table.columns[6].overflow = "fold"
    return table


def _add(table: Table, proof: Proof) -> None:
    last = Text(f"✗ {proof.objection}", "bold red") if proof.objection else Text("")
    if proof.holds:
        last = Text(", ".join(proof.rejected_by), "dim")
    table.add_row(
        proof.exercise,
        proof.answer,
        proof.backend,
        Text(str(proof.score), "green" if proof.holds else "red"),
        proof.expected,
        f"{proof.seconds:.1f}",
        last,
    )
