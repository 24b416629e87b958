import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from detl.schemas.parameters import DataAParameters
from detl.splitting.data_a import select_data_a
from detl.splitting.data_b import select_data_b
from detl.splitting.views import keep_view_shares, share_out

HALF = {"PA": 0.5, "AP": 0.5}


def test_shares_add_up_to_the_number():
    assert share_out(7, {"PA": 0.5, "AP": 0.3, "L": 0.2}) == {"PA": 4, "AP": 2, "L": 1}


def test_as_many_images_are_kept_as_the_scarcer_view_allows():
    images = pd.DataFrame({"view": ["PA"] * 8 + ["AP"] * 3 + ["unknown"] * 5})

    kept = keep_view_shares(images, HALF, np.random.default_rng(0))

    assert kept["view"].value_counts().to_dict() == {"PA": 3, "AP": 3}
    assert kept.index.is_unique


def test_without_one_of_the_views_none_is_kept():
    images = pd.DataFrame({"view": ["PA"] * 8})

    assert keep_view_shares(images, HALF, np.random.default_rng(0)).empty


def test_the_images_are_a_random_draw():
    images = pd.DataFrame({"view": ["PA"] * 50 + ["AP"] * 10})

    one, other = (
        set(keep_view_shares(images, HALF, np.random.default_rng(seed)).index)
        for seed in (0, 1)
    )

    assert one != other


def test_shares_that_are_no_whole_are_refused(make_parameters):
    whole = make_parameters().data_a.model_dump()

    with pytest.raises(ValidationError, match=r"sum to 0\.8, and must to 1"):
        DataAParameters(**whole | {"view_shares": {"PA": 0.5, "AP": 0.3}})


@pytest.fixture
def mixed_images(make_images):
    """Return 60 films of each of four findings, of which normal ones are rarely AP."""
    findings = [
        finding
        for finding in ("No Finding", "Mass", "Pneumonia", "COVID-19")
        for _ in range(60)
    ]
    images = make_images(*((f, f"g{k}", "nih") for k, f in enumerate(findings)))
    is_rare = (images["findings"] == "No Finding") & (images.index % 6 != 3)
    views = np.where(is_rare | (images.index % 2 == 0), "PA", "AP")
    return images.assign(view=views)


def test_a_class_of_data_b_has_the_views_that_are_asked_for(
    mixed_images, make_parameters
):
    wanted = {"findings": {"No Finding": 8}, "view_shares": HALF}
    data_b, _ = select_data_b(mixed_images, make_parameters(normal=wanted), seed=0)

    views = data_b.merge(mixed_images, on="image_id").query("label == 'normal'")["view"]
    assert views.value_counts().to_dict() == {"PA": 4, "AP": 4}


def test_a_view_that_is_short_is_counted(mixed_images, make_parameters):
    wanted = {"findings": {"No Finding": 40}, "view_shares": HALF}
    parameters = make_parameters(normal=wanted)
    of_class = (mixed_images["findings"] == "No Finding") & (
        mixed_images["view"] == "AP"
    )

    _, counts = select_data_b(mixed_images, parameters, seed=0)

    assert counts.loc[counts["class"] == "normal", "short"].item() == (
        20 - of_class.sum()
    )


def test_both_classes_of_data_a_have_the_same_shares_of_views(
    mixed_images, make_parameters
):
    parameters = make_parameters(data_a={"view_shares": {"PA": 0.8, "AP": 0.2}})
    data_b, _ = select_data_b(mixed_images, parameters, seed=0)

    data_a, _ = select_data_a(mixed_images, data_b, parameters, seed=0)

    joined = data_a.merge(mixed_images, on="image_id")
    share = (joined["view"] == "AP").groupby(joined["label"]).mean()
    assert share["normal"] == pytest.approx(0.2, abs=0.06)
    assert share["diseased"] == pytest.approx(0.2, abs=0.06)
