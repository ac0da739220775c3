"""What learners and their teachers are told, and that nothing in it was planted by a submission."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup, Tag

from exercises.grading.classroom.mark import Mark
from exercises.grading.classroom.reports.pages import learner_page, overview
from exercises.grading.classroom.reports.roll import Learner, learners
from exercises.grading.classroom.reports.summary import summarise
from tests.grading.classroom.recorded import hostile, mark, verdict

PLANTED = [
    "</pre></td><script>document.title = 'taken'</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "]]>&amp;&#60;b>",
    "\u202egnp.exe\x1b[2J\x00\ud800\u2028",
]


def page(*marks: Mark, name: str = "ada") -> Tag:
    learner = Learner(name, {each.exercise: each for each in marks})
    return parsed(learner_page(learner))


def parsed(chunks: Iterable[str]) -> Tag:
    return BeautifulSoup("".join(chunks), "lxml")


def text(element: Tag) -> str:
    return " ".join(element.get_text(" ").split())


def test_points_of_the_machine_and_of_people_are_told_apart() -> None:
    shown = text(page(mark("ada", "forgeable", override=95, penalty=20, comments=("Was ill.",))))
    assert "75 /100 89 by the machine, set to 95 by hand, 20 taken off" in shown
    assert "Machine 89 Set by hand 95 Taken off −20 Counts 75" in shown
    assert "Was ill." in shown


def test_every_criterion_is_there_with_its_outcome_and_points() -> None:
    recorded = verdict("starter")
    rows = page(mark("ada", "starter")).select(".criteria li")
    assert len(rows) == len(recorded.findings)
    for row, finding in zip(rows, recorded.findings, strict=True):
        said = "met" if finding.earned else "not met"
        points = f"{finding.earned}/{finding.criterion.points}"
        assert f"{said} {points} {finding.criterion.title}" in text(row)


def test_a_failure_shows_both_answers_why_it_matters_and_where_to_read() -> None:
    [failure, *_] = page(mark("ada", "forgeable")).select("article.failure")
    differing = [[text(cell) for cell in row.select("td")] for row in failure.select("tr.differs")]
    assert ["≠", "HTTP 200", "HTTP 401"] in differing
    said = text(failure)
    assert "GET /api/v1/users/me" in said
    assert "Why it matters The header is written by the sender" in said
    assert "Lesson 10_tokens.ipynb , “1. Pin key and algorithm”" in said
    assert "SQL (6)" in said
    assert "dojo hint 10" in said


def test_each_link_leads_to_something_on_the_page() -> None:
    shown = page(mark("ada", "starter"), mark("ada", "forgeable"))
    links = {str(link["href"]) for link in shown.select("a")}
    assert len(links) > len(verdict("starter").failures)
    assert all(shown.find(id=link.removeprefix("#")) for link in links)


def test_what_kept_all_criteria_from_being_tried_is_said_once() -> None:
    shown = text(page(mark("ada", "broken")))
    assert "No criterion could be tried" in shown
    assert shown.count("No module named 'tokens_of_tomorrow'") == 1


def test_who_handed_in_nothing_reads_that_and_not_that_a_file_is_wrong() -> None:
    shown = text(page(mark("ada", "nothing")))
    assert "There was nothing to judge" in shown
    assert "could be tried" not in shown


def test_of_a_hidden_criterion_title_and_outcome_are_told_and_no_more() -> None:
    recorded = verdict("forgeable")
    [index] = [
        i for i, f in enumerate(recorded.findings) if f.criterion.id == "algorithm_is_pinned"
    ]
    finding = recorded.findings[index]
    hidden = replace(finding, criterion=replace(finding.criterion, visible=False))
    findings = (*recorded.findings[:index], hidden, *recorded.findings[index + 1 :])
    shown = text(page(mark("ada", "forgeable", verdict=replace(recorded, findings=findings))))
    assert "not met 0/7 The algorithm is pinned" in shown
    assert finding.message not in shown
    assert finding.criterion.why not in shown


@pytest.mark.parametrize("planted", PLANTED)
def test_nothing_of_a_submission_becomes_markup_or_acts(planted: str) -> None:
    clean = page(mark("ada", "forgeable"), name="ada")
    spoilt = page(
        mark("ada", "forgeable", verdict=hostile(planted), comments=(planted,), image=planted),
        name=planted,
    )
    allowed = {element.name for element in clean.find_all()} | {"blockquote"}
    assert {element.name for element in spoilt.find_all()} <= allowed
    written = "".join(learner_page(Learner(planted, {})))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\ud800-\udfff]", written)
    if planted.isprintable():
        assert text(spoilt).count(" ".join(planted.split())) >= 10


def test_the_page_forbids_itself_everything_but_its_own_style() -> None:
    [policy] = [str(meta["content"]) for meta in page(mark("ada", "right")).select("[http-equiv]")]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_a_flood_is_shown_from_its_beginning_with_a_count_of_the_rest() -> None:
    recorded = hostile("long" * 10_000)
    flood = [f"line {n}" for n in range(100_000)]
    findings = tuple(
        replace(each, yours=each.yours and replace(each.yours, logs=flood))
        for each in recorded.findings
    )
    flooded = mark("ada", "forgeable", verdict=replace(recorded, findings=findings))
    written = "".join(learner_page(Learner("ada", {"10_tokens": flooded})))
    assert "… 99,800 more lines" in written
    assert len(written) < 400_000


def test_an_exercise_that_is_no_more_can_still_be_told_about() -> None:
    gone = replace(verdict("forgeable"), exercise="98_gone")
    shown = text(page(mark("ada", "forgeable", verdict=gone)))
    assert "98_gone" in shown
    assert "The algorithm is pinned" in shown


def a_class() -> list[Mark]:
    return [
        *(mark("ada", "statements"), mark("ada", "forgeable"), mark("ada", "right")),
        *(mark("bob", "nothing"), mark("bob", "broken"), mark("bob", "starter")),
        *(mark("<b>cyd</b>", "statements", override=100), mark("<b>cyd</b>", "forgeable")),
    ]


def shown_class() -> Tag:
    marks = a_class()
    return parsed(overview(lambda: marks, summarise(marks)))


def test_the_overview_shows_each_outcome_of_each_learner() -> None:
    rows = {
        text(row.select("th")[0]): [text(cell) for cell in row.select("td")]
        for row in shown_class().select(".map tbody tr")
    }
    assert list(rows) == ["ada", "bob", "<b>cyd</b>"]
    assert len({len(cells) for cells in rows.values()}) == 1
    assert rows["ada"][:2] == ["90", "✓"]
    assert rows["ada"].count("✗") == 3
    assert rows["bob"][0] == "0"
    assert set(rows["bob"][1:14]) == {"·"}
    assert rows["<b>cyd</b>"][0] == "100"
    assert rows["<b>cyd</b>"][-16] == "–"


def test_the_overview_leads_to_each_page() -> None:
    links = [link["href"] for link in shown_class().select(".map tbody a")]
    assert links == [f"learners/{learner.page}" for learner in learners(a_class())]


def test_the_hardest_criteria_count_only_files_that_could_be_tried() -> None:
    [first, *_] = shown_class().select(".hardest tbody tr")
    assert text(first) == "0 % (0 of 2) 06_queries A page reads the rows that it shows"


def test_who_handed_in_nothing_is_named() -> None:
    [absent] = shown_class().select("section:has(#absent)")
    assert "06_queries : 1 of 3" in text(absent)
    assert "bob : There is no file" in text(absent)


def test_the_spread_of_points_counts_who_was_judged() -> None:
    [chart, *_] = shown_class().select("svg")
    assert "90 to 99: 1; 100: 1" in chart["aria-label"]


def test_the_colours_can_be_read_in_light_and_dark() -> None:
    """WCAG 2.2 AA: 4.5 to 1 for text, each colour on each ground that it stands on."""
    [style] = [text(each) for each in page(mark("ada", "right")).select("style")]
    pairs = [(ink, ground) for ink in ("text", "quiet", "link") for ground in ("page", "panel")]
    pairs += [
        (ink, ground) for ink in ("good", "bad", "unsure") for ground in ("page", f"{ink}-panel")
    ]
    pairs += [("text", f"{ink}-panel") for ink in ("good", "bad", "unsure")]
    for scheme in re.findall(r":root \{(.+?)\}", style)[:2]:
        colours = dict(re.findall(r"--([\w-]+): (#\w{6})", scheme))
        for ink, ground in pairs:
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)


def contrast(one: str, other: str) -> float:
    """The ratio of two colours as WCAG defines it."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
