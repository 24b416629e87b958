"""The page's server: three static files, and one address that answers for an image.

Nothing is written to disk, nothing is asked of the network, and only this computer is
answered.
"""

import base64
import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.middleware.base import RequestResponseEndpoint
from starlette.middleware.trustedhost import TrustedHostMiddleware

from detl.serving.intake import take_in
from detl.serving.predictor import Answer, Predictor
from detl.wording import class_title, network_title

MOST_BYTES = 64 * 2**20
"""Of a file; a film of 16 bits and 4000 x 4000 pixels has half of that."""

HOSTS = ("127.0.0.1", "localhost")
NOTICE = "Research only. This is no medical device."

_STATIC = Path(__file__).with_name("static")
_SHOWN = 512
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' "
        "data:; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; "
        "base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def create_app(predictor: Predictor, most_bytes: int = MOST_BYTES) -> FastAPI:
    """Return the application, to be served on 127.0.0.1.

    Args:
        predictor: Answers for the images, one at a time.
        most_bytes: Of a file; larger ones are not read to their end.
    """
    # The pages that FastAPI makes of itself load scripts from elsewhere.
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(HOSTS))
    app.mount("/static", StaticFiles(directory=_STATIC))
    one_at_a_time = threading.Lock()

    @app.middleware("http")
    async def add_headers(
        request: Request, call_next: RequestResponseEndpoint
    ) -> Response:
        response = await call_next(request)
        response.headers.update(_HEADERS)
        return response

    @app.get("/")
    def show_page() -> FileResponse:
        return FileResponse(_STATIC / "index.html")

    @app.post("/api/predict")
    async def predict(request: Request) -> JSONResponse:
        content = await _read_body(request, most_bytes)

        def answer() -> dict[str, Any]:
            taken = take_in(content, predictor.bundle.expected)
            with one_at_a_time:
                (found,) = predictor.answer([taken])
            return show_answer(found, predictor)

        said = await run_in_threadpool(answer)
        # A file without a picture has nothing that could be shown.
        return JSONResponse(said, 200 if said["image"] else 422)

    return app


async def _read_body(request: Request, most_bytes: int) -> bytes:
    """Return the file that was sent, which is the body as it is."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > most_bytes:
            raise HTTPException(
                413, f"The file has more than {most_bytes / 2**20:g} MiB."
            )
    return bytes(content)


def show_answer(answer: Answer, predictor: Predictor) -> dict[str, Any]:
    """Return an answer as the page shows it, fit for JSON.

    Args:
        answer: What is said of an image.
        predictor: Whose it is.
    """
    about = predictor.bundle.about
    probabilities = None
    if answer.probabilities is not None:
        probabilities = {
            class_title(name): float(p)
            for name, p in zip(about.classes, answer.probabilities, strict=True)
        }
    return {
        "decision": answer.decision,
        "reasons": list(answer.reasons),
        "predicted": answer.predicted and class_title(answer.predicted),
        "probabilities": probabilities,
        "spread": answer.spread,
        "rank": answer.rank,
        "image": None if answer.pixels is None else _draw(answer.pixels),
        "map": None if answer.heat_map is None else _draw_map(answer.heat_map),
        "network": network_title(about.architecture),
        "warnings": about.warnings,
        "notice": NOTICE,
    }


def _draw(pixels: np.ndarray) -> str:
    shape = (_SHOWN, _SHOWN)
    return _encode(cv2.resize(pixels, shape, interpolation=cv2.INTER_LINEAR))


def _draw_map(heat_map: np.ndarray) -> str:
    """Return the map in colours, the more opaque, the more evidence there is."""
    shape = (_SHOWN, _SHOWN)
    values = cv2.resize(heat_map, shape, interpolation=cv2.INTER_LINEAR)
    shares = np.clip(values / max(float(values.max()), 1e-12), 0, 1)
    levels = np.rint(255 * shares).astype(np.uint8)
    colours = cv2.applyColorMap(levels, cv2.COLORMAP_JET)
    opacity = np.rint(255 * np.sqrt(shares)).astype(np.uint8)
    return _encode(np.dstack([colours, opacity]))


def _encode(picture: np.ndarray) -> str:
    _, content = cv2.imencode(".png", picture)
    return "data:image/png;base64," + base64.b64encode(content.tobytes()).decode()
