"""The packages that a model of MLflow needs, in the versions that made it."""

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version


def pin_installed(packages: Iterable[str]) -> list[str]:
    """Return what to install, such as ``keras==3.15.1``, of the packages that are here.

    Args:
        packages: Names, ``tensorflow`` also for its build for processors alone.
    """
    pinned = []
    for package in packages:
        # That build is a package of another name.
        for name in (package, f"{package}-cpu"):
            try:
                pinned.append(f"{name}=={version(name)}")
            except PackageNotFoundError:
                continue
    return pinned
