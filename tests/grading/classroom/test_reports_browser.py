"""The pages in a real browser: nothing runs, nothing is asked for, all can be read on a phone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from exercises.grading.classroom.reports.format import Format
from exercises.grading.classroom.reports.roll import learners
from exercises.grading.classroom.reports.shelf import Shelf
from exercises.grading.classroom.reports.writing import write_reports
from tests.grading.classroom.browsing import Browser, open_browser
from tests.grading.classroom.recorded import hostile, mark
from tests.lessons.jupyterlab import browser as installed

pytestmark = pytest.mark.skipif(
    installed() is None and "CI" not in os.environ, reason="there is no browser on this machine"
)

PLANTED = (
    "</pre></td></style></script><script>document.title = 'taken'</script>"
    "<img src='http://127.0.0.1:9/a.png' onerror=\"document.title = 'taken'\">"
    "<svg onload=\"document.title = 'taken'\"><link rel=stylesheet href=http://127.0.0.1:9/b.css>"
    '" style="background: url(http://127.0.0.1:9/c)" onclick=\'x\' <meta http-equiv=refresh'
    " content='0;url=http://127.0.0.1:9/d'><base href='http://127.0.0.1:9/'>" + "W" * 500
)
LATER = PLANTED.replace("0;url", "600;url")  # a page that has gone elsewhere tells nothing
MARKS = [
    mark(PLANTED, "statements", verdict=hostile(PLANTED, name="statements"), comments=(PLANTED,)),
    mark(PLANTED, "forgeable", verdict=hostile(PLANTED), image=PLANTED),
    mark("ada", "statements", override=95, penalty=10, comments=("Handed in late.",)),
    mark("ada", "forgeable"),
    mark("ada", "starter"),
    mark("bob", "nothing"),
    mark("bob", "broken"),
]
HOSTILE, ADA, BOB = (f"learners/{learner.page}" for learner in learners(MARKS))
WIDER = "document.documentElement.scrollWidth - innerWidth"
PHONE = 390


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    write_reports(lambda: MARKS, [Format.HTML], Shelf(folder))
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.mark.parametrize("name", [HOSTILE, ADA, BOB, "overview.html"], ids=lambda n: n[:12])
def test_no_script_runs_no_request_leaves_and_it_fits_a_phone(
    browser: Browser, shelf: Path, name: str
) -> None:
    browser.open(shelf / name, width=PHONE)
    assert browser.requests == [(shelf / name).as_uri()]
    assert browser.complaints == []
    assert browser.ask("document.title") != "taken"
    assert browser.ask("document.scripts.length") == 0
    assert browser.ask(WIDER) <= 0


def test_this_browser_would_tell_of_a_script_and_a_request(
    browser: Browser, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"<!doctype html><title>fine</title><p style='width: 900px'>{LATER}", "utf-8")
    browser.open(page, width=PHONE)
    assert browser.ask("document.title") == "taken"
    assert any("127.0.0.1:9" in address for address in browser.requests)
    assert browser.ask(WIDER) > 0


def test_the_policy_stops_what_would_get_past_the_escaping(browser: Browser, shelf: Path) -> None:
    page = shelf / "spoilt.html"
    page.write_text((shelf / ADA).read_text("utf-8").replace("<main>", f"<main>{LATER}"), "utf-8")
    browser.open(page, width=PHONE)
    page.unlink()
    assert browser.ask("document.title") != "taken"
    assert any("Content Security Policy" in told for told in browser.complaints)


@pytest.mark.parametrize("width", [1280, PHONE])
def test_both_answers_of_a_failure_are_on_the_screen(
    browser: Browser, shelf: Path, width: int
) -> None:
    browser.open(shelf / ADA, width=width)
    places = browser.ask(
        "[...document.querySelectorAll('#\\\\31 0_tokens-algorithm_is_pinned .differs td')]"
        ".filter(cell => /HTTP (200|401)/.test(cell.textContent))"
        ".map(cell => cell.getBoundingClientRect().toJSON())"
    )
    yours, reference = places
    assert min(yours["width"], yours["height"], reference["width"], reference["height"]) > 10
    assert max(yours["right"], reference["right"]) <= width
    if width == PHONE:
        assert reference["top"] >= yours["bottom"]
    else:
        assert (reference["top"], reference["left"] >= yours["right"]) == (yours["top"], True)


def test_a_screen_reader_finds_its_way(browser: Browser, shelf: Path) -> None:
    browser.open(shelf / ADA)
    levels = browser.ask(
        "[...document.querySelectorAll('h1,h2,h3,h4')].map(each => +each.tagName[1])"
    )
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert browser.ask("document.querySelectorAll('main').length") == 1
    tree = browser.do("Accessibility.getFullAXTree")["nodes"]
    roles = [node.get("role", {}).get("value") for node in tree]
    assert {"banner", "main", "navigation", "contentinfo", "article", "region"} <= set(roles)
    unnamed = [
        node
        for node in tree
        if node.get("role", {}).get("value") in ("link", "region", "article", "navigation")
        and not node.get("name", {}).get("value")
    ]
    assert unnamed == []


def test_dark_is_dark_and_light_is_light(browser: Browser, shelf: Path) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        browser.open(shelf / ADA, scheme=scheme)
        grounds.append(browser.ask("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(255, 255, 255)", "rgb(20, 23, 26)"]


def test_on_paper_nothing_is_folded_away(browser: Browser, shelf: Path) -> None:
    browser.open(shelf / ADA)
    hidden = (
        "[...document.querySelectorAll('details pre')].filter(e => !e.checkVisibility()).length"
    )
    folded = browser.ask(
        hidden.replace("checkVisibility()", "checkVisibility({contentVisibilityAuto: true})")
    )
    browser.do("Emulation.setEmulatedMedia", media="print")
    printed = browser.ask(hidden)
    browser.do("Emulation.setEmulatedMedia", media="")
    assert folded > 0
    assert printed == 0


def test_head_and_names_stay_in_sight_in_a_large_class(browser: Browser, tmp_path: Path) -> None:
    marks = [
        mark(f"learner {n:03}", answer)
        for n in range(200)
        for answer in ("statements", "forgeable", "starter")
    ]
    write_reports(lambda: marks, [Format.HTML], Shelf(tmp_path))
    page = tmp_path / "overview.html"
    assert page.stat().st_size < 300_000
    browser.open(page, width=PHONE)
    seen = browser.ask(
        "(() => { const box = document.querySelector('.scroll'); box.scrollIntoView();"
        " box.scrollTo(400, 2000); const at = box.getBoundingClientRect();"
        " const head = document.querySelector('.map thead').getBoundingClientRect();"
        " const names = [...document.querySelectorAll('.map tbody th')]"
        "   .map(each => each.getBoundingClientRect().left - at.left);"
        " return [box.scrollTop, box.scrollLeft, head.top - at.top, Math.max(...names)]; })()"
    )
    down, right, head, names = seen
    assert down == 2000 and right == 400
    assert abs(head) <= 2 and abs(names) <= 2
