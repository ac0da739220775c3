"""Nobody gains a point, does harm, or is left without a clear status: each attack in turn.

Every attack is a starter, so that a point more would be seen. Those of one kind are handed in by
one learner, so they share a container, and find what the one before them left behind. After each
of them a right answer gets what it deserves: mostly in that same container, which must be as good
as new, and after some of them in a new one, as somebody else's.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from exercises.grading.catalog import find_exercise
from exercises.grading.classroom.inbox import read_inbox
from exercises.grading.classroom.worker_link import LONGEST_ANSWER
from exercises.grading.judge import Tried, judge, try_criteria
from exercises.grading.sandbox import SandboxBench, open_sandbox_bench
from exercises.grading.verdict import CannotJudge, Finding, Outcome
from tests.grading.hostile.attacks import CHEAP, Attack, read_attacks
from tests.running.engine import needs_engine

ATTACKS = read_attacks()
QUICK = "garbage_is_refused"
SUCCESS = "THE ATTACK SUCCEEDED"
SOMEBODY_ELSE_AFTER = 4
LONGEST_FINDING = LONGEST_ANSWER // 100
"""Bytes; the verdict of a suite of a hundred criteria fits through the line from a worker."""

TOKENS = find_exercise("10")

HonestPoints = Callable[[Attack], set[str]]


@pytest.fixture(scope="module")
def bench() -> Iterator[SandboxBench]:
    needs_engine()
    with open_sandbox_bench() as bench:
        yield bench


@pytest.fixture(scope="module")
def met_by_starter(bench: SandboxBench) -> HonestPoints:
    """The criteria that the starter meets as it is, of those that an attack is tried on."""

    @cache
    def met(slug: str) -> set[str]:
        bench.admit("an honest beginner")
        return passed(try_criteria(find_exercise(slug), "starter", bench))

    return lambda attack: {name for name in met(attack.slug) if attack.wants(name)}


def passed(tried: Tried) -> set[str]:
    return {name for name, found in tried.findings.items() if found.outcome is Outcome.PASSED}


def text_of(findings: list[Finding]) -> str:
    return json.dumps([found.as_json() for found in findings], ensure_ascii=False)


def judged(attack: Attack, bench: SandboxBench, folder: Path) -> Tried:
    file = folder / attack.exercise.file_name
    file.write_text(attack.source, "utf-8")
    bench.admit(attack.kind)
    return try_criteria(attack.exercise, str(file), bench, attack.wants, seconds=attack.seconds)


def must_judge_a_right_answer(bench: SandboxBench) -> None:
    right = try_criteria(TOKENS, "solutions", bench, QUICK.__eq__)
    assert passed(right) == {QUICK}, text_of(list(right.findings.values()))


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_gains_nothing_and_harms_nobody(
    attack: Attack, bench: SandboxBench, met_by_starter: HonestPoints, tmp_path: Path
) -> None:
    honest = met_by_starter(attack)
    tried = judged(attack, bench, tmp_path)
    findings = list(tried.findings.values())
    text = text_of(findings)
    assert SUCCESS not in text, text
    assert not {found.criterion.id for found in findings if found.outcome is Outcome.ERROR}, text
    assert passed(tried) <= honest
    assert all(found.message for found in findings if found.outcome is Outcome.FAILED)
    assert "Traceback" not in "".join(f.message for f in findings if f.yours is not None)
    text.encode()
    sent = json.dumps([found.as_json() for found in findings])
    assert len(sent) < LONGEST_FINDING * len(findings), f"{len(sent):,} bytes"
    if attack.told:
        messages = "\n".join(found.message for found in findings)
        assert any(map(messages.__contains__, attack.told.split("|"))), messages
    if ATTACKS.index(attack) % SOMEBODY_ELSE_AFTER == 0:
        bench.admit("somebody else")
    must_judge_a_right_answer(bench)


def test_every_attack_is_told_apart_and_tried_on_something_it_could_gain(
    met_by_starter: HonestPoints,
) -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) >= 40
    for attack in ATTACKS:
        assert set(CHEAP[attack.slug]) - met_by_starter(attack), attack.name


CONTENTS: dict[str, bytes] = {
    "a binary": b"\x7fELF" + os.urandom(2**17),
    "nothing but null bytes": bytes(2**18),
    "brackets without end": b"(" * 2**18,
    "an expression without end": b"x = " + b"-" * 2**17 + b"1",
    "another encoding": b"# coding: utf-7\n+AGkAbQBwAG8AcgB0- os\n",
    "half a character": b"name = '\xed\xa0\x80'\n",
    "a pickle": b"cposix\nsystem\n(S'touch /tmp/unpickled'\ntR.",
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_what_is_no_module_gets_nothing_and_is_told(
    content: bytes, bench: SandboxBench, tmp_path: Path
) -> None:
    file = tmp_path / TOKENS.file_name
    file.write_bytes(content)
    bench.admit("not a programmer")
    tried = try_criteria(TOKENS, str(file), bench, QUICK.__eq__)
    [found] = tried.findings.values()
    assert found.outcome is Outcome.FAILED
    assert "does not start with your file" in found.message
    must_judge_a_right_answer(bench)


def test_what_one_learner_leaves_behind_no_other_finds(bench: SandboxBench, tmp_path: Path) -> None:
    places = ("/tmp", "/dev/shm", "/logs", "/var/tmp", "/run/lock")  # noqa: S108
    leave = f"""
for place in {places}:
    try:
        open(place + "/left", "w").close()
    except OSError:
        pass
sql("CREATE TABLE left_behind ()")
"""
    find = f"""
for place in {places}:
    if os.path.exists(place + "/left"):
        succeeded(place)
[found] = sql("SELECT FROM left_behind")
if not isinstance(found, Exception):
    succeeded("its table")
for process in filter(str.isdigit, os.listdir("/proc")):
    if int(process) not in (1, os.getpid(), os.getppid()):
        succeeded(f"process {{process}}")
"""
    for name, code in (("leaves", leave), ("finds", find)):
        attack = Attack(kind=name, name=name, tries="to speak to who comes next", code=code)
        tried = judged(attack, bench, tmp_path)
        assert SUCCESS not in text_of(list(tried.findings.values()))


def test_what_is_shipped_along_is_never_run(bench: SandboxBench, tmp_path: Path) -> None:
    """Files that test runners and Python pick up by their names."""
    witness = tmp_path / "was run"
    folder = tmp_path / "class" / "eve" / TOKENS.slug
    folder.mkdir(parents=True)
    (folder / TOKENS.file_name).write_bytes(TOKENS.starter_file.read_bytes())
    for name in ("conftest.py", "sitecustomize.py", "usercustomize.py", "jwt.py", "pytest.py"):
        (folder / name).write_text(f"open({str(witness)!r}, 'w')\n")
        (folder.parent / name).write_text(f"open({str(witness)!r}, 'w')\n")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --collect-only -p conftest\n")
    [entry] = read_inbox(tmp_path / "class", [TOKENS])
    assert entry.content == TOKENS.starter_file.read_bytes()
    bench.admit("eve")
    verdict = judge(TOKENS, str(folder), bench)
    assert not witness.exists()
    assert str(tmp_path) not in sys.path
    assert 0 < verdict.score < verdict.max_score


def test_nobody_is_judged_once_the_servers_are_gone() -> None:
    """Whoever comes after somebody who brought them down would get nothing for a right answer."""
    needs_engine()
    with open_sandbox_bench() as bench:
        must_judge_a_right_answer(bench)
        bench.backend._forwarder.close()
        with pytest.raises(CannotJudge, match="does not answer"):
            try_criteria(TOKENS, "solutions", bench, QUICK.__eq__)


def test_nothing_was_unpickled() -> None:
    assert not Path("/tmp/unpickled").exists()  # noqa: S108 - what a pickle would have made
