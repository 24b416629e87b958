"""The whole sample: both collections and the list of their faults."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from detl.errors import DetlError
from detl.schemas.parameters import PhantomParameters

if TYPE_CHECKING:
    from detl.phantoms.films import Film, Group

PARAMETERS = "parameters.json"
"""File of the sample that says what it was made with."""


def make_phantoms(parameters: PhantomParameters) -> dict[str, bytes]:
    """Return a folder of synthetic chest films: relative path to content.

    ``nih/`` and ``covid-chestxray/`` have the layouts of these public collections.
    ``dirt.json`` lists the faults in them, and ``parameters.json`` says what they were
    made with. The same parameters give the same bytes, on processors of one kind. All
    processors draw, and a bar shows the progress on a terminal.

    Raises:
        DetlError: A finding has no known signs.
    """
    from detl.phantoms.dirt import COVID_FAULTS, NIH_FAULTS, soil_covid, soil_nih
    from detl.phantoms.drawing import draw_entries
    from detl.phantoms.layouts import (
        collect,
        covid_entry,
        covid_files,
        nih_entry,
        nih_files,
    )

    nih_spare = draw_spare(parameters, "nih", len(NIH_FAULTS) if parameters.dirt else 0)
    covid_spare = draw_spare(
        parameters, "covid-chestxray", len(COVID_FAULTS) if parameters.dirt else 0
    )
    nih_drawn, covid_drawn = draw_entries(
        parameters,
        {nih_entry: nih_groups(parameters), covid_entry: covid_groups(parameters)},
    )
    nih = collect([*nih_drawn, *map(nih_entry, nih_spare)])
    covid = collect([*covid_drawn, *map(covid_entry, covid_spare)])
    faults = []
    if parameters.dirt:
        faults = soil_nih(nih, nih_spare) + soil_covid(covid, covid_spare)
    return (
        {f"nih/{path}": data for path, data in nih_files(nih).items()}
        | {f"covid-chestxray/{path}": data for path, data in covid_files(covid).items()}
        | {"dirt.json": _encode_json(faults), PARAMETERS: describe(parameters)}
    )


def describe(parameters: PhantomParameters) -> bytes:
    """Return the content of the sample's file ``parameters.json``."""
    return _encode_json(parameters.model_dump())


def _encode_json(values: object) -> bytes:
    return (json.dumps(values, indent=2) + "\n").encode()


def draw_nih(parameters: PhantomParameters) -> "Iterator[Film]":
    """Yield the films of the NIH folder, without those that get faults."""
    from detl.phantoms.films import draw_films

    for group, count in nih_groups(parameters).items():
        yield from draw_films(parameters, group, count)


def draw_covid(parameters: PhantomParameters) -> "Iterator[Film]":
    """Yield the films of the covid-chestxray folder, without those that get faults."""
    from detl.phantoms.films import draw_films

    for group, count in covid_groups(parameters).items():
        yield from draw_films(parameters, group, count)


def nih_groups(parameters: PhantomParameters) -> "dict[Group, int]":
    """Return the number of films of each group of patients of the NIH folder."""
    from detl.phantoms.films import Group

    return {
        Group(f"nih/{label}", split_findings(label, "|"), index): count
        for index, (label, count) in enumerate(parameters.nih.items())
    }


def covid_groups(parameters: PhantomParameters) -> "dict[Group, int]":
    """Return the number of films of each group of the covid-chestxray folder."""
    from detl.phantoms.films import Group

    return {
        Group(
            f"covid-chestxray/{label}",
            split_findings(label, ", "),
            index,
            bedside_views=("AP", "AP Supine"),
            square=False,
        ): count
        for index, (label, count) in enumerate(parameters.covid_chestxray.items())
    }


def draw_spare(
    parameters: PhantomParameters, collection: str, count: int
) -> "list[Film]":
    """Return ``count`` films of different patients without findings, to get faults."""
    from detl.phantoms.films import GROUPS_AT_MOST, Group, Patient, draw_film

    group = Group(f"{collection}/dirt", (), GROUPS_AT_MOST - 1)
    patients = [Patient(group, ordinal, parameters.seed) for ordinal in range(count)]
    return [draw_film(parameters, patient, 0, (), 50) for patient in patients]


def split_findings(label: str, separator: str) -> tuple[str, ...]:
    """Return the findings of a label; none for ``No Finding``."""
    from detl.phantoms.lesions import SIGNS

    if label == "No Finding":
        return ()
    findings = tuple(label.split(separator))
    for finding in findings:
        if finding not in SIGNS:
            raise DetlError(
                f"Parameter phantom names the finding '{finding}', where No Finding or "
                f"some of {', '.join(SIGNS)} were expected; use one of these."
            )
    return findings
