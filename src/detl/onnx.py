"""``python -m detl.onnx BUNDLE OUTPUT.onnx``: a bundle's networks in one ONNX file.

BUNDLE        the file that 'kedro run --pipeline package' has written, or a copy
OUTPUT.onnx   a new file, from pixels to probabilities, features and rank
"""

import logging
import os
from pathlib import Path

import click

from detl.errors import DetlError


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("output", type=click.Path(path_type=Path))
def main(bundle: Path, output: Path) -> None:
    """Write the networks of BUNDLE to the new file OUTPUT."""
    from detl.networks.keras_settings import import_keras

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    try:
        import_keras()
        from detl.serving.bundle import load_bundle
        from detl.serving.onnx_file import export_onnx, require_packages

        require_packages()
        loaded = load_bundle(bundle)
        difference = export_onnx(loaded, output)
    except DetlError as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"{output}: its probabilities differ from the bundle's by {difference:.1g} at "
        f"most. {loaded.notice}"
    )


if __name__ == "__main__":
    main()
