"""A server is started on a free port, or the user is told which one to take."""

import socket
import subprocess
import sys

import pytest

from detl.errors import DetlError
from detl.session.free_port import refuse_taken_port


def test_a_free_port_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    refuse_taken_port(str(port))


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_port_that_another_program_has_is_told_with_what_to_do(host):
    with socket.create_server((host, 0)) as server:
        port = server.getsockname()[1]

        with pytest.raises(DetlError, match=rf"Port {port} .*PORT={port + 1}"):
            refuse_taken_port(str(port))


def test_a_port_that_is_bound_but_does_not_listen_is_taken_too():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))

        with pytest.raises(DetlError, match="taken by another program"):
            refuse_taken_port(str(server.getsockname()[1]))


@pytest.mark.parametrize("port", ["", "0", "-1", "65536", "http", "5 000", "5000.0"])
def test_what_is_no_port_is_told(port):
    with pytest.raises(DetlError, match=r"a number from 1 to 65535"):
        refuse_taken_port(port)


def test_as_a_program_it_ends_with_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        said = subprocess.run(
            [sys.executable, "-m", "detl.session.free_port", port],
            capture_output=True,
            text=True,
            check=False,
        )

    assert said.returncode == 1
    assert said.stderr.startswith(f"Error: Port {port}")
    assert said.stderr.count("\n") == 1
