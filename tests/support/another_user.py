"""Being a user who has no name, no home folder, and no right to all files."""

import os
import subprocess
import sys

import pytest

AS_USER_12345 = ("unshare", "--user", "--map-user=12345", "--map-group=12345")
"""Words before a command, which then runs under a number without a name.

Files that belong to who runs the tests belong to it too, and their modes count, also
where that is root.
"""


def can_be_another_user() -> bool:
    """Return whether this system lets a command run under another number."""
    try:
        said = subprocess.run(
            [*AS_USER_12345, sys.executable, "-c", "import os; print(os.getuid())"],
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return False
    return said.stdout.strip() == "12345"


def refusal_as_another_user(code: str) -> str:
    """Return the sentence with which the code is refused for a user without rights."""
    if not can_be_another_user():
        pytest.skip("no users of its own here")
    lines = [
        "from detl.session.sentences import tell",
        "try:",
        *(f"    {line}" for line in code.splitlines()),
        "except Exception as error: print(tell(error))",
    ]
    said = subprocess.run(
        [*AS_USER_12345, sys.executable, "-c", "\n".join(lines)],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.stderr == ""
    return said.stdout.strip()
