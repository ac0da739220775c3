"""Two replicas of one service, on both back ends alike."""

from http import HTTPStatus

from reference_app.running import Backend, Service
from tests.running.questions import ready, register, users


def test_a_replica_shares_both_stores_and_leaves_them_when_it_is_closed(
    backend: Backend, service: Service
) -> None:
    here = register(service)
    service.cache.set("ours", "yes")
    with backend.service(beside=service, settings={"LOG_LEVEL": "debug"}) as replica:
        assert replica.url != service.url
        assert replica.settings == {**service.settings, "LOG_LEVEL": "debug"}
        assert register(replica).status_code == HTTPStatus.CONFLICT
        there = register(replica, "grace@example.org")
        assert there.status_code == HTTPStatus.CREATED
        assert replica.cache.get("ours") == "yes"
        logged = "\n".join(service.logs())
        assert here.headers["X-Request-ID"] in logged
        assert there.headers["X-Request-ID"] not in logged
        service.kill()
        assert ready(replica) == HTTPStatus.OK
    service.start()
    assert users(service) == 2
    assert service.cache.get("ours") == "yes"
