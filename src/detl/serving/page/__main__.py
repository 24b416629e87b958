"""``python -m detl.serving.page BUNDLE --port 8123``: the page, on this computer."""

import logging
import os
from pathlib import Path

import click

from detl.errors import DetlError


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--port", default=8123, show_default=True, type=click.IntRange(1, 65535))
def main(bundle: Path, port: int) -> None:
    """Serve the page for the networks of BUNDLE on http://127.0.0.1:PORT."""
    from detl.networks.keras_settings import import_keras

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    logging.getLogger("pydicom").propagate = False
    try:
        import_keras()
        import uvicorn

        from detl.serving.bundle import load_bundle
        from detl.serving.page.app import create_app
        from detl.serving.predictor import Predictor

        app = create_app(Predictor(load_bundle(bundle)))
    except DetlError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"http://127.0.0.1:{port} answers; end it with Ctrl-C.")
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main()
