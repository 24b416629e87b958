"""``python -m detl.predict BUNDLE INPUT OUTPUT``: answers for new images, no Kedro.

BUNDLE   the file that 'kedro run --pipeline package' has written, or a copy
INPUT    an image (PNG, JPEG, DICOM), a folder of images, or a csv with column 'file'
OUTPUT   a new folder, for predictions.csv, overlays/ and arguments.json

``python -m detl.predict --check BUNDLE``: whether it answers here as it did in the run.
"""

import logging
import os
from pathlib import Path

import click

from detl.errors import DetlError


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument(
    "source", metavar="INPUT", type=click.Path(path_type=Path), required=False
)
@click.argument(
    "folder", metavar="OUTPUT", type=click.Path(path_type=Path), required=False
)
@click.option("--overlays/--no-overlays", default=True, help="Draw each answer.")
@click.option("--dicom", is_flag=True, help="Write the overlays as DICOM files too.")
@click.option("--check", is_flag=True, help="Answer the bundle's test images instead.")
def main(
    bundle: Path,
    source: Path | None,
    folder: Path | None,
    overlays: bool,
    dicom: bool,
    check: bool,
) -> None:
    """Predict INPUT with the networks of BUNDLE, into the new folder OUTPUT."""
    from detl.networks.keras_settings import choose_backend

    # TensorFlow notes how it was built, and each new shape; pydicom quotes headers.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    logging.getLogger("pydicom").propagate = False
    try:
        choose_backend()
        if check and source is None:
            click.echo(_check(bundle))
        elif check or source is None or folder is None:
            raise click.UsageError(
                "Expected are BUNDLE INPUT OUTPUT, or --check BUNDLE."
            )
        else:
            click.echo(_predict(bundle, source, folder, overlays, dicom))
    except DetlError as error:
        raise click.ClickException(str(error)) from error


def _predict(
    bundle: Path, source: Path, folder: Path, overlays: bool, dicom: bool
) -> str:
    from detl.networks.keras_settings import import_keras

    import_keras()
    from detl.serving.bundle import load_bundle
    from detl.serving.predictor import Predictor
    from detl.serving.run import describe_counts, predict_files

    loaded = load_bundle(bundle)
    click.echo(loaded.notice)
    counts = predict_files(Predictor(loaded, overlays), source, folder, dicom)
    return describe_counts(folder, counts, loaded)


def _check(path: Path) -> str:
    from detl.networks.keras_settings import import_keras

    import_keras()
    from detl.serving.bundle import load_bundle
    from detl.serving.deviation import TOLERANCE, measure_deviation

    bundle = load_bundle(path)
    difference = measure_deviation(bundle)
    images = f"its {len(bundle.known_answers)} test images"
    if not difference <= TOLERANCE:
        raise DetlError(
            f"{path} answers {images} otherwise here than in the run: a probability "
            f"differs by {difference:.1g}, where {TOLERANCE:g} was expected at most; "
            "install the versions that requirements.lock has."
        )
    return (
        f"{path} answers {images} here as in the run: the largest difference of a "
        f"probability is {difference:.1g}."
    )


if __name__ == "__main__":
    main()
