from detl.report.blocks import Note
from detl.report.sections import crossval
from made_results import make_result, tables_of, texts_of
from made_run import make_run


def describe(**results):
    networks = {name: {"results": result} for name, result in results.items()}
    return crossval.section(make_run(networks))


def test_mean_over_seeds_and_ensemble_stand_with_their_intervals_beside_the_papers():
    table = tables_of(describe(vgg16=make_result()))[0]
    rows = dict(zip(table.iloc[:, 0], table["VGG16"], strict=True))
    assert rows == {
        "fold 1 (50 images)": "82.0 %",
        "fold 2 (50 images)": "78.0 %",
        "SD over folds, points": "2.8",
        "all folds": "80.0 %",
        "95 % interval": "70.0 to 90.0 %",
        "SD over seeds, points": "2.0",
        "seeds": "3",
        "ensemble": "83.0 %",
        "its 95 % interval": "75.0 to 89.0 %",
        "groups of patients": "60",
        "the paper says": "90.13 % ± 0.14",
    }


def test_intervals_of_several_seeds_are_said_to_hold_the_training():
    text = " ".join(texts_of(describe(vgg16=make_result())))
    assert "Its interval is over patients and trainings" in text
    assert "its interval is over patients, of these networks" in text
    assert "All seeds share one pretraining" in text


def test_intervals_of_one_seed_are_said_to_hold_no_other_training():
    once = make_result(seeds=1, accuracy_sd_seeds=None)
    section = describe(vgg16=once)
    text = " ".join(texts_of(section))
    assert "Its interval is over patients, from 2,000 resamples" in text
    assert "what another training would give is in none of them" in text
    table = tables_of(section)[0].set_index("")["VGG16"]
    assert table["SD over seeds, points"] == "-"


def test_a_network_that_the_paper_lacks_has_no_figure_of_it():
    table = tables_of(describe(my_network=make_result()))[0]
    assert table["my_network"].iloc[-1] == "nothing"


def test_the_warnings_of_a_network_are_noted():
    section = describe(vgg16=make_result(warnings="Never predicted."))
    notes = [block.text for block in section.blocks if isinstance(block, Note)]
    assert notes == ["VGG16: Never predicted."]
