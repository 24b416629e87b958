"""The files of a run in MLflow: pictures, tables, pages and data sets.

A file has the same name in each run, so that MLflow's compare page sets those of
several runs side by side.
"""

from functools import partial
from typing import Any

from mlflow.data.pandas_dataset import from_pandas
from mlflow.entities import DatasetInput, InputTag
from mlflow.tracking import MlflowClient
from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT
from PIL import Image

SMALL = 640
"""Width of a picture in the description of a run, at most."""


def _log_picture(client: MlflowClient, run_id: str, key: str, data: Any) -> None:
    image = Image.fromarray(data)
    # Pillow's own level of compression takes longer than all other logging; this one
    # takes a third of the time, and a third more of the disk.
    image.save = partial(image.save, compress_level=1)  # type: ignore[method-assign]
    client.log_image(run_id, image, f"{key}.png")


def _log_table(client: MlflowClient, run_id: str, key: str, data: Any) -> None:
    client.log_text(run_id, data.to_csv(index=False), f"{key}.csv")


def _log_page(client: MlflowClient, run_id: str, key: str, data: Any) -> None:
    client.log_text(run_id, data, f"{key}.html")


def _log_dataset(client: MlflowClient, run_id: str, key: str, data: Any) -> None:
    table = from_pandas(data, name=key)._to_mlflow_entity()
    client.log_inputs(
        run_id, [DatasetInput(table, [InputTag(MLFLOW_DATASET_CONTEXT, key)])]
    )


def log_small_picture(client: MlflowClient, run_id: str, key: str, data: Any) -> str:
    """Log a picture that fits MLflow's page; return Markdown that shows it there.

    A wider one would push what stands beside the description off the page.
    """
    image = Image.fromarray(data)
    image.thumbnail((SMALL, image.height))
    path = f"gallery/{key.partition('/')[0]}.png"
    client.log_image(run_id, image, path)
    return f"![{key}](get-artifact?path={path}&run_uuid={run_id})"


LOGGERS = {
    "picture": _log_picture,
    "table": _log_table,
    "page": _log_page,
    "dataset": _log_dataset,
}
"""By kind, a function of the client, the run's id, the key and the data."""
