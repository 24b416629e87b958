"""A text, such as the page of the report."""

from pathlib import Path

from detl.datasets.atomic import WholeFileDataset


class TextDataset(WholeFileDataset[str]):
    """One text in a UTF-8 file."""

    def load(self) -> str:
        """Return the text."""
        return self._filepath.read_text(encoding="utf-8")

    def _write(self, path: Path, data: str) -> None:
        path.write_text(data, encoding="utf-8")
