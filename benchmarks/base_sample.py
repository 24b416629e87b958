"""The sample of synthetic radiographs of environment ``base``."""

from pathlib import Path

import yaml

from detl.datasets import FolderDataset
from detl.schemas.parameters import PhantomParameters
from detl.session.sample import ensure_sample

PROJECT = Path(__file__).parents[1]


def sample_folder() -> Path:
    """Return the folder of the sample, which is made where it is not there."""
    folder = PROJECT / "data" / "01_raw" / "phantoms"
    text = (PROJECT / "conf" / "base" / "parameters_phantom.yml").read_text()
    parameters = PhantomParameters(**yaml.safe_load(text)["phantom"])
    ensure_sample(FolderDataset(filepath=folder), parameters)
    return folder
