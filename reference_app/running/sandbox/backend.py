"""Services made of code that nobody vouches for, with servers of their own."""

import secrets
import uuid
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import ClassVar, Literal

import docker.errors  # type: ignore[import-untyped]
import psycopg
import redis

from reference_app.running import images, reaper, scratch, snapshot
from reference_app.running.addresses import Addresses, Login
from reference_app.running.assembly import AssembledBackend, PreparedProcess
from reference_app.running.build_context import ROOT
from reference_app.running.container_process import LOOPBACK
from reference_app.running.container_servers import PROVIDER_PORT, start_provider
from reference_app.running.errors import BackendUnavailable
from reference_app.running.part import ControlledPart
from reference_app.running.postgres_settings import SUPERUSER
from reference_app.running.readiness import in_time, postgres_answers
from reference_app.running.reaper_link import ReaperLink
from reference_app.running.sandbox.cache_users import GRADER, CacheUsers
from reference_app.running.sandbox.container import LearnerContainer, seen
from reference_app.running.sandbox.databases import Keeper, new_password
from reference_app.running.sandbox.forwarder_link import Forwarder
from reference_app.running.sandbox.room import Room
from reference_app.running.sandbox.servers import (
    CACHE_PORT,
    POSTGRES_PORT,
    Secrets,
    make_volumes,
    start_holder,
    start_servers,
)
from reference_app.running.template import Databases
from reference_app.running.warded_process import WardedProcess

NO_ADDRESS_FOR_THE_HOST = {"com.docker.network.bridge.inhibit_ipv4": "true"}

ANSWER_SECONDS = 5.0
"""A server that a submission has brought to its knees is soon up again: that is no way out."""

SERVER_ERRORS = (docker.errors.DockerException, psycopg.Error, redis.RedisError, OSError)
"""Of servers and engine; those of the engine's HTTP client are among the last kind."""


class SandboxBackend(AssembledBackend):
    """PostgreSQL, Valkey, and a container for each learner, on a network that leads nowhere."""

    name: ClassVar[Literal["sandbox"]] = "sandbox"
    this_machine = "there-is-no-way.invalid"
    postgres: ControlledPart
    cache: ControlledPart

    def __init__(self, parts: Collection[str]) -> None:
        """`parts` are the modules that learners write: the image does not have them.

        What one of them is while another one is judged comes from this machine, and is gone
        from the container when its service ends.

        Raises BackendUnavailable: no container engine answers, or an image cannot be made.
        """
        super().__init__("Sandbox containers: for code that nobody vouches for.")
        self._parts = frozenset(parts)
        self._falls = 0
        self._client = client = images.engine()
        self.image = images.build_without(client, self._parts)
        reaper.sweep(client)
        run = uuid.uuid4().hex[:12]
        self._scratch, lock = scratch.create()
        self._labels = reaper.labels(run, self._scratch)
        self._opened = ExitStack()
        self._opened.callback(client.close)
        self._opened.callback(ReaperLink(run, self._scratch, lock).end)
        self._network = f"backend-dojo-sandbox-{run}"
        try:
            client.networks.create(
                self._network,
                internal=True,
                options=NO_ADDRESS_FOR_THE_HOST,
                labels=self._labels,
            )
            self._start()
        except BaseException:
            self.close()
            raise

    def fresh(self) -> None:
        """The next service is somebody else's: a container nobody has used.

        Everything that still runs in the present one is killed.

        Raises BackendUnavailable: a server has been harmed; only a new back end is of use now.
        """
        self._room.fresh()
        try:
            for server in (self.postgres, self.cache):
                server.start()
            self._keeper.ask()
            self._cache_users.ask()
        except SERVER_ERRORS as error:
            raise BackendUnavailable(f"The sandbox's servers do not answer: {error}") from error

    def must_answer(self) -> bool:
        """Whether both servers ran since the last time; one that has fallen runs again now.

        A cache that runs is not asked: a submission can keep it busy, and would be let off.

        Raises BackendUnavailable: one of them, or the way to them, is gone and stays so.
        """
        servers = (self.postgres, self.cache)

        def ask() -> None:
            for server in servers:
                server.start()
            postgres_answers(self._keeper.url)

        try:
            in_time(ask, ANSWER_SECONDS)
        except SERVER_ERRORS as error:
            raise BackendUnavailable(f"The sandbox does not answer: {error}") from error
        before, self._falls = self._falls, sum(server.falls for server in servers)
        return self._falls == before

    def _start(self) -> None:
        self._room = Room(self._new_container)
        self._opened.callback(self._room.close)
        make_volumes(self._client, self._network, self._labels)
        holder = self._holder = start_holder(self._network, self._labels)
        host = holder.address_on(self._network)
        self.inside = Addresses(host, POSTGRES_PORT, CACHE_PORT)
        self._forwarder = Forwarder(
            self._client,
            self.image,
            self._network,
            {POSTGRES_PORT: host, CACHE_PORT: host, PROVIDER_PORT: host},
            self._labels,
        )
        self._opened.callback(self._forwarder.close)
        ports = self._forwarder.ports
        self.outside = Addresses(LOOPBACK, ports[POSTGRES_PORT], ports[CACHE_PORT])
        everything = Secrets(Login(SUPERUSER, new_password()), Login(GRADER, new_password()))
        self._cache_users = CacheUsers(self.outside, everything.grader)
        self.postgres, self.cache = start_servers(
            holder, self._network, self._labels, self.outside, everything, self._cache_users
        )
        self._keeper = Keeper(self.outside, everything.superuser.password)
        self._make_template()
        self.fresh()

    def _make_template(self) -> None:
        self._keeper.make_template(self._migrate)
        self._databases = Databases(self._keeper.make)

    def _new_container(self) -> LearnerContainer:
        directory = self._scratch / f"learner-{secrets.token_hex(8)}"
        return LearnerContainer(self._client, self.image, self._network, directory, self._labels)

    def _end(self) -> None:
        self._opened.close()

    def _prepare(
        self, argv: Sequence[str], replace: Mapping[str, Path], environment: Mapping[str, str]
    ) -> PreparedProcess:
        name = f"service-{next(self._numbers)}"
        originals = {
            part: ROOT.joinpath(*part.split(".")).with_suffix(".py") for part in self._parts
        }
        directory = self._scratch / name
        directory.mkdir()
        files = snapshot.take({**originals, **replace}, directory)
        process = WardedProcess(
            name,
            lambda: self._room.container().make_place(name, files),
            self._forwarder.open_door(),
            argv,
            environment,
        )
        shown = {seen(name, module): str(file) for module, file in replace.items()}
        return PreparedProcess(process, shown, process.discard)

    def _cache_logins(self, number: int) -> tuple[Login | None, Login | None]:
        return self._cache_users.grader, self._cache_users.make(number)

    def _forget_cache_login(self, number: int) -> None:
        self._cache_users.remove(number)

    def _start_provider(self) -> tuple[str, str]:
        port = self._forwarder.ports[PROVIDER_PORT]
        start_provider(self.image, self._holder, self._labels, LOOPBACK, port)
        return f"http://{LOOPBACK}:{port}", f"http://{self.inside.host}:{PROVIDER_PORT}"
