"""Where the files of one session lie: in the data folder, or beside finished ones."""

from collections.abc import Collection, Iterable
from pathlib import Path

from kedro.framework.context import KedroContext
from kedro.io import CatalogProtocol

from detl.datasets import file_of, use_file
from detl.datasets.atomic import refuse_other_protocols
from detl.session.made_with import Ledger
from detl.session.next_results import FOLDER, NextResults
from detl.session.selection import every_node
from detl.session.simultaneous_runs import alone


class Workplace:
    """The data folder of a session, which its hooks share, and what is made beside it.

    The catalog names files in the data folder. While a session works beside finished
    results, its datasets look below ``.next`` for all that is being replaced.
    """

    def __init__(self) -> None:
        self._reset(Path(), "", None)

    def _reset(self, data: Path, name: str, environment: str | None) -> None:
        self.data = data
        self.name = name
        """The data folder as it is shown: from the project's root, if it lies there."""
        self.environment = environment
        self.next = NextResults(data)
        self.is_beside = False
        """Whether the session works beside finished results."""
        self.has_taken_place = False
        """Whether new results have taken the place of the earlier ones."""
        self.has_dropped = False
        """Whether the session has dropped what an earlier one had made beside."""
        self.missing: list[Path] = []
        """What has not been made again at the end, so that the new must wait."""
        self.makers: list[str] = []
        """The pipelines that make it."""
        self.is_quick = False
        """Whether these have nothing to train."""
        self._catalog: CatalogProtocol | None = None
        self._moved: dict[str, Path] = {}
        """Files in the data folder of the datasets that look elsewhere."""

    def begin(self, context: KedroContext) -> None:
        """Find the data folder; end what was killed while it took its place."""
        project = Path(context.project_path)
        named = context.config_loader["globals"]["data"]
        refuse_other_protocols(named)
        data = project / named
        self._reset(data, name_path(data, project), context.env)
        self.has_taken_place = self.next.finish()

    @property
    def ledger(self) -> Ledger:
        """The ledger of what the session reads, where it notes what it makes."""
        ledger = Ledger(self.data, self.environment)
        if self.is_beside:
            return Ledger(self.next.folder, self.environment, over=ledger)
        return ledger

    @property
    def place(self) -> str:
        """The folder that the session works in, as it is shown."""
        return f"{self.name}/{FOLDER}" if self.is_beside else self.name

    @property
    def where(self) -> str:
        """Where files are missing or are others, as errors say it; mostly nothing."""
        if not self.is_beside:
            return ""
        return f" in {self.place} (which '{self.spell_clean('--next')}' drops)"

    def spell_clean(self, option: str) -> str:
        """Return the command that removes one of two results."""
        environment = f" --env {self.environment}" if self.environment else ""
        return f"kedro clean{environment} {option}"

    def enter(self, catalog: CatalogProtocol) -> None:
        """Work beside finished results, if an earlier session has begun to."""
        if not self.next.is_open():
            return
        self.is_beside = True
        self._catalog = catalog
        replaced = set(self.next.replaced())
        for name in every_node().all_outputs() - self._moved.keys():
            dataset = catalog.get(name)
            file = file_of(dataset)
            if file in replaced:
                use_file(dataset, self.next.place_of(file))
                self._moved[name] = file

    def replace(self, catalog: CatalogProtocol, names: Iterable[str]) -> None:
        """Work beside finished results, and make these datasets there.

        Args:
            catalog: Of the session.
            names: What is made from others comes before these.
        """
        files = [self.file_of(catalog, name) for name in names]
        self.next.replace([file for file in files if file is not None])
        self.enter(catalog)

    def file_of(self, catalog: CatalogProtocol, name: str) -> Path | None:
        """Return a dataset's file in the data folder; None for one without a file."""
        return self._moved.get(name) or file_of(catalog.get(name))

    def drop(self) -> None:
        """Remove what earlier sessions have made beside finished results."""
        self.next.discard()
        self.missing = []
        self.has_dropped = True

    def end(self, without: Collection[Path | None] = ()) -> None:
        """Let what was made take its place, if all that was there is there again.

        Nothing happens while another run uses the data folder.

        Args:
            without: Files that cannot be had here, and are not waited for.
        """
        self.missing = []
        if not self.next.is_open():
            return
        with alone(self.data) as is_alone:
            self.missing = [f for f in self.next.missing() if f not in without]
            if is_alone and not self.missing:
                self.next.take_place()
                self._leave()

    def _leave(self) -> None:
        for name, file in self._moved.items():
            if self._catalog is not None:
                use_file(self._catalog.get(name), file)
        self._moved = {}
        self.is_beside = False
        self.has_taken_place = True


def name_path(path: Path, project: Path) -> str:
    """Return a path from the project's root, if it lies there, else whole."""
    inside = path.is_relative_to(project)
    return (path.relative_to(project) if inside else path).as_posix()


WORKPLACE = Workplace()
"""That of the session of this process; the commands ask it how a session ended."""
