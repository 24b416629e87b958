import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset

from detl.datasets import OptionalPictureDataset
from detl.errors import NotAvailableError
from detl.networks import build_network
from detl.networks.cut import cut_trunk
from detl.pipelines import lesions
from detl.pipelines.explanation_scores import create_pipeline
from detl.pipelines.explanation_scores.nodes import choose_explained
from detl.pipelines.lesions.nodes import draw_known_regions
from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.parameters import AuditParameters
from detl.session.runner import FoldByFoldRunner
from detl.training.features import extract_features

SIZE = 32
PER_CLASS = 6
AUDIT = AuditParameters(
    centre_share=0.8, border_share=0.1, explained_images=12, prevalences=[0.1]
)


@pytest.fixture(scope="module")
def data_b():
    labels = np.repeat(DATA_B_CLASSES, PER_CLASS)
    names = [f"nih/{k}" for k in range(len(labels))]
    rows = np.arange(len(labels))[::-1]
    return pd.DataFrame(
        {"image_id": names, "row": rows, "group": names, "label": labels}
    )


def predict(data_b):
    """Return predictions of two folds, each of every other image."""
    fold = np.where(np.arange(len(data_b)) % 2, "fold_2", "fold_1")
    return data_b.assign(predicted="pneumonia", fold=fold)[
        ["fold", "image_id", "label", "predicted"]
    ]


def run(data_b, tiny_network, tmp_path, regions, masks):
    """Return the catalog after a run of AlexNet in two folds."""
    network = tiny_network("alexnet", width_multiplier=0.06)
    model = build_network(network, SIZE, len(DATA_B_CLASSES), 0)
    trunk, tail = cut_trunk(model)
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (len(data_b), SIZE, SIZE), dtype=np.uint8)
    features = extract_features(trunk, pixels, data_b["row"].to_numpy("int64"))
    inputs = {
        "data_b": data_b,
        "pixels": pixels,
        "regions": regions,
        "region_masks": masks,
        "alexnet.transfer.features": features,
        "alexnet.explain.map_shift": 0.5,
        "params:audit": AUDIT,
        "params:seed": 0,
    }
    catalog = DataCatalog({name: MemoryDataset(data) for name, data in inputs.items()})
    catalog["alexnet.crossval.tested"] = MemoryDataset(predict(data_b))
    for fold in ("fold_1", "fold_2"):
        catalog[f"alexnet.crossval.{fold}.model"] = MemoryDataset(
            tail, copy_mode="assign"
        )
    catalog["alexnet.transfer.trunk"] = MemoryDataset(trunk, copy_mode="assign")
    arguments = (["alexnet"], ["fold_1", "fold_2"])
    pipeline = create_pipeline(*arguments) + lesions.create_pipeline(*arguments)
    pipeline = pipeline.filter(node_namespaces=["alexnet"])
    catalog["alexnet.lesions.regions_picture"] = OptionalPictureDataset(
        filepath=str(tmp_path / "regions.png")
    )
    made = {
        **dict.fromkeys(
            ("deletion", "deletion_curves", "sanity"), "explanation_scores"
        ),
        "localisation": "lesions",
    }
    for table, stage in made.items():
        catalog[f"alexnet.{stage}.{table}"] = MemoryDataset()
    FoldByFoldRunner().run(pipeline, catalog)
    made["regions_picture"] = "lesions"
    return {name: catalog.load(f"alexnet.{of}.{name}") for name, of in made.items()}


def make_regions(data_b, count):
    masks = np.zeros((count, SIZE, SIZE), bool)
    masks[:, :16] = True
    table = pd.DataFrame(
        {
            "image_id": data_b["image_id"].iloc[:count],
            "findings": "Mass",
            "kind": "box",
            "area": 0.5,
            "row": np.arange(count),
        }
    )
    return table, masks


def test_maps_of_all_folds_are_scored_against_the_regions(
    data_b, tiny_network, tmp_path
):
    made = run(data_b, tiny_network, tmp_path, *make_regions(data_b, 20))

    table = made["localisation"].query(
        "finding == 'all' and `class` == '' and quantity == 'area'"
    )
    assert set(table["method"]) == {"grad_cam", "grad_cam_plus_plus", "hires_cam"}
    assert (table["images"] == 20).all()
    assert table["value"].tolist() == [0.5] * 3
    assert made["regions_picture"].dtype == np.uint8
    assert set(made["deletion"]["method"]) >= {"grad_cam", "random"}
    assert "guided_backpropagation" in set(made["sanity"]["method"])


@pytest.mark.long
def test_without_regions_the_scores_say_so_and_the_rest_is_computed(
    data_b, tiny_network, tmp_path
):
    made = run(data_b, tiny_network, tmp_path, *make_regions(data_b, 0))

    assert made["localisation"]["value"].isna().all()
    assert made["localisation"]["note"].str.startswith("not enough data").all()
    assert made["deletion"]["value"].notna().any()
    assert made["regions_picture"] is None


def test_without_a_known_lesion_in_the_test_part_no_picture_is_drawn(data_b):
    mapped = pd.DataFrame(columns=["fold", "image_id", "findings", "mask", "group"])
    pixels = np.zeros((len(data_b), SIZE, SIZE), np.uint8)
    masks, maps = np.zeros((0, SIZE, SIZE), bool), np.zeros((3, 0, 2, 2), "float32")

    with pytest.raises(NotAvailableError, match="No test image has a known lesion"):
        draw_known_regions(pixels, data_b, masks, mapped, maps, 0.5)


def test_the_explained_images_of_a_fold_are_of_all_classes_alike(data_b):
    few = AUDIT.model_copy(update={"explained_images": 8})

    chosen = choose_explained(data_b, predict(data_b), few, seed=0)

    labels = data_b["label"].iloc[chosen["position"]].to_numpy()
    assert (chosen.groupby(["fold", labels]).size() == 2).all()
    assert (data_b["row"].iloc[chosen["position"]].to_numpy() == chosen["row"]).all()
