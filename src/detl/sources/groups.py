"""Groups of patients that must stay together when images are divided."""

import numpy as np
import pandas as pd

NO_PAIRS = np.empty((0, 2), int)


def join_patients(
    patients: pd.Series, original: np.ndarray, copies: np.ndarray = NO_PAIRS
) -> pd.Series:
    """Return the group of each image, named after the smallest patient in it.

    A patient's images are one group, and so are the patients of whom the same
    picture exists: connected components of the graph of patients and copies.

    Args:
        patients: Patient of each image.
        original: For each image the position of the image that it is an exact copy
            of; its own position if it is none.
        copies: Positions of further images that show one picture, shape (m, 2).
    """
    codes, names = pd.factorize(patients, sort=True)
    exact = np.stack([np.arange(len(codes)), original], axis=1)
    component = connect(len(names), codes[np.concatenate([exact, copies])])
    # The names are sorted, so the first of a component is its smallest.
    group = pd.Series(names).groupby(component).transform("first")
    return group.iloc[codes].set_axis(patients.index)


def connect(count: int, pairs: np.ndarray) -> np.ndarray:
    """Return the number of the component of each of ``count`` nodes of a graph.

    Args:
        count: Nodes, which are 0 to count - 1.
        pairs: Nodes that belong together, shape (m, 2), in any order.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(pairs)), tuple(pairs.T)), shape=(count, count))
    return connected_components(graph, directed=False)[1]
