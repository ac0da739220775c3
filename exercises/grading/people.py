"""Users of the service for suites and lessons: made in the database, logged in over HTTP."""

from __future__ import annotations

from dataclasses import dataclass

from exercises.grading.subject import Subject

PASSWORD = "correct-horse-battery-staple"  # noqa: S105 - of made-up users only  # pragma: allowlist secret
ARGON2_HASH = (
    "$argon2id$v=19$m=1024,t=1,p=1"
    "$yg/MFi/3O8L1g2qE9bKY2Q$U8BmR5ixLwVsGqSzipCqQbdWGxtNS87mUZAsskJHago"
)


@dataclass(frozen=True)
class Person:
    """A logged-in user; `token` is the access token, `refresh_token` the one to renew it with."""

    id: str
    email: str
    full_name: str
    token: str
    refresh_token: str


class People:
    """Makes users with a role, each with an address and a name of their own."""

    def __init__(self, service: Subject) -> None:
        self._service = service
        self._count = 0

    def user(self, full_name: str = "Ada Lovelace") -> Person:
        """Someone who may reach only what is their own."""
        return self._join("user", full_name)

    def support(self) -> Person:
        """Someone who may read everything."""
        return self._join("support", "Sam Support")

    def admin(self) -> Person:
        """Someone who may do everything."""
        return self._join("admin", "Alex Admin")

    def log_in(self, email: str) -> tuple[str, str]:
        """Access and refresh token of a new session of an existing user."""
        answer = self._service.post(
            "/api/v1/auth/login", json={"email": email, "password": PASSWORD}
        )
        return answer.data["access_token"], answer.data["refresh_token"]

    def _join(self, role: str, full_name: str) -> Person:
        self._count += 1
        email = f"{role}{self._count}@example.com"
        [row] = self._service.sql(
            "INSERT INTO users (email, password_hash, full_name, role)"
            " VALUES (%s, %s, %s, %s) RETURNING id",
            *(email, ARGON2_HASH, full_name, role),
        )
        token, refresh_token = self.log_in(email)
        return Person(str(row["id"]), email, full_name, token, refresh_token)
