"""The section with the words that the page uses in one meaning only."""

import pandas as pd

from detl.report.blocks import Folded, Section, Table
from detl.report.inputs import Study

WORDS = {
    "Data-A, Data-B": "normal against diseased images, for the pretraining; and four "
    "classes with COVID-19, for the cross-validation",
    "group": "all images of a patient, and of patients who share a picture; never "
    "divided between parts",
    "fold": "one of the equal divisions of Data-B into a training and a test part",
    "seed": "one training of a fold's network; all seeds share a pretraining",
    "ensemble": "the networks of all seeds, which answer by the mean of their "
    "probabilities",
    "accuracy": "share of test images classified correctly; without more, the mean "
    "over seeds",
    "95 % interval": "from 2.5 % to 97.5 % of what other patients, or other patients "
    "and trainings, would give",
    "SD": "standard deviation",
    "points": "percentage points, the difference of two shares",
    "sensitivity, specificity": "share of a class that is called so, and share of the "
    "others that is not",
    "PPV, NPV": "positive and negative predictive value: share of the images called so "
    "that are so, and of those not called so that are not",
    "AUC": "area under the ROC curve, from 0 to 1; 0.5 is chance, and the curve is of "
    "sensitivity by false positive rate",
    "macro": "the mean of the classes, which all count alike",
    "calibration error": "by how much probabilities miss the share of right answers",
    "temperature scaling": "divides the logits by one number, so that probabilities "
    "are less or more extreme",
    "logit": "a network's number for a class before it is made a probability",
    "Holm": "a correction of p values for the number of tests",
    "shortcut ratio": "accuracy above chance, as a share of the whole image's",
    "Grad-CAM": "a map of where in an image the evidence for a class is",
}


def section(run: Study) -> Section:
    """Return the section: a word and its meaning in every row."""
    table = pd.DataFrame({"word": WORDS.keys(), "meaning": WORDS.values()})
    folded = Folded("The words of this page", [Table(table, "Words in one meaning.")])
    return Section("glossary", "Glossary", [folded])
