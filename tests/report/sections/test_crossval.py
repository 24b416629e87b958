from detl.report.blocks import Note
from detl.report.sections import crossval
from made_results import make_result, tables_of
from made_run import make_run


def describe(**results):
    networks = {name: {"results": result} for name, result in results.items()}
    return crossval.section(make_run(networks))


def test_the_accuracies_of_folds_mean_sd_and_interval_stand_beside_the_papers():
    table = tables_of(describe(vgg16=make_result()))[0]
    rows = dict(zip(table.iloc[:, 0], table["VGG16"], strict=True))
    assert rows == {
        "fold 1": "82.0 % (41 of 50)",
        "fold 2": "78.0 % (39 of 50)",
        "mean of the folds": "80.0 %",
        "SD, percentage points": "2.8",
        "pooled": "80.0 % (80 of 100)",
        "95 % interval of the pooled": "70.0 to 90.0 %",
        "groups of patients": "60",
        "the paper says": "90.13 % ± 0.14",
    }


def test_a_network_that_the_paper_lacks_has_no_figure_of_it():
    table = tables_of(describe(my_network=make_result()))[0]
    assert table["my_network"].iloc[-1] == "nothing"


def test_each_class_of_each_network_has_its_scores():
    table = tables_of(describe(vgg16=make_result(), alexnet=make_result()))[1]
    assert len(table) == 8
    assert table.iloc[3].tolist() == [
        "VGG16, COVID-19",
        "80.0 %",
        "90.0 %",
        "70.0 %",
        "0.950",
    ]


def test_the_warnings_of_a_network_are_noted():
    section = describe(vgg16=make_result(warnings="Never predicted."))
    notes = [block.text for block in section.blocks if isinstance(block, Note)]
    assert notes == ["VGG16: Never predicted."]
