"""A suite sees every statement; a learner is shown the most frequent ones and how many more."""

from exercises.grading import statements
from reference_app.running import start


def test_evidence_is_a_bounded_part_of_what_is_seen() -> None:
    with start("embedded") as backend:
        database = backend.database()
        with database.connect() as owner, database.connect_for_statistics() as statistics:
            statements.forget(statistics)
            distinct = ["SELECT " + ", ".join("1" * width) for width in range(1, 131)]
            for statement in [*distinct, distinct[6]]:
                owner.execute(statement)
            assert len(statements.seen(statistics)) == 130
            told = statements.told(statistics)
            assert len(told) == statements.MOST_TOLD + 1
            assert told[0].startswith("2 × SELECT $1, $2, $3, $4, $5, $6, $7 ")
            assert told[-1] == "… 30 more statements"
            statements.forget(statistics)
            owner.execute("SELECT 1")
            assert statements.told(statistics) == ["1 × SELECT $1  (1 rows)"]
