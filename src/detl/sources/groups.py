"""Groups of patients that must stay together when the images are split."""

import numpy as np
import pandas as pd

NO_PAIRS = np.empty((0, 2), int)


def join_patients(
    patients: pd.Series, original: np.ndarray, copies: np.ndarray = NO_PAIRS
) -> pd.Series:
    """Return the group of each image, named after the smallest patient in it.

    A group holds all images of a patient, and all patients who share a picture. Groups
    are the connected components of the graph of patients and copies.

    Args:
        original: For each image the position of its original if it is an exact copy,
            else its own position.
        copies: Further pairs of images that show one picture, positions, shape (m, 2).
    """
    codes, names = pd.factorize(patients, sort=True)
    exact = np.stack([np.arange(len(codes)), original], axis=1)
    component = find_components(len(names), codes[np.concatenate([exact, copies])])
    # The names are sorted, so the first name of a component is the smallest.
    group = pd.Series(names).groupby(component).transform("first")
    return group.iloc[codes].set_axis(patients.index)


def find_components(count: int, pairs: np.ndarray) -> np.ndarray:
    """Return for each node of a graph the number of its connected component.

    Args:
        count: Number of nodes. They are 0 to count - 1.
        pairs: Nodes that belong together, shape (m, 2), in any order.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(pairs)), tuple(pairs.T)), shape=(count, count))
    return connected_components(graph, directed=False)[1]
