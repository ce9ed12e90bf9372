from dataclasses import replace

import numpy as np
import pytest
from drawn_frames import NODES, animals, frame

from antpipe.evaluation.calibration import reliability
from antpipe.evaluation.strict import strict_metrics


def strict(truth, predicted):
    return strict_metrics(truth, predicted, nodes=NODES)


def test_scores_that_are_probabilities_have_no_error():
    rng = np.random.default_rng(0)
    scores = rng.uniform(size=50_000)
    result = reliability(scores, rng.uniform(size=50_000) < scores)
    assert result["ece"] < 0.01
    assert abs(result["bias"]) < 0.01
    np.testing.assert_array_equal(result["count"], [5000] * 10)
    np.testing.assert_allclose(result["score"], np.arange(0.05, 1, 0.1), atol=0.01)


@pytest.mark.parametrize(("power", "ece", "bias"), [(2, 1 / 6, 1 / 6), (0.5, 1 / 6, -1 / 6)])
def test_error_of_scores_that_promise_too_much_or_too_little(power, ece, bias):
    # The share correct is score^power; the error is the integral of their difference over scores from 0 to 1.
    rng = np.random.default_rng(0)
    scores = rng.uniform(size=50_000)
    result = reliability(scores, rng.uniform(size=50_000) < scores**power)
    assert result["ece"] == pytest.approx(ece, abs=0.01)
    assert result["bias"] == pytest.approx(bias, abs=0.01)


def test_equal_scores_stay_in_one_bin():
    result = reliability(np.full(10, 0.9), np.arange(10) < 6)
    assert (result["count"].tolist(), result["correct"].tolist()) == ([10], [0.6])
    assert result["ece"] == pytest.approx(0.3)
    mixed = reliability(np.array([0.2, 1, 1, 1, 1, 1]), np.array([False, True, True, True, True, True]), bins=3)
    assert mixed["count"].tolist() == [1, 5]


def test_nothing_scored_is_no_number():
    result = reliability(np.zeros(0), np.zeros(0, bool))
    assert (result["count"], np.isnan(result["ece"]), np.isnan(result["bias"])) == ([], True, True)


def test_a_point_is_correct_near_its_own_node_and_an_instance_if_it_found_an_animal():
    truth, predicted = animals(0, 1), animals(8, 0, 1)  # 20 px long, so 1 px is the limit
    predicted[1, 0] += [0, 0.9]
    predicted[1, 1] += [0, 1.1]
    truth[1, 0] = predicted[2, 2] = np.nan
    found = frame(predicted, scores=[0.7, 0.9, 0.8])
    scores = np.array([[0.1, 0.1, 0.1], [0.5, 0.6, 0.7], [0.9, 0.8, np.nan]])
    metrics = strict([frame(truth)], [replace(found, point_scores=scores)])
    points = {k.removeprefix("calibration.points."): v for k, v in metrics.items() if "calibration.points." in k}
    assert points["score"].tolist() == [0.5, 0.6, 0.7, 0.8]
    assert points["correct"].tolist() == [1, 0, 1, 1]
    assert points["not_judged"] == 4  # the head that is not labelled, and the three points of the extra instance
    assert (points["within"], points["without_score"]) == (0.05, 0)
    assert metrics["calibration.instances.score"].tolist() == [0.7, 0.8, 0.9]
    assert metrics["calibration.instances.correct"].tolist() == [0, 1, 1]


def test_predictions_without_scores_are_counted():
    metrics = strict([frame(animals(0))], [frame(animals(0), scores=[np.nan])])
    assert (metrics["calibration.points.without_score"], metrics["calibration.instances.without_score"]) == (3, 1)
    assert np.isnan(metrics["calibration.points.ece"])


def test_surer_points_of_a_real_model_are_more_often_right(shared_data):
    from antpipe.evaluation.evaluate import evaluate

    folder = next((shared_data / "ants_models" / "general").glob("filter_32-stride_32*.centered_instance"))
    metrics = evaluate(folder / "labels_gt.test.slp", folder / "labels_pr.test.slp")
    correct = metrics["calibration.points.correct"]
    assert correct[0] < 0.6 < 0.8 < correct[1] < 0.9 < min(correct[2:])
    assert metrics["calibration.points.bias"] == pytest.approx(-0.04, abs=0.005)  # heights of maps promise too little
    assert metrics["calibration.instances.score"] == [1]
