from pathlib import Path

import cv2
import numpy as np
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from detl.pipelines.ingest.pipeline import create_pipeline

SOURCE_CODE = Path(__file__).parents[3] / "src"


def test_only_the_tables_between_the_nodes_are_the_pipelines_own():
    pipeline = create_pipeline()

    assert pipeline.inputs() == {
        *("radiographs", "patient_key", "decoded_files", "params:ingest")
    }
    assert pipeline.all_outputs() == {
        *("images", "pixels", "rejected", "copies"),
        *("ingest.candidates", "ingest.rejected_rows"),
    }


def test_the_pipeline_runs_from_a_folder_to_pixels(tmp_path):
    (tmp_path / "mine" / "Mass").mkdir(parents=True)
    picture = np.random.default_rng(0).integers(0, 256, (32, 32), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "mine" / "Mass" / "a.png"), picture)
    parameters = {
        "sources": {"mine": {"reader": "folder", "folder": "mine"}},
        "views": ["PA"],
        "input_size": 32,
        "fit": "crop",
        "largest_image": 10_000,
    }
    catalog = DataCatalog(
        {
            "radiographs": MemoryDataset(tmp_path),
            "patient_key": MemoryDataset(tmp_path / "patient_key"),
            "decoded_files": MemoryDataset(tmp_path / "decoded_files.sqlite"),
            "params:ingest": MemoryDataset(_validated(parameters)),
        }
    )

    outputs = SequentialRunner().run(create_pipeline(), catalog)

    np.testing.assert_array_equal(outputs["pixels"].load(), [picture])


def _validated(parameters):
    from detl.schemas.parameters import IngestParameters

    return IngestParameters.model_validate(parameters)
