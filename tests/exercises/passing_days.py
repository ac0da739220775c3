"""Days that go by, for `test_10_tokens.py`: for what a client keeps, and for every row."""

from exercises.grading.people import People
from exercises.grading.subject import Subject
from tests.exercises.forged_tokens import altered, opened
from tests.exercises.token_sessions import refresh

HOURS = 166
"""From the Monday of the theft to the Sunday: two less than a refresh token lives."""

AGE = f"""
UPDATE refresh_tokens SET expires_at = expires_at - interval '{HOURS} hours',
       used_at = used_at - interval '{HOURS} hours',
       revoked_at = revoked_at - interval '{HOURS} hours'
"""


def days_later(service: Subject, people: People, *refresh_tokens: str) -> list[str]:
    """The same tokens when the days have gone by, for them and for every row of the table.

    They are signed again, with earlier times. A service may know its refresh tokens by their very
    bytes, and would take these for others: there it is only the rows that grow older.
    """
    by_its_bytes = not _takes_one_signed_again(service, people)
    service.sql(AGE)
    return [token if by_its_bytes else _aged(token) for token in refresh_tokens]


def _takes_one_signed_again(service: Subject, people: People) -> bool:
    return refresh(service, altered(people.user().refresh_token)).status == 200


def _aged(token: str) -> str:
    claims = opened(token)[1]
    times = claims.keys() & {"iat", "nbf", "exp"}
    return altered(token, **{name: claims[name] - HOURS * 3_600 for name in times})
