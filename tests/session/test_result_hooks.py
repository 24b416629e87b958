"""Which runs work beside finished results, and what they put out of use."""

from types import SimpleNamespace

import pytest
from kedro.io import DataCatalog

from detl.datasets import AtomicJSONDataset, file_of
from detl.errors import DetlError
from detl.pipeline_registry import register_pipelines
from detl.session.result_hooks import DataFolderHooks, OutputHooks
from detl.session.selection import in_order, outputs_made_from
from detl.session.workplace import Workplace

PIXELS, FEATURES, SUMMARY = "pixels", "alexnet.transfer.features", "summary"
"""Each is made from the one before; no others have files here."""


class Session:
    """The hooks of a session in a small project, called as Kedro calls them."""

    def __init__(self, project):
        self.data = project / "data"
        self.catalog = DataCatalog(
            {
                name: AtomicJSONDataset(
                    filepath=(self.data / f"{name}.json").as_posix()
                )
                for name in (PIXELS, FEATURES, SUMMARY)
            }
        )
        self.workplace = Workplace()
        self.hooks = DataFolderHooks(self.workplace)
        self.hooks.after_context_created(
            SimpleNamespace(
                project_path=project,
                env="test",
                config_loader={"globals": {"data": "data"}},
            )
        )

    def begin(self, pipeline="detl", only_missing=False):
        self.pipeline = register_pipelines()[pipeline]
        self.params = {
            "only_missing_outputs": only_missing,
            "env": "test",
            "runtime_params": {},
            "pipeline_names": [pipeline],
        }
        wrapper = self.hooks.before_pipeline_run(
            self.params, self.pipeline, self.catalog
        )
        next(wrapper)
        try:
            OutputHooks(self.workplace).before_pipeline_run(
                self.params, self.pipeline, self.catalog
            )
        finally:
            wrapper.close()
        return self

    def save(self, *names, what="new"):
        for name in names:
            self.catalog.save(name, what)
        return self

    def end(self):
        wrapper = self.hooks.after_pipeline_run(
            self.params, self.pipeline, self.catalog
        )
        next(wrapper)
        try:
            wrapper.send(None)
        except StopIteration:
            return self

    def read(self):
        return {path.stem: path.read_text() for path in self.data.glob("*.json")}


@pytest.fixture
def finished(tmp_path):
    """Return a project in which a first run has ended."""
    first = Session(tmp_path).begin()
    assert not first.workplace.is_beside
    first.save(PIXELS, FEATURES, SUMMARY, what="earlier").end()
    assert not first.workplace.next.folder.exists()
    return tmp_path


EARLIER = dict.fromkeys((PIXELS, FEATURES, SUMMARY), '"earlier"')
NEW = dict.fromkeys((PIXELS, FEATURES, SUMMARY), '"new"')


def test_a_second_run_takes_the_place_of_the_first_when_it_has_made_all(finished):
    run = Session(finished).begin().save(PIXELS, FEATURES)
    assert run.read() == EARLIER
    assert run.workplace.place == "data/.next"

    run.save(SUMMARY).end()

    assert run.read() == NEW
    assert run.workplace.has_taken_place
    assert file_of(run.catalog.get(SUMMARY)) == run.data / "summary.json"


def test_a_run_that_replaces_nothing_works_in_place(finished):
    (finished / "data" / "summary.json").unlink()

    run = Session(finished).begin("report")

    assert not run.workplace.is_beside


def test_a_part_keeps_the_earlier_result_and_names_what_it_lacks(finished, capsys):
    run = Session(finished).begin("transfer").save(FEATURES).end()

    assert run.read() == EARLIER
    assert run.workplace.missing == [run.data / "summary.json"]
    said = capsys.readouterr().out
    assert "Files missing in data/.next: 1, the first summary.json." in said
    assert "'kedro run --pipeline detl --env test --only-missing-outputs'" in said


def test_what_was_left_undone_goes_on_where_it_was(finished):
    Session(finished).begin("transfer").save(FEATURES).end()

    rest = Session(finished).begin(only_missing=True)
    assert rest.catalog.load(PIXELS) == "earlier"
    assert not rest.catalog.exists(SUMMARY)
    rest.save(SUMMARY).end()

    assert rest.read() == {**NEW, PIXELS: '"earlier"'}


def test_a_whole_run_drops_what_an_unfinished_one_has_made(finished, capsys):
    Session(finished).begin().save(PIXELS)  # and is killed

    run = Session(finished).begin()

    assert "Dropping what an unfinished run has made" in capsys.readouterr().out
    assert not run.catalog.exists(PIXELS)
    assert run.workplace.has_dropped
    assert run.read() == EARLIER
    assert run.save(PIXELS, FEATURES, SUMMARY).end().workplace.missing == []
    assert run.read() == NEW


def test_a_whole_result_that_waits_for_others_is_not_dropped(finished):
    # Of the audit, which the second run makes out of date and does not make.
    (finished / "data" / "card.json").write_text('"earlier"')

    def begin():
        session = Session(finished)
        card = AtomicJSONDataset(filepath=(session.data / "card.json").as_posix())
        session.catalog["alexnet.retrain.without_lungs"] = card
        return session.begin()

    waiting = begin().save(PIXELS, FEATURES, SUMMARY).end()
    assert waiting.read()[SUMMARY] == '"earlier"'

    with pytest.raises(DetlError) as refused:
        begin()

    assert "--pipeline audit --env test --only-missing-outputs'" in str(refused.value)
    assert "kedro clean --env test --earlier" in str(refused.value)
    assert waiting.workplace.next.is_open()


def test_what_is_made_from_others_is_put_out_of_use_before_these():
    names = in_order({PIXELS} | outputs_made_from({PIXELS}))

    places = [names.index(name) for name in (SUMMARY, FEATURES, PIXELS)]
    assert places == sorted(places)
