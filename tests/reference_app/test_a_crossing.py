"""A3 when requests about one session cross: each gets its answer, and none waits in a circle."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest

from tests.reference_app.client import Client
from tests.reference_app.traffic import wait_until

WAITING = """
SELECT count(*) AS number FROM pg_stat_activity
 WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def waiting(client: Client) -> int:
    [row] = client.sql(WAITING)
    return int(row["number"])


@pytest.mark.spec("A3")
def test_replays_that_cross_do_not_block_each_other(client: Client) -> None:
    """If each held a row of the family and wanted the other's, PostgreSQL would fail one."""
    ada = client.person()
    newest = client.refresh(ada.refresh_token).json()["data"]["refresh_token"]
    claims: dict[str, Any] = jwt.decode(newest, options={"verify_signature": False})
    begun = []
    with ThreadPoolExecutor(3) as threads:
        with client.service.database.connect(superuser=True) as held, held.transaction():
            held.execute("SELECT FROM refresh_tokens WHERE jti = %s FOR UPDATE", [claims["jti"]])
            for token in (newest, newest, ada.refresh_token):
                begun.append(threads.submit(client.refresh, token))
                wait_until(lambda: waiting(client) == len(begun))
        answers = [each.result() for each in begun]
    assert [answer.status_code for answer in answers] == [200, 401, 401]
    assert client.refresh(answers[0].json()["data"]["refresh_token"]).status_code == 401


@pytest.mark.spec("A3")
def test_a_successor_stays_dead_when_what_ended_its_family_has_expired(client: Client) -> None:
    """One that was inserted while its family was revoked, so that its own row does not say it."""
    ada = client.person()
    successor = client.refresh(ada.refresh_token).json()["data"]["refresh_token"]
    client.sql(
        "UPDATE refresh_tokens SET revoked_at = now(), expires_at = now() - interval '1 minute'"
        " WHERE used_at IS NOT NULL"
    )
    client.log_in(ada.email)
    assert client.refresh(successor).status_code == 401
