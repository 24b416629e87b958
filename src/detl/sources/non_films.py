"""Files that are not films, recognised by name: masks, thumbnails, documents."""

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

_OF_FILMS = {
    *("mask", "masks", "maske", "masken", "segmentation", "segmentations", "seg"),
    *("segmentierung", "segmentierungen", "segs", "segm", "roi", "rois", "overlay"),
    *("annotation", "annotations", "contour", "contours", "overlays", "landmarks"),
    *("heatmap", "heatmaps", "saliency", "gradcam", "bbox", "bboxes", "label"),
    *("labels", "truth", "truths", "groundtruth", "gt", "preview", "previews"),
    *("thumb", "thumbs", "thumbnail", "thumbnails", "vorschau"),
}
"""Words for pictures that are made from films."""

_WITH_THEM = {
    *("lung", "lungs", "lobe", "lobes", "heart", "clavicle", "clavicles"),
    *("rib", "ribs"),
    *("infection", "infections", "lesion", "lesions", "left", "right", "binary"),
    *("manual", "predicted", "ground", "cxr", "xray", "image", "images", "png", "of"),
}
"""Words that may stand next to one of them: ``lung masks``, but not ``oxygen mask``."""

_DOCUMENTS = {
    *("txt", "md", "csv", "tsv", "xls", "xlsx", "ods", "doc", "docx", "odt", "rtf"),
    *("pdf", "ppt", "pptx", "json", "xml", "yaml", "yml", "html", "htm", "zip", "gz"),
    *("7z", "rar", "tar", "tgz", "db", "ini", "log", "py", "ipynb", "lnk", "url"),
    *("npy", "npz", "mat", "h5", "nii", "sqlite", "bak", "tmp", "crdownload", "part"),
}
"""Endings of files that are not pictures."""


def explain_non_films(paths: Iterable[str], first: int) -> list[str]:
    """Return for each file why it is not a film, "" if it may be one.

    Args:
        paths: Paths of all files, relative to the source's folder.
        first: Number of leading folders to ignore: 1 if they name the class.
    """
    stems = {str(PurePosixPath(path).with_suffix("")) for path in paths}
    return [_explain_non_film(PurePosixPath(path), first, stems) for path in paths]


def _explain_non_film(path: PurePosixPath, first: int, stems: set[str]) -> str:
    for folder in path.parts[first:-1]:
        if _is_of_films(_list_words(folder)):
            return f"no film: in a folder {folder}"
    if len(path.parts) <= first:
        return ""
    ending = path.suffix.lstrip(".").casefold()
    if ending in _DOCUMENTS:
        return f"no film: .{ending}"
    for original, kind in _name_originals(path.stem):
        if kind.casefold() in _OF_FILMS and str(path.with_name(original)) in stems:
            return f"no film: {kind} of {original}"
    return ""


def _name_originals(stem: str) -> Iterator[tuple[str, str]]:
    """Yield the possible films and kinds in a name: ``a``, ``mask`` of ``a_mask``."""
    if match := re.fullmatch(r"(.+)[ ._-]([^ ._-]+)", stem):
        yield match[1], match[2]
    if match := re.fullmatch(r"([^ ._-]+)[ ._-](.+)", stem):
        yield match[2], match[1]


def _list_words(name: str) -> list[str]:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return re.findall(r"[^\W\d_]+", apart.casefold())


def _is_of_films(words: list[str]) -> bool:
    return any(word in _OF_FILMS for word in words) and all(
        word in _OF_FILMS or word in _WITH_THEM for word in words
    )
