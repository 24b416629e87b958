"""The model that MLflow serves: MLflow copies this file, and runs it when it loads.

Nothing is pickled: the bundle is an artifact of the model, and the code lies beside it.
"""

import base64
import logging
import threading
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR
from mlflow.pyfunc import PythonModel

logger = logging.getLogger("detl.serve")

COLUMN = "image"
"""Of the table that is sent: the bytes of a PNG, JPEG or DICOM file in base64."""

NOTICE_COLUMN = "notice"
"""Of the answer: what whoever reads it must know."""


class ServedModel(PythonModel):
    """Answers for images with the bundle that is its artifact."""

    def load_context(self, context: Any) -> None:
        """Load the networks, which are compiled at the first request."""
        from detl.networks.keras_settings import choose_backend

        choose_backend()
        from detl.serving.bundle import load_bundle
        from detl.serving.predictor import Predictor

        bundle = load_bundle(Path(context.artifacts["bundle"]))
        self._predictor = Predictor(bundle, explains=False)
        # MLflow may call from several threads.
        self._one_at_a_time = threading.Lock()

    def predict(
        self,
        context: object,
        model_input: pd.DataFrame,
        params: dict[str, object] | None = None,
    ) -> pd.DataFrame:
        """Return a row per image, as ``predictions.csv`` has it, and the notice.

        What is empty is null. A file that cannot be used is a row that says why.

        Args:
            context: Not used.
            model_input: Column ``image``, the files in base64.
            params: Not used.

        Raises:
            MlflowException: The model failed; the log has the cause.
        """
        sent = model_input[COLUMN].tolist()
        try:
            with self._one_at_a_time:
                return self._answer(sent)
        # What no file can bring about: MLflow would call it the request's fault, and
        # send its trace to whoever asked.
        except Exception as error:
            logger.exception("The model failed at %d films", len(sent))
            raise MlflowException(
                f"The model failed ({type(error).__name__}): ask who keeps it.",
                INTERNAL_ERROR,
            ) from None

    def _answer(self, sent: list[Any]) -> pd.DataFrame:
        from detl.serving.intake import Taken, take_in
        from detl.serving.outputs import describe_answer, list_columns

        bundle = self._predictor.bundle

        def take(text: Any) -> Taken:
            try:
                content = base64.b64decode(text, validate=True)
            except (TypeError, ValueError):
                return Taken(None, ("not base64",))
            return take_in(content, bundle.expected)

        answers = list(self._predictor.predict(map(take, sent)))
        classes = bundle.about.classes
        rows = [describe_answer(answer, classes) for answer in answers]
        # Numbers that are not there would be NaN, which JSON does not know.
        table = pd.DataFrame(rows, columns=list_columns(classes), dtype=object)
        return table.assign(**{NOTICE_COLUMN: bundle.notice})


set_model(ServedModel())
