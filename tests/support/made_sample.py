"""The small sample of environment ``test``, which all tests read and none changes.

It is made once, and again when what draws it or its parameters have changed.
"""

import fcntl
import hashlib
import shutil
import time
from functools import cache
from pathlib import Path

import yaml

from detl.datasets import FolderDataset
from detl.phantoms.sample import describe, make_phantoms
from detl.schemas.parameters import PhantomParameters

PROJECT = Path(__file__).parents[2]
KEPT = PROJECT / ".pytest_cache" / "sample"
A_DAY = 24 * 60 * 60


@cache
def small_parameters() -> PhantomParameters:
    """Return the parameters of the sample of environment ``test``."""
    base, test = (
        yaml.safe_load((PROJECT / f"conf/{name}/parameters_phantom.yml").read_text())
        for name in ("base", "test")
    )
    return PhantomParameters(**{**base["phantom"], **test["phantom"]})


@cache
def sample_folder() -> Path:
    """Return the folder of the small sample."""
    drawing = sorted((PROJECT / "src" / "detl" / "phantoms").glob("*.py"))
    contents = [describe(small_parameters()), *(path.read_bytes() for path in drawing)]
    version = hashlib.sha256(b"".join(contents)).hexdigest()
    folder = KEPT / version[:16] / "phantoms"
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            for earlier in KEPT.glob("*/"):
                # A younger one may be in use.
                if time.time() - earlier.stat().st_mtime > A_DAY:
                    shutil.rmtree(earlier)
            FolderDataset(filepath=folder).save(make_phantoms(small_parameters()))
    return folder
