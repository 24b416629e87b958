"""``python -m detl.predict BUNDLE INPUT OUTPUT``: answers for new images, no Kedro.

BUNDLE   the file that 'kedro run --pipeline package' has written, or a copy
INPUT    an image (PNG, JPEG, DICOM), a folder of images, or a csv with column 'file'
OUTPUT   a new folder, for predictions.csv, overlays/ and arguments.json
"""

import logging
import os
from pathlib import Path

import click

from detl.errors import DetlError


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("source", metavar="INPUT", type=click.Path(path_type=Path))
@click.argument("folder", metavar="OUTPUT", type=click.Path(path_type=Path))
@click.option("--overlays/--no-overlays", default=True, help="Draw each answer.")
def main(bundle: Path, source: Path, folder: Path, overlays: bool) -> None:
    """Predict INPUT with the networks of BUNDLE, into the new folder OUTPUT."""
    from detl.networks.keras_settings import choose_backend

    # TensorFlow notes how it was built, and each new shape; pydicom quotes headers.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    logging.getLogger("pydicom").propagate = False
    try:
        choose_backend()
        from detl.serving.bundle import load_bundle
        from detl.serving.run import predict_files

        counts = predict_files(load_bundle(bundle), source, folder, overlays)
    except DetlError as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"{folder}: {', '.join(f'{count} {name}' for name, count in counts.items())}. "
        "For research only: this is no medical device."
    )


if __name__ == "__main__":
    main()
