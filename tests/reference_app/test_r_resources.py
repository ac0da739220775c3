"""R: resources, verbs, lists and their documentation."""

import uuid

import pytest

from tests.reference_app.client import ITEMS, Client


@pytest.mark.spec("R1")
def test_a_user_can_be_made_read_replaced_changed_and_deleted(client: Client) -> None:
    ada = client.person()
    assert client.get(ada.path, by=ada).json()["data"]["email"] == ada.email
    new = {"email": "ada.l@example.com", "full_name": "Ada King"}
    assert client.send("PUT", ada.path, by=ada, json=new).json()["data"]["full_name"] == "Ada King"
    assert client.send("PUT", ada.path, by=ada, json={"full_name": "X"}).status_code == 400
    changed = client.patch(ada.path, by=ada, json={"full_name": "Countess"}).json()["data"]
    assert (changed["full_name"], changed["email"]) == ("Countess", "ada.l@example.com")
    assert client.send("DELETE", ada.path, by=ada).status_code == 204
    assert client.get(ada.path, by=ada).status_code == 401
    [row] = client.sql("SELECT deleted_at FROM users WHERE id = %s", ada.id)
    assert row["deleted_at"] is not None


@pytest.mark.spec("R1")
def test_me_is_whoever_asks(client: Client) -> None:
    ada = client.person()
    assert client.get("/api/v1/users/me", by=ada).json()["data"]["id"] == ada.id


@pytest.mark.spec("R2")
def test_orders_live_under_their_user(client: Client) -> None:
    ada, grace = client.person(), client.person()
    order = client.order(ada)
    assert order["total_amount"] == "37.50"
    assert order["customer"] == {"id": ada.id, "full_name": "Ada Lovelace"}
    assert client.get(f"/api/v1/orders/{order['id']}", by=ada).json()["data"] == order
    assert [one["id"] for one in client.get(f"{ada.path}/orders", by=ada).json()["data"]] == [
        order["id"]
    ]
    assert client.get(f"{grace.path}/orders", by=grace).json()["data"] == []


@pytest.mark.spec("R2")
def test_an_order_goes_from_pending_to_delivered(client: Client) -> None:
    ada, support = client.person(), client.person("support")
    path = f"/api/v1/orders/{client.order(ada)['id']}"
    for status in ("paid", "shipped", "delivered"):
        answer = client.patch(path, by=support, json={"status": status})
        assert answer.json()["data"]["status"] == status


@pytest.mark.spec("R3")
def test_pages_cover_a_list_once_and_in_order_even_when_keys_are_equal(client: Client) -> None:
    admin = client.person("admin")
    client.sql(
        "INSERT INTO users (email, password_hash, full_name, created_at)"
        " SELECT 'u' || n || '@example.com', 'x', 'Same Name', '2026-01-01' "
        " FROM generate_series(1, 44) n"
    )
    pages = [
        client.get(f"/api/v1/users?limit=10&page={page}&sort=full_name,-created_at", by=admin)
        for page in range(1, 6)
    ]
    ids = [user["id"] for page in pages for user in page.json()["data"]]
    assert len(ids) == len(set(ids)) == 45
    assert ids[-44:] == sorted(ids[-44:])


@pytest.mark.spec("R3")
def test_filters_are_combined(client: Client) -> None:
    admin = client.person("admin")
    client.person()
    answer = client.get("/api/v1/users?status=active&role=admin", by=admin).json()
    assert [user["id"] for user in answer["data"]] == [admin.id]
    assert answer["pagination"]["total_items"] == 1


@pytest.mark.spec("R3")
@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=-1",
        "page=x",
        "page=1.0",
        "page=99999999999999999999",
        "page=1&page=2",
        "limit=0",
        "limit=101",
        "sort=password_hash",
        "sort=",
        "sort=-",
        "sort=email,email",
        "sort=id;drop table users",
        "status=actve",
        "status=",
        "email=%00",
        "deleted_at=x",
    ],
)
def test_a_list_refuses_what_it_does_not_know(client: Client, query: str) -> None:
    answer = client.get(f"/api/v1/users?{query}", by=client.person())
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["field"] == query.partition("=")[0]


@pytest.mark.spec("R4")
def test_location_leads_to_what_was_made(client: Client) -> None:
    made = client.register("ada@example.com")
    user_id = made.json()["data"]["id"]
    assert made.headers["Location"] == f"/api/v1/users/{user_id}"
    ada = client.person()
    order = client.post(f"{ada.path}/orders", by=ada, json=ITEMS)
    found = client.get(order.headers["Location"], by=ada)
    assert found.json()["data"]["id"] == order.json()["data"]["id"]


@pytest.mark.spec("R5")
def test_the_openapi_document_describes_what_can_happen(client: Client) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    create = document["paths"]["/api/v1/users/{user_id}/orders"]["post"]
    assert set(create["responses"]) >= {"201", "400", "401", "403", "404", "413", "422", "500"}
    assert create["security"] == [{"HTTPBearer": []}]
    assert "Location" in create["responses"]["201"]["headers"]
    assert "WWW-Authenticate" in create["responses"]["401"]["headers"]
    login = document["paths"]["/api/v1/auth/login"]["post"]
    assert "Retry-After" in login["responses"]["429"]["headers"]
    for path in document["paths"].values():
        for operation in path.values():
            for answer in operation["responses"].values():
                assert "X-Request-ID" in answer["headers"]


@pytest.mark.spec("R5")
def test_swagger_ui_is_served_without_another_server_or_inline_script(client: Client) -> None:
    page = client.get("/docs")
    assert "http" not in page.text
    assert "script-src" not in page.headers["Content-Security-Policy"]
    for asset in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js"):
        assert f"/docs/{asset}" in page.text
        assert client.get(f"/docs/{asset}").status_code == 200


@pytest.mark.spec("C4")
def test_what_is_not_there_is_404(client: Client) -> None:
    admin = client.person("admin")
    for path in ("users", "orders"):
        assert client.get(f"/api/v1/{path}/{uuid.uuid4()}", by=admin).status_code == 404
