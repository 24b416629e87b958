"""Groups of patients that must stay together when images are divided."""

import numpy as np
import pandas as pd


def join_patients(patients: pd.Series, original: np.ndarray) -> pd.Series:
    """Return the group of each image, named after the smallest patient in it.

    A patient's images are one group, and so are the patients of whom the same
    picture exists: connected components of the graph of patients and copies.

    Args:
        patients: Patient of each image.
        original: For each image the position of the image that it is a copy of;
            its own position if it is none.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    codes, names = pd.factorize(patients, sort=True)
    same = (np.ones(len(codes)), (codes, codes[original]))
    _, component = connected_components(
        coo_array(same, shape=(len(names), len(names))), directed=False
    )
    # The names are sorted, so the first of a component is its smallest.
    group = pd.Series(names).groupby(component).transform("first")
    return group.iloc[codes].set_axis(patients.index)
