"""Processes of an embedded back end, started and signalled through its supervisor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reference_app.running.part import State
from reference_app.running.supervisor_link import SupervisorLink


@dataclass(frozen=True)
class SupervisedProcess:
    """What can be done to any child of the supervisor; `stop_signal` means an orderly end."""

    link: SupervisorLink
    name: str
    directory: Path
    stop_signal: str

    def state(self) -> State:
        answer = self.link.ask("state", name=self.name)
        return State(answer["running"], answer["exit_code"])

    def ask_to_end(self) -> None:
        self._signal(self.stop_signal)

    def kill(self) -> None:
        self._signal("SIGKILL", family=True)

    def freeze(self) -> None:
        self._signal("SIGSTOP", family=True)

    def thaw(self) -> None:
        self._signal("SIGCONT", family=True)

    @property
    def log(self) -> Path:
        """The file that has its standard output and error."""
        return self.directory / f"{self.name}.log"

    def _signal(self, name: str, *, family: bool = False) -> None:
        self.link.ask("signal", name=self.name, signal=name, family=family)


@dataclass(frozen=True)
class ProgramProcess(SupervisedProcess):
    """A program with its arguments; `end_signal` is what it gets when the supervisor goes."""

    argv: Sequence[str]
    end_signal: str = "SIGKILL"
    user: str | None = None

    def launch(self) -> None:
        self.link.ask(
            "spawn",
            name=self.name,
            argv=self.argv,
            directory=str(self.directory),
            log=str(self.log),
            user=self.user,
            end_signal=self.end_signal,
        )


@dataclass
class Port:
    """The port a process listens on; 0 until it was started for the first time."""

    number: int = 0


@dataclass(frozen=True)
class ApplicationProcess(SupervisedProcess):
    """`python -m reference_app ARGV`, forked from the supervisor's preloaded libraries."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    replace: Mapping[str, Path] = field(default_factory=dict)
    port: Port = field(default_factory=Port)

    def launch(self) -> None:
        answer = self.link.ask(
            "fork",
            name=self.name,
            argv=self.argv,
            directory=str(self.directory),
            log=str(self.log),
            environment=self.environment,
            replace={module: str(file) for module, file in self.replace.items()},
            port=self.port.number,
        )
        self.port.number = answer["port"]

    @property
    def url(self) -> str:
        """Base address. The same after a restart unless its port was taken meanwhile."""
        return f"http://127.0.0.1:{self.port.number}"

    def abort(self) -> None:
        """SIGUSR2: it writes the stack of every thread to its log and ends."""
        self._signal("SIGUSR2")
