import numpy as np
import pytest

from detl.errors import DetlError
from detl.evaluation.predictions import read_labels, read_probabilities
from made_probabilities import draw_pooled


@pytest.mark.parametrize("value", [np.nan, -0.1, 1.1])
def test_what_is_no_probability_stops(value):
    table = draw_pooled(5)
    table.loc[2, "p_normal"] = value
    with pytest.raises(DetlError, match="1 of 5 images, image_2 first, are not"):
        read_probabilities(table)


def test_an_unknown_label_stops():
    with pytest.raises(DetlError, match="holds tuberculosis, expected are normal"):
        read_labels(draw_pooled(5).assign(label="tuberculosis"))
