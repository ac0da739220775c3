"""What a failure is shown with: the exchange that broke it beside the reference's answer."""

from __future__ import annotations

from dataclasses import dataclass

from exercises.grading.comparison import Row, side_by_side
from exercises.grading.verdict import Finding


@dataclass(frozen=True)
class Evidence:
    """`rows` are the two answers side by side; `seen` is what else was seen, each with its title.

    Where the reference was not asked (`compared` is false) every row has one side only.
    """

    request: list[str]
    rows: list[Row]
    compared: bool
    seen: list[tuple[str, list[str]]]


def evidence_of(finding: Finding) -> Evidence | None:
    """The evidence for a finding; None where no exchange came of it."""
    yours, reference = finding.yours, finding.reference
    if yours is None:
        return None
    seen = [("log", yours.logs), ("SQL", yours.statements)]
    if reference is not None:
        seen.append(("SQL of the reference", reference.statements))
    return Evidence(
        request=yours.request,
        rows=side_by_side(yours.response, reference.response if reference else []),
        compared=reference is not None,
        seen=[(title, lines) for title, lines in seen if lines],
    )
