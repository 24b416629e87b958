from kedro.io import DataCatalog
from kedro.io.memory_dataset import MemoryDataset
from kedro.runner import SequentialRunner

from detl.pipelines.phantom.pipeline import create_pipeline
from detl.schemas.parameters import PhantomParameters

PARAMETERS = PhantomParameters(
    seed=0,
    size=48,
    noise=1.0,
    lesion_strength=1.0,
    nih={"No Finding": 1},
    covid_chestxray={"COVID-19": 1},
    dirt=False,
)


def test_the_pipeline_makes_phantoms_from_the_parameters():
    catalog = DataCatalog({"params:phantom": MemoryDataset(PARAMETERS)})
    outputs = SequentialRunner().run(create_pipeline(), catalog)
    assert "nih/Data_Entry_2017.csv" in outputs["phantoms"].load()
