import pandas as pd
import pytest

from detl.errors import DetlError
from detl.evaluation.optimism import compare_protocols

DATA_B = pd.DataFrame(
    {"image_id": [f"nih/{k}" for k in range(8)], "group": list("aabbccdd")}
)


def _predictions(right: str) -> dict[str, pd.DataFrame]:
    """Return two folds' predictions, in another order than Data-B's.

    Args:
        right: One character per image: ``1`` where it is classified correctly.
    """
    table = DATA_B[["image_id"]].assign(
        label="normal", predicted=["normal" if c == "1" else "covid_19" for c in right]
    )
    return {"fold_1": table.iloc[5:], "fold_2": table.iloc[:5][::-1]}


def test_the_difference_is_paper_minus_grouped():
    result = compare_protocols(
        DATA_B, _predictions("11111110"), _predictions("11110000"), seed=0
    )

    assert result["accuracy_paper"] == pytest.approx(7 / 8)
    assert result["accuracy_grouped"] == pytest.approx(4 / 8)
    assert result["difference"] == pytest.approx(3 / 8)
    assert result["difference_low"] <= 3 / 8 <= result["difference_high"]
    assert (result["images"], result["groups"]) == (8, 4)


def test_images_are_paired_whatever_the_folds():
    same = _predictions("10101010")
    in_other_folds = {"fold_1": pd.concat(same.values())}

    result = compare_protocols(DATA_B, same, in_other_folds, seed=0)

    ends = result["difference_low"], result["difference_high"]
    assert (result["difference"], *ends) == (0, 0, 0)


def test_an_image_that_was_not_tested_is_named():
    short = _predictions("11111111")
    short["fold_2"] = short["fold_2"].iloc[1:]

    with pytest.raises(
        DetlError, match=r"nih/4 is tested 0 times under protocol paper"
    ):
        compare_protocols(DATA_B, short, _predictions("11111111"), seed=0)


def test_an_image_that_is_not_of_data_b_is_named():
    foreign = _predictions("11111111")
    foreign["fold_3"] = foreign["fold_1"].head(1).assign(image_id="nih/99")

    with pytest.raises(
        DetlError, match=r"nih/99 is tested 1 times under protocol group"
    ):
        compare_protocols(DATA_B, _predictions("11111111"), foreign, seed=0)
