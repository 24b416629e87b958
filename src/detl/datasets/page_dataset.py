"""The report, and pages like it."""

from kedro_datasets._typing import HTMLPreview

from detl.datasets.text_dataset import TextDataset

BODY, CONTENTS = "<body>", "<nav"


class PageDataset(TextDataset):
    """One page of HTML in a UTF-8 file."""

    def preview(self) -> HTMLPreview:
        """Return what stands before the page's contents: its verdict, for Kedro-Viz.

        The whole page has megabytes of pictures.
        """
        _, _, body = self.load().partition(BODY)
        opening = " ".join(body.partition(CONTENTS)[0].split())
        # Kedro-Viz reads ends of lines and underlines as Markdown.
        return HTMLPreview(opening.replace("_", "&#95;"))
