"""The page's server, which all tests of the page ask."""

import threading
import time
from contextlib import contextmanager

import pytest
import requests
import uvicorn

from detl.serving.page.app import create_app
from detl.serving.predictor import Predictor
from tiny_bundle import tiny_bundle


@contextmanager
def _serve(**limits):
    """Serve the page on a free port, and yield its address."""
    app = create_app(Predictor(tiny_bundle()), **limits)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def _sender(address):
    def send(method: str, path: str, **of_request) -> requests.Response:
        return requests.request(method, f"{address}{path}", timeout=60, **of_request)

    return send


@pytest.fixture(scope="package")
def address():
    """Return the address of the page."""
    with _serve() as address:
        yield address


@pytest.fixture(scope="package")
def send(address):
    """Return a function that sends a request to the page's server."""
    return _sender(address)


@pytest.fixture
def send_to_narrow():
    """Return the same for a server that takes a thousand bytes."""
    with _serve(most_bytes=1000) as address:
        yield _sender(address)
