import pytest

from detl.sources.views import normalise_view


@pytest.mark.parametrize(
    ("view", "spellings"),
    [
        (
            "PA",
            [
                "PA",
                "pa",
                "PA ",
                "P.A.",
                "P-A",
                "PA erect",
                "postero-anterior",
                "CXR PA",
            ],
        ),
        (
            "AP",
            [
                "AP",
                "ap",
                "AP semi erect",
                "AP Erect",
                "AP portable",
                "Antero Posterior",
            ],
        ),
        (
            "AP",
            ["AP upright", "semi-erect AP", "portable AP", "AP sitting", "AP mobile"],
        ),
        (
            "AP Supine",
            ["AP Supine", "AP-supine", "ap_supine", "Supine", "AP horizontal"],
        ),
        ("L", ["L", "lateral", "Lat", "LL", "RL", "Left lateral", "lat. erect"]),
        ("", ["", "?", "unknown", "N/A", "frontal"]),
    ],
)
def test_kin_of_a_view_are_that_view(view, spellings):
    assert {normalise_view(spelling) for spelling in spellings} == {view}


@pytest.mark.parametrize(
    "said",
    [
        *("Axial", "Coronal", "oblique", "LAO", "lordotic", "lateral decubitus"),
        *("AP/PA", "PA and lateral", "PA supine", "erect", "7"),
    ],
)
def test_another_view_is_not_guessed(said):
    assert normalise_view(said) is None
