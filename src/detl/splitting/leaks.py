"""Whether images that belong together lie on both sides of a boundary of the split.

The groups are found again, from the images and not from how they were divided, so that
a fault of the split or an edit of its tables cannot hide a crossing.
"""

import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.imaging.copies import find_copies_between
from detl.imaging.resize import Fit
from detl.sources.groups import find_components
from detl.sources.pseudonyms import require_one_key

LINKS = ("patient", "SHA-256", "perceptual hash", "group")
"""What joins images: each of the first three alone; all of them, with the column
``group``, along chains."""

MOST_NAMED = 20
"""Of the images that cross a boundary, so many are named."""


def count_leaks(
    images: pd.DataFrame,
    copies: pd.DataFrame,
    data_a: pd.DataFrame,
    data_b: pd.DataFrame,
    folds: pd.DataFrame,
) -> pd.DataFrame:
    """Return how many groups and images cross each boundary of the split.

    Whatever is itself on both sides crosses, by every link.

    Args:
        images: Table ``images``; image_id, patient_id, sha256, group and row are used.
        copies: Table ``copies``; image_id and other_id are used.

    Returns:
        A row per boundary and link, without boundaries of a part that no fold has (an
        inner validation part): ``boundary``; ``link``, one of ``LINKS``;
        ``groups`` that cross it, where it is one of the folds in any of them;
        ``images`` of these groups at the boundary; ``example``, two of these images
        with their places, or "" where there is none; and ``named``, all of them, group
        by group, up to ``MOST_NAMED``.

    Raises:
        DetlError: A table names an image that ``images`` lacks, or gives it another row
            of the pixels.
    """
    others = copies[["other_id"]].set_axis(["image_id"], axis=1)
    named = {"data_a": data_a, "data_b": data_b, "folds": folds, "copies": copies}
    for table_name, table in [*named.items(), ("copies", others)]:
        _require_known(images, table, table_name)
    components = _join_images(images, copies)
    return pd.DataFrame(
        [
            {"boundary": boundary, "link": link, **_count_crossings(placed, component)}
            for boundary, placed in _place_images(data_a, data_b, folds).items()
            for link, component in components.items()
        ]
    )


def require_no_leaks(leaks: pd.DataFrame, protocol: str) -> None:
    """Raise where a boundary is crossed that ``protocol: grouped`` keeps.

    Args:
        leaks: Result of ``count_leaks``.
        protocol: ``grouped``, or ``paper``, which asks for crossings.

    Raises:
        DetlError: A group crosses a boundary under ``grouped``; it names the images.
    """
    crossed = [f"{counted}: {named}" for counted, named in _list_leaks(leaks, "named")]
    if crossed and protocol == "grouped":
        found = "\n".join(crossed)
        raise DetlError(
            "Images of one patient, or of one picture, lie on both sides of a boundary "
            f"that protocol grouped keeps:\n{found}\nRun the pipelines ingest and "
            "split again, or set split.protocol to paper, which allows it."
        )


def describe_leaks(leaks: pd.DataFrame) -> list[str]:
    """Return a text for each boundary that is crossed, with its numbers and two images.

    Args:
        leaks: Result of ``count_leaks``.
    """
    return [
        f"{counted}, such as {example}"
        for counted, example in _list_leaks(leaks, "example")
    ]


def _list_leaks(leaks: pd.DataFrame, column: str) -> list[tuple[str, str]]:
    """Return, of each boundary that is crossed, the numbers and a column's text."""
    joined = leaks[(leaks["link"] == "group") & (leaks["groups"] > 0)]
    return [
        (
            f"{row['boundary']}: groups {row['groups']}, images {row['images']}",
            str(row[column]),
        )
        for row in joined.to_dict("records")
    ]


def find_seen(
    images: pd.DataFrame,
    pixels: np.ndarray,
    trained_on: pd.DataFrame,
    trained_pixels: np.ndarray,
    fit: Fit,
) -> pd.Series:
    """Return why each image is no test of a network that was trained on others.

    Args:
        images: Table ``images`` of those that are to be tested.
        pixels: What its rows lead to, shape (n, size, size), uint8.
        trained_on: Table ``images`` of those that training has seen.
        trained_pixels: What its rows lead to.
        fit: How all pixels became square.

    Returns:
        With the index of ``images``: ``seen in training: `` and the patient, the same
        file or copied picture, or an image of the same group that was seen; "" where
        there is nothing of the kind.

    Raises:
        DetlError: Patients have pseudonyms that were made with two keys.
    """
    require_one_key(images["patient_id"], trained_on["patient_id"])
    copied = find_copies_between(images, pixels, trained_on, trained_pixels, fit)
    names = trained_on["image_id"].to_numpy()
    originals = dict(zip(copied["first"], names[copied["second"]], strict=True))
    files = dict(zip(trained_on["sha256"], names, strict=True))
    patients = set(trained_on["patient_id"])
    known = images[["patient_id", "sha256"]].itertuples(index=False, name=None)
    why = pd.Series("", images.index)
    for position, (patient, sha256) in enumerate(known):
        original = files.get(sha256, originals.get(position))
        if patient in patients:
            why.iloc[position] = f"seen in training: patient {patient}"
        elif original is not None:
            why.iloc[position] = f"seen in training: copy of {original}"
    first = images[why != ""].drop_duplicates("group").set_index("group")["image_id"]
    beside = images["group"].map(first)
    is_beside = (why == "") & beside.notna()
    return why.where(~is_beside, "seen in training: group of " + beside.astype(str))


def choose_unseen(
    images: pd.DataFrame, seen: pd.Series, labels: pd.Series
) -> tuple[pd.DataFrame, pd.Series]:
    """Return the images that can test a network, and why each other one cannot.

    Args:
        seen: Of each image, what ``find_seen`` returns.
        labels: Class of Data-B of each image, "" if it is of none.

    Returns:
        The images that training has not seen and that are of a class, with a new index,
        with ``label``; and the reasons of the others, with their index in ``images``.
    """
    no_class = "no class of Data-B: " + images["findings"]
    reasons = seen.mask((seen == "") & (labels == ""), no_class)
    is_kept = reasons == ""
    kept = images.assign(label=labels)[is_kept].reset_index(drop=True)
    return kept, reasons[~is_kept]


def _require_known(images: pd.DataFrame, table: pd.DataFrame, name: str) -> None:
    rows = table["image_id"].map(images.set_index("image_id")["row"])
    # Training finds images by their rows; a wrong one would be another image.
    wrong = (rows != table["row"]) if "row" in table else rows.isna()
    if wrong.any():
        first = table["image_id"][wrong].iloc[0]
        is_there = "in another row" if rows[wrong].notna().iloc[0] else "not"
        raise DetlError(
            f"Table {name} names the image {first!r}, which is {is_there} in table "
            "images: they are of different runs, so run ingest and split again."
        )


def _join_images(images: pd.DataFrame, copies: pd.DataFrame) -> dict[str, pd.Series]:
    """Return, for each link, the number of the group that each image is in."""
    index = pd.Index(images["image_id"])
    alike = {
        column: _pair_equals(images[column])
        for column in ("patient_id", "sha256", "group")
    }
    copied = np.stack(
        [index.get_indexer(copies[column]) for column in ("image_id", "other_id")],
        axis=1,
    )
    everything = np.concatenate([*alike.values(), copied])
    pairs = (alike["patient_id"], alike["sha256"], copied, everything)
    return {
        link: pd.Series(find_components(len(index), of_link), index)
        for link, of_link in zip(LINKS, pairs, strict=True)
    }


def _pair_equals(column: pd.Series) -> np.ndarray:
    """Return pairs of each position and the first that holds the same."""
    codes, _ = pd.factorize(column)
    _, first = np.unique(codes, return_index=True)
    return np.stack([np.arange(len(codes)), first[codes]], axis=1)


def _place_images(
    data_a: pd.DataFrame, data_b: pd.DataFrame, folds: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Return, for each boundary, its images: image_id, within and side.

    A group crosses where its images are on two sides ``within`` one fold, or all.
    """
    in_a = data_a[["image_id"]].assign(within="", side="Data-A")
    in_b = pd.concat([data_b["image_id"], folds["image_id"]]).drop_duplicates()
    of_a = data_a[["image_id"]].assign(within="", side="Data-A " + data_a["subset"])
    of_folds = folds[["image_id"]].assign(within=folds["fold"], side=folds["subset"])
    tested = folds[folds["subset"] == "test"]
    return {
        "Data-A / Data-B": pd.concat(
            [in_a, in_b.to_frame().assign(within="", side="Data-B")], ignore_index=True
        ),
        "Data-A: train / validation": of_a,
        **{
            f"folds: {one} / {other}": of_folds[of_folds["side"].isin([one, other])]
            for one, other in (
                ("train", "validation"),
                ("train", "test"),
                ("validation", "test"),
            )
            if {one, other} <= set(folds["subset"])
        },
        "folds: test / test": tested[["image_id"]].assign(
            within="", side=tested["fold"] + " test"
        ),
    }


def _count_crossings(placed: pd.DataFrame, component: pd.Series) -> dict[str, object]:
    placed = placed.assign(component=placed["image_id"].map(component))
    sides = placed.groupby(["within", "component"])["side"].transform("nunique")
    crossing = placed[sides > 1]
    return {
        "groups": crossing["component"].nunique(),
        "images": crossing["image_id"].nunique(),
        "example": _name_two(crossing),
        "named": _name_all(crossing),
    }


def _name_all(crossing: pd.DataFrame) -> str:
    """Return the images of each group, each with its sides where it first crosses."""
    first = crossing.groupby("image_id")["within"].transform("first")
    seen = crossing[crossing["within"] == first]
    # A group whole, before the next one.
    seen = seen.sort_values("component", kind="stable")
    sides = seen.groupby(["component", "image_id", "within"], sort=False)[
        "side"
    ].unique()
    shown = sides.head(MOST_NAMED).reset_index()
    places = (shown["within"] + " " + shown["side"].map(" and ".join)).str.strip()
    images = shown["image_id"] + " (" + places + ")"
    named = "; ".join(images.groupby(shown["component"], sort=False).agg(", ".join))
    more = len(sides) - MOST_NAMED
    return f"{named} ... and {more} more" if more > 0 else named


def _name_two(crossing: pd.DataFrame) -> str:
    """Return an image of each of two sides that one group is on."""
    if crossing.empty:
        return ""
    first = crossing.iloc[0]
    same = crossing[
        (crossing["component"] == first["component"])
        & (crossing["within"] == first["within"])
        & (crossing["side"] != first["side"])
    ]
    return " and ".join(
        f"{image['image_id']} ({' '.join([image['within'], image['side']]).strip()})"
        for image in (first, same.iloc[0])
    )
