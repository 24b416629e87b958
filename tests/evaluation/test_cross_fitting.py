import pandas as pd

from detl.evaluation.cross_fitting import cross_fit

TESTED = pd.DataFrame(
    {
        "fold": ["fold_1", "fold_1", "fold_2", "fold_3"],
        "image_id": list("abcd"),
        "p_normal": [0.1, 0.2, 0.3, 0.4],
    }
)


def test_each_fold_gets_what_the_others_say_of_their_own_test_parts():
    fitted = cross_fit(TESTED)

    of_fold = fitted.groupby("fold")["image_id"].agg("".join)
    assert of_fold.to_dict() == {"fold_1": "cd", "fold_2": "abd", "fold_3": "abc"}
    assert list(fitted.columns) == list(TESTED.columns)


def test_a_prediction_is_that_of_the_network_that_tested_the_image():
    said = cross_fit(TESTED).groupby("image_id")["p_normal"].unique()

    assert {image: list(values) for image, values in said.items()} == {
        "a": [0.1],
        "b": [0.2],
        "c": [0.3],
        "d": [0.4],
    }
