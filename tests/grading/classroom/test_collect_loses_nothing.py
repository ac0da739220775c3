"""What `dojo collect` cannot place it names with the reason, and it costs nothing else."""

from pathlib import Path
from unicodedata import normalize

from exercises.grading.catalog import exercises
from exercises.grading.classroom.collect import collect
from exercises.grading.classroom.inbox import read_inbox
from tests.grading.classroom.downloads import make, placed, why_not, zipped

WANTED = exercises()


def test_an_upload_that_is_no_answer_is_named_with_the_reason(tmp_path: Path) -> None:
    files = {
        "lovelaceada_101_9001_Orders.py": b"ada",
        "lovelaceada_101_9002_tokens.py": b"ada",
        "lovelaceada_101_9003_cache.rar": b"Rar!",
        "lovelaceada_101_9004_notes.txt": b"hello",
    }
    report = collect([make(tmp_path / "in", files)], WANTED, tmp_path / "out")
    assert placed(tmp_path / "out") == {"lovelaceada_101/10_tokens/tokens.py": b"ada"}
    assert why_not(report) == {
        "lovelaceada_101_9001_Orders.py": "no part is called Orders.py; orders.py is",
        "lovelaceada_101_9003_cache.rar": (
            ".rar is not opened; expected is the file itself, or a zip"
        ),
        "lovelaceada_101_9004_notes.txt": "no part is called notes.txt",
    }


def test_of_a_folder_only_what_somebody_may_have_meant_is_named(tmp_path: Path) -> None:
    files = {
        "ada/06_queries/orders.py": b"hers",
        "ada/06_queries/README.md": b"",
        "ada/06_queries/mine.py": b"",
        "ada/tests/exercises/test_06_queries.py": b"",
        "ada/work/Cache.py": b"",
        "ada/all.7z": b"",
        "bob/06_queries/orders.py": b"his",
    }
    report = collect([make(tmp_path / "in", files)], WANTED, tmp_path / "out")
    assert why_not(report).keys() == {"ada/06_queries/mine.py", "ada/work/Cache.py", "ada/all.7z"}


def test_what_is_not_asked_for_is_left_without_a_word(tmp_path: Path) -> None:
    files = {"ada_1_2_orders.py": b"ada", "ada_1_3_tokens.py": b"ada"}
    report = collect([make(tmp_path / "in", files)], WANTED[:1], tmp_path / "out")
    assert placed(tmp_path / "out") == {"ada_1/06_queries/orders.py": b"ada"}
    assert report.unplaced == []


def test_one_bad_member_of_a_zip_costs_no_other(tmp_path: Path) -> None:
    members = {"06_queries/orders.py": b"#" * 300_000, "10_tokens/tokens.py": b"good", "a.txt": b""}
    inner = zipped(tmp_path / "inner.zip", members).read_bytes()
    nothing = zipped(tmp_path / "nothing.zip", {"a.txt": b""}).read_bytes()
    files = {"ada_1_2_work.zip": inner, "ada_1_3_more.zip": nothing}
    report = collect([make(tmp_path / "in", files)], WANTED, tmp_path / "out")
    assert placed(tmp_path / "out") == {"ada_1/10_tokens/tokens.py": b"good"}
    assert "larger than" in why_not(report)["ada_1_2_work.zip › 06_queries/orders.py"]
    assert "called as a part" in why_not(report)["ada_1_3_more.zip"]


def test_a_newer_file_counts_more_than_an_older_zip(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", {"06_queries/orders.py": b"old"}).read_bytes()
    files = {"ada_1_9001_work.zip": inner, "ada_1_9500_orders-1.py": b"new"}
    report = collect([make(tmp_path / "in", files)], WANTED, tmp_path / "out")
    assert placed(tmp_path / "out") == {"ada_1/06_queries/orders.py": b"new"}
    assert list(why_not(report)) == ["ada_1_9001_work.zip › 06_queries/orders.py"]


def test_a_name_in_two_spellings_is_one_learner(tmp_path: Path) -> None:
    composed, decomposed = normalize("NFC", "Zoë"), normalize("NFD", "Zoë")
    for name, part in ((composed, "06_queries/orders.py"), (decomposed, "10_tokens/tokens.py")):
        files = {f"{name}/{part}": b"hers", "bob/16_caching/cache.py": b"his"}
        collect([make(tmp_path / Path(part).name, files)], WANTED, tmp_path / "out")
    entries = [entry for entry in read_inbox(tmp_path / "out", WANTED) if entry.content]
    assert [(entry.learner, entry.exercise) for entry in entries if entry.learner != "bob"] == [
        (composed, "06_queries"),
        (composed, "10_tokens"),
    ]
