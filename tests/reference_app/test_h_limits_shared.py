"""H3, H4: replicas count together, by the true address, and without Redis each for itself."""

import time

import httpx
import pytest

from reference_app.running import Backend
from tests.reference_app.client import Client
from tests.reference_app.standing import READ, left, refused


def forwarded(client: Client, chain: str) -> httpx.Response:
    return client.get(READ, headers={"X-Forwarded-For": chain})


@pytest.mark.spec("H3", "H4")
def test_an_address_that_the_caller_made_up_changes_nothing(limited: Client) -> None:
    answers = [forwarded(limited, f"198.51.100.{n}") for n in range(6)]
    assert refused(answers[-1])


@pytest.mark.spec("H3", "H4")
def test_behind_a_trusted_proxy_the_address_it_saw_counts(behind: Client) -> None:
    for n in range(5):
        forwarded(behind, f"198.51.100.{n}, 203.0.113.7")
    assert refused(forwarded(behind, "203.0.113.7"))
    assert left(forwarded(behind, "203.0.113.8")) == 4


@pytest.mark.spec("H3")
def test_all_addresses_of_an_ipv6_network_are_one_caller(behind: Client) -> None:
    assert left(forwarded(behind, "2001:db8::1")) == 4
    assert left(forwarded(behind, "2001:db8::ffff:1")) == 3
    assert left(forwarded(behind, "2001:db8:0:1::1")) == 4


@pytest.mark.spec("H3")
def test_replicas_count_together(limited: Client, behind: Client) -> None:
    ada = limited.person()
    answers = [client.get(ada.path, by=ada) for client in (limited, behind) * 3]
    assert [left(answer) for answer in answers] == [4, 3, 2, 1, 0, 0]
    assert refused(answers[-1])


@pytest.mark.spec("H3")
def test_every_count_expires_and_no_caller_makes_a_key_long(
    limited: Client, behind: Client
) -> None:
    ada = limited.person()
    for path in (ada.path, f"{ada.path}/orders", "/api/v1/users/" + "x" * 2000):
        limited.get(path, by=ada)
    for chain in ("a" * 4000, "2001:db8::1", "unknown"):
        forwarded(behind, chain)
    cache = limited.service.cache
    counts = list(cache.scan_iter("rate:*"))
    assert len([key for key in counts if ada.id in key]) == 1
    assert len(counts) == 5  # register, login, ada, an IPv6 network, addresses that are none
    assert all(0 < cache.ttl(key) <= 86_400 and len(key) <= 100 for key in counts)


@pytest.mark.spec("H3")
def test_without_redis_each_replica_counts_alone_until_it_is_back(
    backend: Backend, limited: Client, behind: Client
) -> None:
    ada = limited.person()
    limited.get(ada.path, by=ada)
    backend.cache.kill()
    for client in (limited, behind):
        codes = [client.get(ada.path, by=ada).status_code for _ in range(6)]
        assert codes == [200] * 5 + [429]
        assert client.log("rate_limits_alone")
    assert limited.log_in(ada.email).status_code == 200
    backend.cache.start()
    deadline = time.monotonic() + 5
    while refused(answer := limited.get(ada.path, by=ada)):
        assert time.monotonic() < deadline, "it did not come back"
    assert answer.status_code == 200


@pytest.mark.spec("H3")
def test_a_redis_that_hangs_is_not_waited_for_by_every_request(
    backend: Backend, limited: Client
) -> None:
    backend.cache.pause()
    started = time.monotonic()
    answers = [limited.get(READ) for _ in range(20)]
    took = time.monotonic() - started
    backend.cache.resume()
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 15
    assert len(limited.log("rate_limits_alone")) <= 1 + took / 0.5
