"""A browser without a screen that opens a page from disk and tells what the page did."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from websocket import WebSocket, create_connection

from tests.lessons.jupyterlab import browser

SECONDS = 30
"""For one step; a browser that takes longer hangs."""

QUIET = (
    *("--headless=new", "--disable-gpu", "--no-first-run", "--disable-extensions"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


class Browser:
    """One tab, spoken to in the Chrome DevTools Protocol."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._calls = 0
        self.events: list[tuple[str, dict[str, Any]]] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.do(f"{domain}.enable")

    def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Carries out one command in the tab."""
        return self._call(method, self._session, **parameters)

    def open(self, page: Path, *, width: int = 1280, scheme: str = "light") -> None:
        """Opens a page from disk and waits until it has loaded; `events` are those of this page."""
        self.do(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=844,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        dark = [{"name": "prefers-color-scheme", "value": scheme}]
        self.do("Emulation.setEmulatedMedia", features=dark)
        self.events.clear()
        self.do("Page.navigate", url=page.as_uri())
        while not any(name == "Page.loadEventFired" for name, _ in self.events):
            self._receive()

    def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression; it is ours, not the page's."""
        answer = self.do("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"]["value"]

    @property
    def requests(self) -> list[str]:
        """Addresses that the page asked for, itself included."""
        return [
            content["request"]["url"]
            for name, content in self.events
            if name == "Network.requestWillBeSent"
        ]

    @property
    def complaints(self) -> list[str]:
        """What the browser has to say against the page: errors, and what its policy forbade."""
        return [
            content["entry"]["text"] for name, content in self.events if name == "Log.entryAdded"
        ]

    def picture(self) -> bytes:
        """The whole page as PNG."""
        taken = self.do("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(taken["data"])

    def _call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        self._calls += 1
        command = {"id": self._calls, "method": method, "params": parameters}
        if session:
            command["sessionId"] = session
        self._socket.send(json.dumps(command))
        while (answer := self._receive()).get("id") != self._calls:
            pass
        assert "result" in answer, answer
        found: dict[str, Any] = answer["result"]
        return found

    def _receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self._socket.recv())
        if "method" in message:
            self.events.append((message["method"], message["params"]))
        return message


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A browser of its own, with nothing remembered."""
    program = browser()
    assert program is not None, "there is no browser on this machine"
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with TemporaryDirectory(ignore_cleanup_errors=True) as home:
        process = subprocess.Popen(
            [
                *(program, *QUIET, *sandbox, f"--user-data-dir={home}"),
                *("--remote-debugging-port=0", "about:blank"),
            ],
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        )
        try:
            assert process.stderr is not None
            told = (re.search(r"listening on (ws://\S+)", line) for line in process.stderr)
            [address] = next(found for found in told if found).groups()
            socket = create_connection(address, timeout=SECONDS, suppress_origin=True)
            try:
                yield Browser(socket)
            finally:
                socket.close()
        finally:
            process.terminate()
            process.communicate(timeout=SECONDS)
