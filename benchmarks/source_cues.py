"""What mean, spread and percentiles of the pixels give away of class and source.

    python benchmarks/source_cues.py data/reduced/02_intermediate

Prints the areas under the ROC curve of a logistic regression in five folds by patient
(COVID-19 against NIH, COVID-19 against the rest of its collection, diseased against
normal within the NIH), then how many films are not square, the views, and the controls.
"""

import sys

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

folder = sys.argv[1]  # data/reduced/02_intermediate, or data/02_intermediate
images = pd.read_parquet(f"{folder}/images.parquet")
pixels = np.load(f"{folder}/pixels.npy")[images["row"]].reshape(len(images), -1)
features = np.c_[
    pixels.mean(1), pixels.std(1), np.percentile(pixels, [1, 10, 50, 90, 99], 1).T
]
model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))


def auc(positive, negative):
    """Return the cross-validated area under the ROC curve of one kind of images."""
    used = np.flatnonzero(positive | negative)
    truth, groups = np.asarray(positive)[used], images["group"].iloc[used]
    probabilities = cross_val_predict(
        model,
        features[used],
        truth,
        groups=groups,
        cv=GroupKFold(5),
        method="predict_proba",
    )
    return roc_auc_score(truth, probabilities[:, 1])


covid = images["findings"].str.contains("COVID-19")
nih = images["source"] == "nih"
normal = images["findings"] == "No Finding"
print(auc(covid, nih), auc(covid, ~covid & ~nih), auc(nih & ~normal, nih & normal))
print(
    "not square:", (images["width"] != images["height"])[covid].sum(), "of", covid.sum()
)
print(pd.crosstab(images["view"][nih], normal[nih]))
print(
    "controls:",
    (~covid & ~nih).sum(),
    "of them normal:",
    (~covid & ~nih & normal).sum(),
)
