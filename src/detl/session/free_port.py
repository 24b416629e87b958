"""Whether a port of this machine is free, asked before a server is started on it.

MLflow's server does not end where its port is taken:
``python -m detl.session.free_port 5000`` does.
"""

import socket
import sys

from detl.errors import DetlError

HOST = "127.0.0.1"


def refuse_taken_port(port: str) -> None:
    """Refuse a port on which no server can be started.

    Args:
        port: As it was typed.

    Raises:
        DetlError: It is no number of a port, is taken, or may not be used.
    """
    if not (port.isdecimal() and 0 < int(port) < 2**16):
        raise DetlError(
            f"PORT is {port!r}, where a number from 1 to 65535 was expected, such as "
            "PORT=5001."
        )
    try:
        # What listens on all addresses may leave this one to be bound.
        with socket.socket() as client:
            client.settimeout(1)
            is_taken = client.connect_ex((HOST, int(port))) == 0
        if not is_taken:
            # As servers do, so that one that has just ended is not in the way.
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
            f"Port {port} of {HOST} is taken by another program, perhaps by this "
            f"server, started before: end that one, or choose another port, such as "
            f"PORT={_neighbour(int(port))}."
        )


def _neighbour(port: int) -> int:
    return port + 1 if port < 65535 else port - 1


def main(arguments: list[str]) -> int:
    """Return 0 where the port is free; else tell why not, and return 1."""
    try:
        refuse_taken_port(arguments[0] if arguments else "")
    except DetlError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
