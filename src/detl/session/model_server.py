"""MLflow's server of a registered model, which sends nothing back of a wrong request.

    python -P src/detl/session/model_server.py --model-uri models:/detl@champion

MLflow's own command answers with the beginning of what it could not read, which may be
a patient's film. This file is run by its path, and imports nothing of the package: the
model has a copy of the package's code beside it, and must find that one.
"""

import argparse
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI, Request, Response

REFUSALS = {
    404: "There is nothing here: POST a film to /invocations.",
    405: "This address takes no such request: POST a film to /invocations.",
    415: "The request has another Content-Type than application/json: send JSON.",
    500: "The model failed: ask who keeps it.",
    504: "The model took too long: send fewer films at once.",
}
MISREAD = (
    "The request cannot be read: send JSON with 'dataframe_split', a table with the "
    "column 'image', whose rows are files in base64."
)
"""Of every other wrong request."""


def hide_requests(app: "FastAPI") -> None:
    """Let an application answer wrong requests with one sentence each.

    Args:
        app: MLflow's; a status of 400 or more gets another body.
    """
    from fastapi.responses import JSONResponse

    @app.middleware("http")
    async def answer(
        request: "Request", call_next: "Callable[[Request], Awaitable[Response]]"
    ) -> "Response":
        # MLflow fails where there is none.
        if request.method == "POST" and "content-type" not in request.headers:
            status = 415
        else:
            response = await call_next(request)
            status = response.status_code
            if status < 400:
                return response
        return JSONResponse({"message": REFUSALS.get(status, MISREAD)}, status)


def main() -> None:
    """Serve the model until it is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model-uri", required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5001)
    asked = parser.parse_args()

    import uvicorn
    from mlflow.pyfunc import load_model, scoring_server

    app = scoring_server.init(load_model(asked.model_uri))
    hide_requests(app)
    uvicorn.run(app, host=asked.host, port=asked.port)


if __name__ == "__main__":
    main()
