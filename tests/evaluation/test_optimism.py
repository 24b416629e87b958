import numpy as np
import pandas as pd
import pytest

from detl.errors import DetlError
from detl.evaluation.optimism import compare_protocols

DATA_B = pd.DataFrame(
    {"image_id": [f"nih/{k}" for k in range(8)], "group": list("aabbccdd")}
)
LARGER = pd.DataFrame(
    {
        "image_id": [f"nih/{k}" for k in range(60)],
        "group": [f"patient {k // 2}" for k in range(60)],
    }
)


def _predictions(right: str, data_b=DATA_B) -> pd.DataFrame:
    """Return two folds' predictions, in another order than Data-B's.

    Args:
        right: One character per image: ``1`` where it is classified correctly.
        data_b: The images.
    """
    table = data_b[["image_id"]].assign(
        label="normal", predicted=["normal" if c == "1" else "covid_19" for c in right]
    )
    return pd.concat([table.iloc[5:], table.iloc[:5][::-1]], ignore_index=True)


def test_the_difference_is_paper_minus_grouped():
    result = compare_protocols(
        DATA_B, _predictions("11111110"), _predictions("11110000"), seed=0
    )

    assert result["accuracy_paper"] == pytest.approx(7 / 8)
    assert result["accuracy_grouped"] == pytest.approx(4 / 8)
    assert result["difference"] == pytest.approx(3 / 8)
    assert (result["images"], result["groups"]) == (8, 4)


def test_the_difference_has_the_interval_of_the_paired_tests():
    """Thirty patients; two images are gained for each of twelve, one lost for three."""
    paper = "11" * 12 + "01" * 3 + "00" * 15
    grouped = "00" * 12 + "11" * 3 + "00" * 15

    result = compare_protocols(
        LARGER, _predictions(paper, LARGER), _predictions(grouped, LARGER), seed=0
    )

    # The standard error of the mean over patients: 12 times 2, 3 times -1, else 0.
    of_patient = np.repeat([2, -1, 0], [12, 3, 15])
    half = 1.96 * of_patient.std() / np.sqrt(30) / 2
    ends = result["difference_low"], result["difference_high"]
    assert result["difference"] == pytest.approx(21 / 60)
    assert ends == pytest.approx((21 / 60 - half, 21 / 60 + half), abs=0.04)


def test_of_few_patients_a_difference_has_no_interval():
    result = compare_protocols(
        DATA_B, _predictions("11111110"), _predictions("11110000"), seed=0
    )

    assert np.isnan([result["difference_low"], result["difference_high"]]).all()


def test_images_are_paired_whatever_the_folds():
    same = _predictions("10" * 30, LARGER)
    in_other_folds = same.sort_values("image_id", ignore_index=True)

    result = compare_protocols(LARGER, same, in_other_folds, seed=0)

    assert result["difference"] == 0
    # None is gained and none lost, of 30 patients: Jeffreys' upper end is 8.0 %.
    assert result["difference_high"] == pytest.approx(0.080, abs=0.001)
    assert result["difference_low"] == -result["difference_high"]


def test_an_image_that_was_not_tested_is_named():
    every = _predictions("11111111")
    short = every[every["image_id"] != "nih/4"]

    with pytest.raises(
        DetlError, match=r"nih/4 is tested 0 times under protocol paper"
    ):
        compare_protocols(DATA_B, short, _predictions("11111111"), seed=0)


def test_an_image_that_is_not_of_data_b_is_named():
    every = _predictions("11111111")
    foreign = pd.concat([every, every.head(1).assign(image_id="nih/99")])

    with pytest.raises(
        DetlError, match=r"nih/99 is tested 1 times under protocol group"
    ):
        compare_protocols(DATA_B, _predictions("11111111"), foreign, seed=0)


def _of_seeds(*rights: str) -> pd.DataFrame:
    return pd.concat(
        [_predictions(right, LARGER).assign(seed=k) for k, right in enumerate(rights)],
        ignore_index=True,
    )


def test_the_difference_of_several_seeds_is_that_of_their_means():
    paper = _of_seeds("1" * 60, "1" * 54 + "0" * 6, "1" * 48 + "0" * 12)
    grouped = _of_seeds("1" * 30 + "0" * 30, "1" * 36 + "0" * 24)

    result = compare_protocols(LARGER, paper, grouped, seed=0)

    assert result["accuracy_paper"] == pytest.approx(0.9)
    assert result["accuracy_grouped"] == pytest.approx(0.55)
    assert result["difference"] == pytest.approx(0.35)
    assert result["seeds"] == 2


def test_the_trainings_under_both_protocols_vary_by_themselves():
    """SD 6 images of 60 under one protocol, none under the other."""
    paper = _of_seeds("1" * 60, "1" * 54 + "0" * 6, "1" * 48 + "0" * 12)
    same = _of_seeds(*["1" * 30 + "0" * 30] * 3)
    alike = _of_seeds(*["1" * 54 + "0" * 6] * 3)

    wide = compare_protocols(LARGER, paper, same, seed=0)
    narrow = compare_protocols(LARGER, alike, same, seed=0)

    assert wide["difference_sd_seeds"] == pytest.approx(0.1)
    assert narrow["difference_sd_seeds"] == pytest.approx(0)
    assert wide["difference"] == pytest.approx(narrow["difference"])
    assert wide["difference_low"] < narrow["difference_low"]


def test_one_training_has_no_spread_over_seeds():
    result = compare_protocols(
        LARGER, _predictions("10" * 30, LARGER), _predictions("1" * 60, LARGER), seed=0
    )

    assert np.isnan(result["difference_sd_seeds"])
    assert result["seeds"] == 1
