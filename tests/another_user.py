"""Being a user who has no name, no home folder, and no right to all files."""

import subprocess
import sys

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
