"""A6: what whoever is calling may do, beyond the table of `test_a_authorisation.py`."""

import uuid

import pytest

from tests.reference_app.client import PASSWORD, Client


@pytest.mark.spec("A6")
def test_somebody_elses_and_nobodys_record_look_the_same(client: Client) -> None:
    ada, grace = client.person(), client.person()
    answers = [
        client.get(f"/api/v1/users/{user_id}{suffix}", by=ada)
        for user_id in (grace.id, uuid.uuid4())
        for suffix in ("", "/orders")
    ]
    assert {(one.status_code, str(one.json()["error"])) for one in answers} == {
        (404, str(answers[0].json()["error"]))
    }


@pytest.mark.spec("A6")
def test_role_status_and_id_are_not_the_owners_to_set(client: Client) -> None:
    ada = client.person()
    for change, status in (({"role": "admin"}, 403), ({"status": "inactive"}, 403)):
        assert client.patch(ada.path, by=ada, json=change).status_code == status
    assert client.patch(ada.path, by=ada, json={"id": str(uuid.uuid4())}).status_code == 400
    body = {"email": "x@example.com", "password": PASSWORD, "full_name": "X", "role": "admin"}
    assert client.post("/api/v1/users", json=body).status_code == 400


@pytest.mark.spec("A6")
def test_a_plain_users_list_holds_nobody_else(client: Client) -> None:
    ada, support = client.person(), client.person("support")
    assert [user["id"] for user in client.get("/api/v1/users", by=ada).json()["data"]] == [ada.id]
    assert client.get("/api/v1/users", by=support).json()["pagination"]["total_items"] == 2


@pytest.mark.spec("A6")
def test_demotion_suspension_and_deletion_take_effect_at_once(client: Client) -> None:
    ada, admin, boss = client.person(), client.person("admin"), client.person("admin")
    client.patch(admin.path, by=boss, json={"role": "user"})
    assert client.get(ada.path, by=admin).status_code == 404
    client.patch(ada.path, by=boss, json={"status": "suspended"})
    assert client.get(ada.path, by=ada).status_code == 403
    assert client.refresh(ada.refresh_token).status_code == 403
    client.send("DELETE", ada.path, by=boss)
    assert client.get(ada.path, by=ada).status_code == 401
