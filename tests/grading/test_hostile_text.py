"""Text that a submission wrote is shown, stored and compared; it does nothing and hides nothing."""

import json
import sys
from itertools import permutations

import pytest

from exercises.grading.comparison import MOST_ROWS, side_by_side
from exercises.grading.exchange import LONGEST_BODY, LONGEST_LINE, Exchange, Transcript, transcript
from exercises.grading.explanation import LONGEST_MESSAGE, explain
from exercises.grading.plain import one_line, plain

ACTS = {
    "a terminal sequence": "\x1b[2J\x1b]0;owned\x07",
    "an 8-bit terminal sequence": "\x9b2J",
    "a carriage return": "0/100\r100/100",
    "NUL": "a\0b",
    "backspaces": "no\b\byes",
    "bidi overrides": "\u202e001\u202c \u2066x\u2069",
    "nothing to see": "pass\u200bword\ufeff",
    "half a character": "\ud800",
    "line ends for some": "a\u2028b\x85c\x0bd",
}


def shown(body: object, *logs: str) -> Transcript:
    exchange = Exchange("GET", "/", "r", status=200, headers={"location": "/"}, body=body)
    return transcript(exchange, list(logs), [])


def everything(found: Transcript) -> str:
    return "\n".join([*found.request, *found.response, *found.logs, *found.statements])


@pytest.mark.parametrize("text", ACTS.values(), ids=ACTS)
def test_what_acts_is_spelled_out_wherever_it_comes_from(text: str) -> None:
    found = shown({text: [text]}, f"printed: {text}", json.dumps({"event": text, text: text}))
    texts = [plain(text), one_line(text), everything(found), explain(AssertionError(f"Got {text}"))]
    texts += [everything(shown(text)), explain(KeyError(text)), explain(ValueError(text))]
    for each in texts:
        each.encode()
        assert all(char.isprintable() or char == "\n" for char in each), repr(each)
        assert any(escape in each for escape in (r"\x", r"\u", r"\r"))


def test_ordinary_text_stays_as_it_is() -> None:
    text = "Zoë: “naïve”\n\t日本語 🎓 [bold]markup[/bold] <b>html</b>"
    assert plain(text) == text
    assert one_line("a\tb\nc") == r"a\tb\nc"


def test_secrets_are_masked_however_much_stands_around_them() -> None:
    token = f"{'h' * 20}.{'c' * 20}.{'s' * 20}"
    argon2 = "$argon2id$v=19$m=1024,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"
    body = {"padding": ["x" * 10] * 1_000, "deep": [[[token, argon2]]]}
    body["password"] = "hunter2"  # pragma: allowlist secret
    noise = "a-" * 30_000
    found = shown(body, json.dumps(body), f"{token} {argon2} {noise}")
    text = everything(found) + everything(shown(f"{token} {argon2} {noise}"))
    assert "hunter2" not in text
    assert token not in text
    assert "aGFzaGhhc2g" not in text


MASSES: dict[str, object] = {
    "text": "x" * 8 * 2**20,
    "no end of words": "a-" * 4 * 2**20,
    "no end of ids": " ".join(f"{n:08x}-0000-4000-8000-000000000000" for n in range(200_000)),
    "no end of tokens": " ".join(f"{n:010x}.abcdef.x" for n in range(200_000)),
    "terminal sequences": "\x1b" * 8 * 2**20,
    "a list": [[]] * 10**6,
    "lists in lists": [[{"a": [1] * 1_000}] * 100] * 10,
    "an object": {str(number): number for number in range(10**6)},
    "a large number": 10**4_000,
}


@pytest.mark.parametrize("body", MASSES.values(), ids=MASSES)
def test_masses_are_cut_before_they_cost_anything(body: object) -> None:
    line = body if isinstance(body, str) else json.dumps({"event": [1] * 10**5})
    found = shown(body, *[line[: 2**18]] * 12)
    assert sum(map(len, found.response)) <= LONGEST_BODY + 100
    assert max(map(len, found.logs)) <= LONGEST_LINE
    assert len(explain(AssertionError(f"Got {body!r}."))) <= LONGEST_MESSAGE + 50


def test_log_lines_nested_without_end_are_shown_as_they_are() -> None:
    depth = 10 * sys.getrecursionlimit()
    [line] = shown(None, "[" * depth + "]" * depth).logs
    assert line == "[" * LONGEST_LINE


def test_lines_made_to_be_alike_are_compared_all_the_same() -> None:
    yours = ["a", "b"] * 10_000
    theirs = [line for order in permutations("abc") for line in order] * 500
    rows = side_by_side(["HTTP 200", *yours], ["HTTP 200", *theirs])
    assert len(rows) == MOST_ROWS + 1
    assert not rows[0].differs
    assert rows[-1].yours.startswith("⋯ ")
