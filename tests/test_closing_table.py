import pandas as pd

from detl.closing_table import format_summary

SUMMARY = pd.DataFrame(
    {
        "architecture": ["alexnet", "resnet50"],
        "accuracy_mean": [0.5, 0.25],
        "accuracy_sd": [0.05, 0.125],
        "accuracy_pooled": [0.5, 0.26],
        "data_a_accuracy": [0.8, 0.5],
        "warnings": [None, "Class normal is never predicted."],
    }
)


def test_accuracies_are_in_percent_and_their_spread_in_points():
    lines = format_summary(SUMMARY).splitlines()

    assert lines[2].split() == ["alexnet", "50.0%", "+-", "5.0", "points", "50.0%"]


def test_warnings_follow_the_table_with_the_architecture():
    assert "Warning, resnet50: Class normal" in format_summary(SUMMARY)
    assert "Warning, alexnet" not in format_summary(SUMMARY)
