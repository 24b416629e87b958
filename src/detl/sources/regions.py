"""Known regions of lesions, from boxes and masks, as masks of the stored pixels."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from detl.imaging.grey import ImageRejected
from detl.schemas.parameters import IngestParameters
from detl.sources.boxes import BOX_READERS, OWN_FRAME, draw_boxes, find_faults
from detl.sources.findings import translate_findings

REGION_COLUMNS = ["image_id", "findings", "kind", "area", "row"]
LEFT_OUT_COLUMNS = ["source", "reason", "count", "example"]
NONE_AT_ALL = "no boxes or masks"

_SIZE = ["height", "width"]

logger = logging.getLogger("detl.regions")


@dataclass(frozen=True)
class _Region:
    image_id: str
    findings: str
    kind: str
    mask: np.ndarray


@dataclass(frozen=True)
class _LeftOut:
    reason: str
    name: str
    count: int = 1


def read_regions(
    raw: Path,
    candidates: pd.DataFrame,
    parameters: IngestParameters,
    images: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    """Return the known regions of lesions as masks of the size of the stored pixels.

    A mask is a PNG in ``masks/`` of the source's folder, with the size and the name of
    its image. It takes precedence over boxes. All boxes of a finding in an image form
    one region. Masks and boxes are cropped, padded or squeezed, and resized like the
    image (``detl.imaging.resize``). A pixel belongs to the region if half of it does.

    Args:
        parameters: The sources, and how images were read.
        images: Table ``images``, which knows the sizes of those that were accepted; the
            files of others are decoded to find theirs.

    Returns:
        A row per image and finding with a known region, in the order of the candidates:
        ``image_id``; ``findings`` of the region ("A|B"), for a mask all findings of the
        image; ``kind`` (mask, box); ``area``, its share of the picture; and ``row`` in
        the masks. The masks, (n, size, size), bool. And what was not used: ``source``,
        ``reason``, ``count`` (of boxes, masks or images) and ``example``.

    Raises:
        DetlError: A list of boxes is not a csv table, or lacks a column.
    """
    regions: list[_Region] = []
    left_out = []
    sizes = pd.DataFrame({"image_id": [], "height": [], "width": []})
    sizes = (sizes if images is None else images).set_index("image_id")
    candidates = candidates.assign(
        **{side: candidates["image_id"].map(sizes[side]) for side in _SIZE}
    )
    for source in parameters.sources:
        offered = candidates[candidates["source"] == source]
        for found in _read_source(raw, offered, source, parameters):
            if isinstance(found, _Region):
                regions.append(found)
            else:
                left_out.append((source, found.reason, found.count, found.name))
    order = pd.Index(candidates["image_id"])
    regions.sort(key=lambda region: order.get_loc(region.image_id))
    size = parameters.input_size
    masks = np.zeros((len(regions), size, size), bool)
    for row, region in enumerate(regions):
        masks[row] = region.mask
    return _tabulate(regions, masks), masks, _count(left_out)


def _tabulate(regions: list[_Region], masks: np.ndarray) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "image_id": [region.image_id for region in regions],
            "findings": [region.findings for region in regions],
            "kind": [region.kind for region in regions],
        },
        dtype=str,
    )
    area = masks.mean(axis=(1, 2))
    return table.assign(area=area, row=np.arange(len(table)))[REGION_COLUMNS]


def _count(left_out: list[tuple[str, str, int, str]]) -> pd.DataFrame:
    table = pd.DataFrame(left_out, columns=LEFT_OUT_COLUMNS)
    counted = table.groupby(["source", "reason"], sort=False, as_index=False).agg(
        count=("count", "sum"), example=("example", "first")
    )
    for row in counted.to_dict("records"):
        logger.info(
            "Source %s: %s: %d%s",
            row["source"],
            row["reason"],
            row["count"],
            f", {row['example']} first" if row["example"] else "",
        )
    return counted.astype({"source": str, "reason": str, "count": int, "example": str})


def _read_source(
    raw: Path, images: pd.DataFrame, source: str, parameters: IngestParameters
) -> Iterator[_Region | _LeftOut]:
    """Yield the regions of one source, and the parts that cannot be used."""
    of_source = parameters.sources[source]
    folder = raw / of_source.folder
    masks = _list_masks(folder)
    read_boxes = BOX_READERS.get(of_source.reader)
    boxes = read_boxes(folder) if read_boxes else None
    if masks is None and boxes is None:
        yield _LeftOut(NONE_AT_ALL, "", len(images))
        return
    images = images.assign(
        name=images["image_id"].str.removeprefix(f"{source}/"),
        mask=images["path"].map(lambda path: Path(path).stem).map(masks or {}),
    )
    used = set(images["mask"])
    for stem, path in (masks or {}).items():
        if path not in used:
            yield _LeftOut("mask without an image", stem)
    masked = images[images["mask"].notna()]
    yield from _read_masks(raw, masked, parameters)
    if boxes is not None:
        # Boxes do not replace an unusable mask, since the mask was the better source.
        boxes = boxes[~boxes["name"].isin(masked["name"])]
        yield from _read_boxes(raw, images, boxes, parameters, of_source.findings)


def _list_masks(folder: Path) -> dict[str, Path] | None:
    """Return the masks by the stem of their names; None without a folder of masks."""
    if not (folder / "masks").is_dir():
        return None
    return {path.stem: path for path in sorted((folder / "masks").glob("*.png"))}


def _read_masks(
    raw: Path, images: pd.DataFrame, parameters: IngestParameters
) -> Iterator[_Region | _LeftOut]:
    from detl.imaging.decode import decode_image

    sizes = _measure_images(raw, images, parameters)
    columns = (images[name] for name in ("image_id", "findings", "name", "mask"))
    for *row, size in zip(*columns, sizes, strict=True):
        image_id, findings, name, path = row
        if size is None:
            yield _LeftOut("mask of an image that cannot be read", name)
            continue
        try:
            mask = decode_image(path.read_bytes(), parameters.largest_image)
        except (ImageRejected, OSError) as error:
            yield _LeftOut(f"mask: {error}", name)
            continue
        if mask.shape != size:
            yield _LeftOut("mask of another size than its image", name)
            continue
        drawn = np.where(mask > 127, np.uint8(255), np.uint8(0))
        yield _store(image_id, findings, "mask", drawn, parameters)


def _read_boxes(
    raw: Path,
    images: pd.DataFrame,
    boxes: pd.DataFrame,
    parameters: IngestParameters,
    translation: dict[str, str],
) -> Iterator[_Region | _LeftOut]:
    known = {
        finding: translate_findings(finding, translation)
        for finding in set(boxes["finding"])
    }
    sizes, broken = _measure_frames(raw, images, boxes, parameters)
    boxes = boxes.join(sizes, on="name")
    reason = find_faults(boxes, boxes["frame_height"], boxes["frame_width"])
    unknown = "box of an unknown finding: " + boxes["finding"]
    boxes = boxes.assign(finding=boxes["finding"].map(known))
    reason = reason.mask(boxes["finding"].isna(), unknown)
    reason = reason.mask(boxes["name"].isin(broken), "box on an unreadable image")
    reason = reason.mask(~boxes["name"].isin(images["name"]), "box without an image")
    reason = reason.mask(boxes["fault"] != "", boxes["fault"].str.split(":").str[0])
    for name, words in zip(boxes["name"], reason, strict=True):
        if words:
            yield _LeftOut(words, name)
    image_ids = images.set_index("name")["image_id"]
    for (name, finding), of_one in boxes[reason == ""].groupby(["name", "finding"]):
        frame = of_one[["frame_height", "frame_width"]].iloc[0].astype(int)
        drawn = draw_boxes(of_one, *frame)
        yield _store(image_ids[str(name)], str(finding), "box", drawn, parameters)


def _measure_frames(
    raw: Path, images: pd.DataFrame, boxes: pd.DataFrame, parameters: IngestParameters
) -> tuple[pd.DataFrame, set[str]]:
    """Return the size of the picture that each image's boxes refer to, by its name.

    Also returns the names of the images that cannot be read to find it.
    """
    frames = boxes.drop_duplicates("name").set_index("name")["frame"]
    sizes = pd.DataFrame({"frame_height": frames, "frame_width": frames}, dtype=float)
    own = images[images["name"].map(frames) == OWN_FRAME]
    broken = set()
    measured = _measure_images(raw, own, parameters)
    for name, size in zip(own["name"], measured, strict=True):
        if size is None:
            broken.add(name)
        else:
            sizes.loc[name] = size
    return sizes, broken


def _measure_images(
    raw: Path, images: pd.DataFrame, parameters: IngestParameters
) -> Iterator[tuple[int, int] | None]:
    """Yield height and width of each image; None of a file that cannot be read."""
    from detl.imaging.read import PixelFormat, read_pictures

    is_known = images["height"].notna()
    paths = [raw / path for path in images.loc[~is_known, "path"]]
    stored = PixelFormat(
        parameters.input_size, parameters.fit, parameters.largest_image
    )
    pictures = read_pictures(paths, stored)
    for height, width in images[_SIZE].to_numpy():
        if np.isfinite(height):
            yield int(height), int(width)
            continue
        picture = next(pictures)
        if isinstance(picture, ImageRejected):
            yield None
        else:
            yield picture.height, picture.width


def _store(
    image_id: str,
    findings: str,
    kind: str,
    drawn: np.ndarray,
    parameters: IngestParameters,
) -> _Region | _LeftOut:
    """Return the region in the stored pixels."""
    from detl.imaging.resize import make_square

    mask = make_square(drawn, parameters.input_size, parameters.fit) > 127
    if not mask.any():
        return _LeftOut(f"{kind} of which the stored pixels show nothing", image_id)
    return _Region(image_id, findings, kind, mask)
