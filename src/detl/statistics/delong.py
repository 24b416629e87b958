"""DeLong's test of two areas under the ROC curve, on the same images of patients."""

from dataclasses import dataclass

import numpy as np

from detl.errors import DetlError
from detl.statistics.bootstrap import FEWEST_GROUPS

ROUNDING = 1e-12
"""Areas and errors up to this are 0 but for rounding."""


@dataclass(frozen=True)
class AreaComparison:
    """Two areas under the ROC curve, or means of such areas, and their difference.

    Attributes:
        first: Area of the first network.
        second: Area of the second.
        first_error: Standard error of the first.
        second_error: Standard error of the second.
        difference: The first less the second.
        error: Standard error of the difference, which knows that both are correlated.
        low: Lower end of the confidence interval of the difference, at least -1.
        high: Upper end, at most 1.
        z: ``difference / error``; 0 where both are 0.
        p: Of the two-sided test that the difference is 0. It is NaN, as are z and the
            interval, where there is a difference without an error: where each network
            ranks the images perfectly, or not at all, nothing says what chance does.
        groups: Of the scarcer class.
    """

    first: float
    second: float
    first_error: float
    second_error: float
    difference: float
    error: float
    low: float
    high: float
    z: float
    p: float
    groups: int


def compare_areas(
    is_positive: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    groups: np.ndarray,
    folds: np.ndarray | None = None,
    confidence: float = 0.95,
) -> AreaComparison:
    """Return DeLong's comparison of two networks, for several images of a patient.

    With one image per group it is the test of DeLong, and with more that of Obuchowski.
    A mean of areas, over classes or over folds, is a linear combination of the same
    structural components as one area, so that its variance is that of their sums. For
    such means, components of different classes or folds are correlated as Obuchowski's
    of different kinds of images are.

    Args:
        is_positive: Whether an image is of the class, (n,), bool; or (n, k) for the
            mean of the areas of k classes.
        first: What the first network says of the class, the greater the likelier, (n,),
            or (n, k).
        second: The same of the second network.
        groups: The group of patients and copies of each image, (n,).
        folds: The fold of each image, (n,); the areas are means over the folds, as
            probabilities of different networks do not compare. None: one network.
        confidence: Coverage, between 0 and 1.

    Raises:
        DetlError: The arrays are not of the same images; or a class has, or leaves,
            fewer than ``FEWEST_GROUPS`` groups, or 2 in a fold.

    Reference:
        E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, "Comparing the areas under two
        or more correlated receiver operating characteristic curves: a nonparametric
        approach", Biometrics 44 (1988), 837-845. N. A. Obuchowski, "Nonparametric
        analysis of clustered ROC curve data", Biometrics 53 (1997), 567-578.
    """
    labels, *ranked = (a.reshape(len(a), -1) for a in (is_positive, first, second))
    _require_same_images([labels, *ranked], groups)
    fold = np.zeros(len(groups)) if folds is None else np.asarray(folds, dtype=object)
    codes = np.unique(np.asarray(groups, dtype=object), return_inverse=True)[1]
    for column in labels.T:
        problem = name_scarcity(column, codes, fold)
        if problem:
            raise DetlError(
                f"The areas under the ROC curves cannot be compared: {problem}; add "
                "patients, or use fewer folds."
            )
    areas, errors = _sum_components(labels, ranked, codes, fold)
    scarcer = min(len(set(codes[kind])) for kind in (*labels.T, *~labels.T))
    return _test(areas, errors, scarcer, confidence)


def name_scarcity(
    is_positive: np.ndarray, groups: np.ndarray, folds: np.ndarray
) -> str:
    """Return why areas cannot be compared; an empty text where they can.

    Args:
        is_positive: Whether an image is of the class, (n,), bool.
        groups: The group of each image, (n,).
        folds: The fold of each image, (n,).

    Returns:
        A note such as ``not enough data (n = 7)``, or nothing.
    """
    fewest = min(len(set(groups[is_it])) for is_it in (is_positive, ~is_positive))
    if fewest < FEWEST_GROUPS:
        return f"not enough data (n = {fewest})"
    for fold in np.unique(folds):
        kinds = [is_it & (folds == fold) for is_it in (is_positive, ~is_positive)]
        fewest = min(len(set(groups[kind])) for kind in kinds)
        if fewest < 2:
            return f"not enough data in {fold} (n = {fewest})"
    return ""


def _require_same_images(columns: list[np.ndarray], groups: np.ndarray) -> None:
    shapes = {column.shape for column in columns}
    if len(shapes) > 1 or len(groups) != len(columns[0]):
        raise DetlError(
            "The areas to compare are of classes, first and second probabilities of "
            f"the shapes {', '.join(str(column.shape) for column in columns)} and of "
            f"{len(groups)} groups: give one row per image, and one column per class."
        )


def _sum_components(
    is_positive: np.ndarray,
    ranked: list[np.ndarray],
    codes: np.ndarray,
    folds: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return both areas, and the standard errors of both and of their difference.

    Obuchowski's variance is the sum over groups of the squares of their components,
    each kind of images with a factor I / (I - 1) for its number of groups, and twice
    the products of the kinds, with this factor for all groups. This is the same as the
    square of all components of a group together, and what the kinds' own factors add.
    """
    number = codes.max() + 1
    together, added = np.zeros((number, 3)), np.zeros(3)
    areas = np.zeros(2)
    parts = [folds == fold for fold in np.unique(folds)]
    share = 1 / (len(parts) * is_positive.shape[1])
    factor = number / (number - 1)
    for column, in_fold in ((k, p) for k in range(is_positive.shape[1]) for p in parts):
        labels = is_positive[in_fold, column]
        both = np.column_stack([network[in_fold, column] for network in ranked])
        found, components = _structural_components(labels, both)
        areas += share * found
        components = share * np.column_stack([components, components @ [1, -1]])
        for kind in (labels, ~labels):
            of_kind = codes[in_fold][kind]
            sums = np.zeros((number, 3))
            np.add.at(sums, of_kind, components[kind])
            together += sums
            size = len(set(of_kind))
            added += (size / (size - 1) - factor) * (sums**2).sum(axis=0)
    variances = factor * (together**2).sum(axis=0) + added
    return areas, np.sqrt(np.maximum(variances, 0))


def _structural_components(
    is_positive: np.ndarray, ranked: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the areas, (2,), and what each image adds to their error, (n, 2).

    That is, for one of m positive images, (V10 - area) / m, and for one of n negative
    ones, (V01 - area) / n, where V10 is the share of negative images below the image,
    and V01 that of positive ones above it, ties half.
    """
    from scipy.stats import rankdata

    positive, negative = is_positive.sum(), (~is_positive).sum()
    ranks = rankdata(ranked, axis=0)
    components = np.empty_like(ranks)
    own = rankdata(ranked[is_positive], axis=0)
    components[is_positive] = (ranks[is_positive] - own) / negative
    own = rankdata(ranked[~is_positive], axis=0)
    components[~is_positive] = 1 - (ranks[~is_positive] - own) / positive
    areas = components[is_positive].mean(axis=0)
    sizes = np.where(is_positive, positive, negative)[:, None]
    return areas, (components - areas) / sizes


def _test(
    areas: np.ndarray, errors: np.ndarray, groups: int, confidence: float
) -> AreaComparison:
    from scipy.stats import norm

    difference, error = float(areas[0] - areas[1]), float(errors[2])
    half = float(norm.ppf((1 + confidence) / 2)) * error
    if error > ROUNDING:
        z = difference / error
        p = float(2 * norm.sf(abs(z)))
    elif abs(difference) <= ROUNDING:
        z, p = 0.0, 1.0
    else:
        z = p = half = np.nan
    return AreaComparison(
        first=float(areas[0]),
        second=float(areas[1]),
        first_error=float(errors[0]),
        second_error=float(errors[1]),
        difference=difference,
        error=error,
        low=float(np.clip(difference - half, -1, 1)),
        high=float(np.clip(difference + half, -1, 1)),
        z=z,
        p=p,
        groups=groups,
    )
