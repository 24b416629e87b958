"""The classes of Data-A and Data-B (paper, Table I), in the order of the logits."""

DATA_A_CLASSES = ("normal", "diseased")
DATA_B_CLASSES = ("normal", "other_disease", "pneumonia", "covid_19")


PROBABILITIES = [f"p_{label}" for label in DATA_B_CLASSES]
"""The columns of the class probabilities, in the order of the classes."""
