"""Graph of the ingest: read the sources' tables, then decode their images."""

from kedro.pipeline import Node, Pipeline

from detl.pipelines.ingest.nodes import decode_images, read_sources


def create_pipeline() -> Pipeline:
    """Return the graph from the raw data folder to the images: tables and pixels."""
    return Pipeline(
        [
            Node(
                read_sources,
                inputs=["radiographs", "params:ingest", "patient_key"],
                outputs=["candidates", "rejected_rows"],
                name="read_sources",
            ),
            Node(
                decode_images,
                inputs=[
                    "radiographs",
                    "candidates",
                    "rejected_rows",
                    "params:ingest",
                    "decoded_files",
                ],
                outputs=["images", "pixels", "rejected", "copies"],
                name="decode_images",
            ),
        ],
        namespace="ingest",
        inputs={"radiographs", "patient_key", "decoded_files"},
        outputs={"images", "pixels", "rejected", "copies"},
        parameters={"params:ingest"},
    )
