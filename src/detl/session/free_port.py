"""Checking that a port is free before a server is started on it.

MLflow's server does not end if its port is taken;
``python -m detl.session.free_port 5000`` does.
"""

import socket
import sys

from detl.errors import DetlError

HOST = "127.0.0.1"


def refuse_taken_port(port: str) -> None:
    """Raise an error if no server can be started on the port.

    Args:
        port: As it was typed.

    Raises:
        DetlError: It is not the number of a port, is taken, or may not be used.
    """
    if not (port.isdecimal() and 0 < int(port) < 2**16):
        raise DetlError(
            f"PORT is {port!r}, where a number from 1 to 65535 was expected, such as "
            "PORT=5001."
        )
    try:
        # A program that listens on all addresses may let this one be bound.
        with socket.socket() as client:
            client.settimeout(1)
            is_taken = client.connect_ex((HOST, int(port))) == 0
        if not is_taken:
            # As servers do: a port is free as soon as its server has ended.
            socket.create_server((HOST, int(port)), reuse_port=False).close()
    except PermissionError as error:
        raise DetlError(
            f"Port {port} may not be used by this user: choose one from 1024 on, such "
            "as PORT=5001."
        ) from error
    except OSError:
        is_taken = True
    if is_taken:
        raise DetlError(
            f"Port {port} of {HOST} is taken by another program, perhaps by an earlier "
            f"start of this server: end it, or choose another port, such as "
            f"PORT={_neighbour(int(port))}."
        )


def _neighbour(port: int) -> int:
    return port + 1 if port < 65535 else port - 1


def main(arguments: list[str]) -> int:
    """Return 0 if the port is free; otherwise print why not, and return 1."""
    try:
        refuse_taken_port(arguments[0] if arguments else "")
    except DetlError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
