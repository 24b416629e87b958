"""What the served model says, and what its log has, when it fails."""

import base64

import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from detl.session.served_model import ServedModel

FILM = base64.b64encode(b"a patient's film").decode()


def test_the_log_has_the_cause_of_a_failure_which_the_answer_does_not_show(caplog):
    never_loaded = ServedModel()

    with pytest.raises(MlflowException, match="AttributeError") as told:
        never_loaded.predict(None, pd.DataFrame({"image": [FILM]}))

    assert "_one_at_a_time" not in str(told.value)
    assert "has no attribute '_one_at_a_time'" in caplog.text
    assert "Traceback" in caplog.text
    assert FILM not in caplog.text
