from detl.pipelines.named_results import with_ending


def test_results_are_chosen_by_their_ending_and_named_without_it():
    results = {"fold_1_metrics": 1, "fold_1_predictions": 2, "fold_2_metrics": 3}

    assert with_ending(results, "_metrics") == {"fold_1": 1, "fold_2": 3}
