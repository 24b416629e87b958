"""The input of the report: one object per network, and one for the run."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal, TypeAlias, overload

import numpy as np
import pandas as pd

from detl.evaluation.shortcuts.card import INPUTS
from detl.schemas.parameters import IngestParameters, SplitParameters
from detl.schemas.tables import stack_architectures

Results: TypeAlias = dict[str, Any]
"""What ``collect_results`` returns: plain values, fit for JSON."""

Evaluated: TypeAlias = Literal[
    "scores", "calibration", "operating_points", "predictive_values", "subgroups"
]
"""The tables that every network has."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What the report shows of the predictions of one model, of whatever kind.

    A field with the default None is None until it has been computed.

    Attributes:
        results: What ``collect_results`` returns, or ``measure_accuracies``.
        cues: The shortcut card of whole images and of each cue.
        without_lungs: Its row for images without their centre.
        source_probe: Whether the source can be told, within a class.
    """

    results: Results
    scores: pd.DataFrame
    calibration: pd.DataFrame
    operating_points: pd.DataFrame
    predictive_values: pd.DataFrame
    subgroups: pd.DataFrame
    cues: pd.DataFrame | None = None
    without_lungs: pd.DataFrame | None = None
    source_probe: pd.DataFrame | None = None
    same_source: pd.DataFrame | None = None

    @property
    def card(self) -> pd.DataFrame | None:
        """The shortcut card, with a row for each input that has been tried."""
        parts = [part for part in (self.cues, self.without_lungs) if part is not None]
        if not parts:
            return None
        rows = [row for part in parts for row in part.to_dict("records")]
        rows.sort(key=lambda row: INPUTS.index(row["input"]))
        return pd.DataFrame(rows)


@dataclass(frozen=True, kw_only=True)
class Network(Judged):
    """All that the report shows of one network.

    Stages evaluate, shortcuts and lesions make most tables. Pipelines audit and
    external make the rest, which is None until they have run.

    Attributes:
        examples: The panel of Grad-CAM, RGB, uint8.
        errors: The same of the most confident wrong images.
        regions: Lesions with the maps over them, RGB, uint8.
        external: Scores on images from elsewhere.
        external_refusals: How often these would be refused.
        refusals: How often held-out images would be.
    """

    examples: np.ndarray
    errors: np.ndarray
    sources_out: pd.DataFrame | None = None
    localisation: pd.DataFrame | None = None
    deletion: pd.DataFrame | None = None
    sanity: pd.DataFrame | None = None
    regions: np.ndarray | None = None
    external: pd.DataFrame | None = None
    external_refusals: pd.DataFrame | None = None
    refusals: pd.DataFrame | None = None

    @property
    def is_there(self) -> bool:
        """Whether the network has been trained, explained and evaluated."""
        required = [one.name for one in fields(self) if one.default is MISSING]
        return all(getattr(self, name) is not None for name in required)


@dataclass(frozen=True, kw_only=True)
class Study:
    """What the report shows of models that have judged the same images.

    A field with the default None is None until it has been computed.

    Attributes:
        networks: By name, in the order of the page.
        data_b: The images that are judged, with their classes.
        is_synthetic: Whether the images are phantoms.
    """

    networks: Mapping[str, Judged]
    images: pd.DataFrame
    data_b: pd.DataFrame
    paired_tests: pd.DataFrame
    reliability_picture: np.ndarray
    net_benefit_picture: np.ndarray
    is_synthetic: bool
    shortcuts_picture: np.ndarray | None = None
    stability: pd.DataFrame | None = None

    @property
    def results(self) -> dict[str, Results]:
        """The results of every model, by name."""
        return {name: network.results for name, network in self.networks.items()}

    @overload
    def table(self, name: Evaluated) -> pd.DataFrame: ...

    @overload
    def table(self, name: str) -> pd.DataFrame | None: ...

    def table(self, name: str) -> pd.DataFrame | None:
        """Return one table of all models, with the column ``architecture``.

        Args:
            name: A field or property of the models.

        Returns:
            The rows of every model that has the table; None where none has it.
        """
        of_each = {a: getattr(network, name) for a, network in self.networks.items()}
        if all(table is None for table in of_each.values()):
            return None
        return stack_architectures(**of_each)


@dataclass(frozen=True, kw_only=True)
class Run(Study):
    """All that the report shows of one run.

    A field with the default None is None until the run has computed it.

    Attributes:
        networks: By architecture, in the order of the page.
        parameters: All parameters of the run, as a tree.
        provenance: The command, the code, the versions and the machine.
        label_counts: The numbers of the label file of ChestX-ray14, if there is one.
        cooccurrence: Which of its findings occur together, if there is one.
        external_source: Path of the images from elsewhere, as the user typed it.
    """

    networks: Mapping[str, Network]
    rejected: pd.DataFrame
    data_a: pd.DataFrame
    data_a_counts: pd.DataFrame
    data_b_counts: pd.DataFrame
    folds: pd.DataFrame
    copies: pd.DataFrame
    leaks: pd.DataFrame
    samples_picture: np.ndarray
    curves_picture: np.ndarray
    accuracies_picture: np.ndarray
    roc_picture: np.ndarray
    confusion_matrices: np.ndarray
    ingest: IngestParameters
    split: SplitParameters
    parameters: Mapping[str, Any]
    provenance: Mapping[str, Any]
    label_counts: Mapping[str, int] | None = None
    cooccurrence: pd.DataFrame | None = None
    cooccurrence_picture: np.ndarray | None = None
    optimism: pd.DataFrame | None = None
    ablation: pd.DataFrame | None = None
    ablation_picture: np.ndarray | None = None
    identifiable: pd.DataFrame | None = None
    deletion_picture: np.ndarray | None = None
    sanity_picture: np.ndarray | None = None
    external_source: str | None = None
