"""A page in headless Chromium, driven over its DevTools protocol."""

import itertools
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from websockets.sync.client import ClientConnection, connect

LONGEST_WAIT = 60

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def find_chromium() -> str | None:
    """Return the program's path; None where none is installed."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class BrowserPage:
    """The one page of a browser.

    Args:
        socket: The connection to it.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Return the result of a command of the protocol."""
        number = next(self._numbers)
        sent = {"id": number, "method": method, "params": parameters}
        self._socket.send(json.dumps(sent))
        while (said := json.loads(self._socket.recv(LONGEST_WAIT))).get("id") != number:
            pass
        assert "error" not in said, said["error"]
        return said["result"]

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression of JavaScript."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait_for(self, expression: str) -> None:
        """Wait until an expression of JavaScript is true."""
        until = time.monotonic() + LONGEST_WAIT
        while not self.evaluate(expression):
            assert time.monotonic() < until, f"{expression} is not true"
            time.sleep(0.02)

    def open(self, address: str) -> None:
        """Open an address, and wait until it is there."""
        self.call("Page.navigate", url=address)
        there = f"location.href === {json.dumps(address)}"
        self.wait_for(f"{there} && document.readyState === 'complete'")

    def choose_file(self, selector: str, path: Path) -> None:
        """Choose a file in an input, as a user does."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        found = self.call("DOM.querySelector", nodeId=root, selector=selector)
        self.call("DOM.setFileInputFiles", files=[str(path)], nodeId=found["nodeId"])

    def resize(self, width: int, height: int = 900) -> None:
        """Give the page another size, in pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            **{"width": width, "height": height, "deviceScaleFactor": 1},
            mobile=False,
        )

    @property
    def text(self) -> str:
        """The text that can be seen."""
        return self.evaluate("document.body.innerText")


@contextmanager
def browse(program: str, profile: Path) -> Iterator[BrowserPage]:
    """Start a browser, and yield its page.

    Args:
        program: What ``find_chromium`` returns.
        profile: A folder for what it keeps.
    """
    browser = subprocess.Popen(
        [
            program,
            *("--headless=new", "--no-sandbox", "--disable-gpu"),
            *("--disable-dev-shm-usage", "--no-first-run"),
            *("--remote-debugging-port=0", f"--user-data-dir={profile}"),
            "about:blank",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        pages = f"http://127.0.0.1:{_read_port(browser, profile)}/json"
        until = time.monotonic() + LONGEST_WAIT
        while not (
            found := [
                page["webSocketDebuggerUrl"]
                for page in requests.get(pages, timeout=LONGEST_WAIT).json()
                if page["type"] == "page"
            ]
        ):
            assert time.monotonic() < until, "the browser has no page"
            time.sleep(0.05)
        with connect(found[0], max_size=None) as socket:
            yield BrowserPage(socket)
    finally:
        browser.terminate()
        browser.wait(LONGEST_WAIT)


def _read_port(browser: subprocess.Popen[bytes], profile: Path) -> str:
    """Return the port, which the browser writes when it listens."""
    written = profile / "DevToolsActivePort"
    until = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < until and browser.poll() is None:
        if written.is_file() and (port := re.match(r"\d+", written.read_text())):
            return port[0]
        time.sleep(0.05)
    raise AssertionError("the browser has not started")
