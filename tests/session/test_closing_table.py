import pandas as pd

from detl.session.closing_table import (
    format_ablation,
    format_optimism,
    format_stability,
    format_summary,
)
from made_results import make_stability

REPORT = "data/08_reporting/report.html"

SUMMARY = pd.DataFrame(
    {
        "architecture": ["alexnet", "resnet50"],
        "accuracy": [0.5, 0.25],
        "accuracy_low": [0.4, 0.2],
        "accuracy_high": [0.6, 0.3],
        "accuracy_sd_seeds": [0.05, 0.125],
        "accuracy_sd_folds": [0.02, 0.03],
        "ensemble_accuracy": [0.55, 0.26],
        "ensemble_accuracy_low": [0.45, None],
        "ensemble_accuracy_high": [0.65, None],
        "seeds": [3, 3],
        "data_a_accuracy": [0.8, 0.5],
        "warnings": [None, "Class normal is never predicted."],
    }
)


def test_accuracies_are_in_percent_and_their_spread_in_points():
    lines = format_summary(SUMMARY, REPORT).splitlines()

    assert " ".join(lines[2].split()) == (
        "AlexNet 50.0% (40.0 to 60.0) 5.0 points 55.0% (45.0 to 65.0)"
    )


def test_an_accuracy_of_few_patients_has_no_interval():
    lines = format_summary(SUMMARY, REPORT).splitlines()

    assert lines[3].split()[-1] == "26.0%"


def test_what_intervals_are_over_is_said_below_the_table():
    text = format_summary(SUMMARY, REPORT)

    assert "mean over 3 seeds, interval over patients and trainings" in text
    assert "Ensemble: all seeds as one, interval over patients" in text


def test_one_training_is_said_to_hold_no_other():
    once = SUMMARY.assign(seeds=1, accuracy_sd_seeds=float("nan"))

    text = format_summary(once, REPORT)

    assert "intervals are over patients, not over trainings" in text
    assert "one seed" in text
    assert "patients and trainings" not in text


def test_the_address_of_the_folds_stands_beside_the_command_that_serves_it():
    address = "http://127.0.0.1:5000/#/experiments/1/runs"

    text = format_summary(SUMMARY, REPORT, address)

    assert f"make ui     compare the folds in MLflow, {address}\n" in text
    assert "compare the folds in MLflow\n" in format_summary(SUMMARY, REPORT)


def test_warnings_follow_the_table_with_the_architecture():
    assert "Warning, ResNet50: Class normal" in format_summary(SUMMARY, REPORT)
    assert "Warning, AlexNet" not in format_summary(SUMMARY, REPORT)


def test_the_report_stands_among_what_to_do_next():
    assert f"open        {REPORT}," in format_summary(SUMMARY, REPORT)


def test_a_report_that_is_not_there_is_not_to_be_opened():
    assert "open" not in format_summary(SUMMARY, None)


def test_the_optimism_is_in_points_with_its_sign_and_interval():
    optimism = pd.DataFrame(
        {
            "architecture": ["vgg16"],
            "accuracy_paper": [0.75],
            "accuracy_grouped": [0.625],
            "difference": [0.125],
            "difference_low": [-0.01],
            "difference_high": [0.25],
        }
    )

    assert "75.0%            62.5% +12.5 (-1.0 to +25.0) points" in format_optimism(
        optimism
    )


def test_an_arm_that_was_not_run_has_its_reason_and_no_numbers():
    ablation = pd.DataFrame(
        {
            "architecture": ["vgg16", "alexnet"],
            "initialisation": ["scratch", "imagenet"],
            "unfreeze": ["all", "head"],
            "accuracy": [0.5, None],
            "difference": [-0.1, None],
            "difference_low": [-0.2, None],
            "difference_high": [0.0, None],
            "p_holm": [0.04, None],
            "note": [None, "no weights"],
        }
    )

    ran, missing = format_ablation(ablation).splitlines()[2:]

    assert ran.split()[:6] == ["VGG16", "random", "weights", "all", "layers", "50.0%"]
    assert "-10.0 (-20.0 to +0.0) points    0.040" in ran
    assert missing == "AlexNet, 1 arms not run: no weights"


def test_a_difference_without_an_interval_says_so():
    optimism = pd.DataFrame(
        {
            "architecture": ["vgg16"],
            "accuracy_paper": [0.75],
            "accuracy_grouped": [0.625],
            "difference": [0.125],
            "difference_low": [None],
            "difference_high": [None],
        }
    )

    assert "+12.5 (no interval) points" in format_optimism(optimism)


def test_all_pretrainings_follow_the_single_ones_with_interval_and_spread():
    _, _, *single, whole, _ = format_stability(make_stability(2)).splitlines()

    assert [line.split() for line in single] == [
        ["VGG16", "1", "80.0%", "1.0", "points"],
        ["VGG16", "2", "78.0%", "1.0", "points"],
    ]
    assert " ".join(whole.split()) == (
        "VGG16 all 79.0% (70.0 to 85.0) 1.0 points 2.0 points"
    )


def test_what_the_interval_of_all_pretrainings_is_over_is_said_below_the_table():
    text = format_stability(make_stability())

    assert text.endswith("interval over patients and pretrainings.")
